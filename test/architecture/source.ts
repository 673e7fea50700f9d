// The sources as the rules of the house see them: paths, texts, and who imports what.
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

export interface Import {
  /** As it is written. */
  readonly from: string;
  /** The file that is meant, when it is one of ours: `session/session.ts`. */
  readonly file: string | undefined;
  /** Whether only types are taken. */
  readonly typeOnly: boolean;
}

export interface Source {
  /** Below `src/`: `session/session.ts`. */
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
