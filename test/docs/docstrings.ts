// The examples in docstrings of `src/`, as pages whose programs can be compiled.
import { readdirSync, readFileSync } from 'node:fs';
import { root, type Page } from './page.js';

/** A page for each source file; its fences are the examples, completed to programs. */
export function readExamples(): Page[] {
  return sourceFiles().map((path) => {
    const fences = examplesIn(readFileSync(root + path, 'utf8')).map(({ code, line }) => ({
      info: 'ts',
      code: completed(code),
      line,
    }));
    return { path, fences, prose: '' };
  });
}

function sourceFiles(): string[] {
  return readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
    .map((path) => `src/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.ts'));
}

/** The fences in docstrings, without the asterisks. */
function examplesIn(text: string): { readonly code: string; readonly line: number }[] {
  return [...text.matchAll(/^ *\* ```ts\n([^]*?)^ *\* ```$/gm)].map((match) => ({
    code: match[1]!.replace(/^ *\* ?/gm, ''),
    line: text.slice(0, match.index).split('\n').length + 1,
  }));
}

/** Adds the imports from signalbox and, around methods, a class. All in the first line, so that line numbers stay. */
function completed(code: string): string {
  const [before, methods] = /^@(?!Controller|WebSocketHandler)/.test(code)
    ? ['', code]
    : code.split('// In a controller:');
  const body =
    methods === undefined ? code : `${before}class Example extends ExampleController {${methods}}`;
  return `${importsOf(code)} ${body}`;
}

/** Imports of the public names that the code uses and does not declare. */
function importsOf(code: string): string {
  return entryPoints
    .map(([specifier, file]) => {
      const used = publicNames(file).filter(
        ({ name }) =>
          new RegExp(String.raw`(?<!['\w]|[^.]\.)${name}\b`).test(code) &&
          !new RegExp(String.raw`(?:const|class|interface) ${name}\b`).test(code),
      );
      const names = used.map(({ name, isType }) => (isType ? `type ${name}` : name));
      return names.length === 0 ? '' : `import { ${names.join(', ')} } from '${specifier}';`;
    })
    .join(' ');
}

/** The exported names in a page of the API report. */
function publicNames(file: string): { readonly name: string; readonly isType: boolean }[] {
  const report = readFileSync(`${root}api/${file}.md`, 'utf8');
  const declared = report.matchAll(
    /^export (?:abstract )?(class|const|function|interface|type) (\w+)/gm,
  );
  const renamed = report.matchAll(/^export \{ \w+ as (\w+) \}/gm);
  const names = new Map<string, boolean>();
  for (const [, kind, name] of declared)
    names.set(name!, (kind === 'interface' || kind === 'type') && names.get(name!) !== false);
  for (const [, name] of renamed) names.set(name!, false);
  return [...names].map(([name, isType]) => ({ name, isType }));
}

const entryPoints = [
  ['signalbox', 'signalbox'],
  ['signalbox/client', 'client'],
  ['signalbox/store', 'store'],
  ['signalbox/testing', 'testing'],
  ['signalbox/testing/conformance', 'testing-conformance'],
] as const;
