// The documentation as its tests see it: pages with their fences, links, headings and the paths that they name.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Fence {
  /** What follows the backticks: `ts`, `ts run`, `text`. */
  readonly info: string;
  readonly code: string;
  /** Of its first line of code, counted from 1. */
  readonly line: number;
}

export interface Page {
  /** Below the root: `docs/contributing.md`. */
  readonly path: string;
  readonly fences: readonly Fence[];
  /** The lines outside fences. */
  readonly prose: string;
}

/** README.md, CHANGELOG.md and everything in docs/. */
export function readPages(): Page[] {
  const inDocs = readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' })
    .map((path) => `docs/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.md') && !path.includes('node_modules'));
  return ['README.md', 'CHANGELOG.md', ...inDocs].map((path) =>
    page(path, readFileSync(root + path, 'utf8')),
  );
}

export function page(path: string, text: string): Page {
  const fences: Fence[] = [];
  const prose: string[] = [];
  let open: { info: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const mark = /^```(.*)$/.exec(line);
    if (mark === null) (open?.lines ?? prose).push(line);
    else if (open === undefined) open = { info: mark[1]!.trim(), line: index + 2, lines: [] };
    else {
      fences.push({ info: open.info, line: open.line, code: open.lines.join('\n') });
      open = undefined;
    }
  }
  return { path, fences, prose: prose.join('\n') };
}

/** Targets of links that lead to other files of ours or to a heading. */
export function linksOf({ prose }: Page): string[] {
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target));
}

const places = ['src', 'test', 'examples', 'scripts', 'bench', 'docs', '.ci'];

/** Paths in code spans, as `src/message/error.ts`; those with a placeholder name no file. */
export function pathsOf({ prose }: Page): string[] {
  return spansOf(prose).filter(
    (span) => places.includes(span.split('/', 1)[0]!) && /^[\w./-]+\/[\w./-]*$/.test(span),
  );
}

/** Scripts that are called in code spans and fences, as `npm run check`. */
export function scriptsOf({ prose, fences }: Page): string[] {
  return [prose, ...fences.map(({ code }) => code)].flatMap((text) =>
    [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name!),
  );
}

/** Packages that the programs import, apart from ours. */
export function importsOf({ fences }: Page): string[] {
  const imported = fences.flatMap(({ info, code }) =>
    info.startsWith('ts')
      ? [...code.matchAll(/^import .* from '((?:@[\w-]+\/)?[\w-]+)(?:\/[\w/-]+)?';$/gm)].map(
          ([, name]) => name!,
        )
      : [],
  );
  return [...new Set(imported)].filter((name) => name !== 'signalbox');
}

/** Packages that the page installs, in prose or fences, without versions. */
export function installsOf({ prose, fences }: Page): string[] {
  return [prose, ...fences.map(({ code }) => code)].flatMap((text) =>
    [...text.matchAll(/npm install ([^`\n]+)/g)].flatMap(([, names]) =>
      names!.split(' ').map((name) => name.replace(/(?<=.)@.*$/, '')),
    ),
  );
}

/** What GitHub makes of a heading. */
export function anchorsOf({ prose }: Page): string[] {
  return [...prose.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

export function isThere(path: string): boolean {
  return existsSync(root + path);
}

function spansOf(prose: string): string[] {
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span]) => span!);
}
