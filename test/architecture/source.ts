// The sources as data for the rules of the architecture: paths, texts and imports.
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

export interface Import {
  /** As written in the source. */
  readonly from: string;
  /** The imported file, such as `session/session.ts`; undefined for packages and modules of Node. */
  readonly file: string | undefined;
  /** True for a type import. */
  readonly typeOnly: boolean;
}

export interface Source {
  /** The path below `src/`, such as `session/session.ts`. */
  readonly path: string;
  readonly text: string;
  /** The text without comments. */
  readonly code: string;
  readonly imports: readonly Import[];
}

/** Every TypeScript file of a folder. */
export function readSources(folder: URL): Source[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => source(path.replaceAll('\\', '/'), readFileSync(new URL(path, folder), 'utf8')));
}

export function source(path: string, text: string): Source {
  const code = text.replace(/\/\*[^]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
  return { path, text, code, imports: importsOf(path, code) };
}

/** `import ... from`, `export ... from`, `import '...'` and `import('...')`, in this order of the alternatives. */
const importing =
  /\b(?:import|export)\s+(type\s+)?([^'";()]*?)\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/g;

function importsOf(path: string, code: string): Import[] {
  return [...code.matchAll(importing)].map(([, type, names = '', named, bare]) => {
    const from = (named ?? bare)!;
    const file = from.startsWith('.')
      ? posix.join(posix.dirname(path), from).replace(/\.js$/, '.ts')
      : undefined;
    return {
      from,
      file,
      typeOnly: type !== undefined || /^\{(?:\s*type\s[^,}]*,?)+\s*\}\s*$/.test(names),
    };
  });
}
