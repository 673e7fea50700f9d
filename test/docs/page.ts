// The pages of the documentation, with their fences, links, headings, paths and scripts.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Fence {
  /** The text after the backticks, such as `ts`, `ts run` or `text`. */
  readonly info: string;
  readonly code: string;
  /** The line of the page where the code begins, counted from 1. */
  readonly line: number;
}

export interface Page {
  /** Relative to the root, such as `docs/contributing.md`. */
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

/** Targets of links to other files of this repository and to headings. */
export function linksOf({ prose }: Page): string[] {
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** Paths in code spans, such as `src/message/error.ts`; those with a placeholder name no file. */
export function pathsOf({ prose }: Page): string[] {
  return [...prose.matchAll(/`((?:src|test|examples|scripts|bench|docs|\.ci)\/[\w./-]*)`/g)].map(
    ([, path]) => path!,
  );
}

/** Scripts that are called in code spans and fences, such as `npm run check`. */
export function scriptsOf({ prose, fences }: Page): string[] {
  const text = [prose, ...fences.map(({ code }) => code)].join('\n');
  return [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name!);
}

/** Packages that the programs import, except signalbox. */
export function importsOf({ fences }: Page): string[] {
  const code = fences.flatMap(({ info, code }) => (info.startsWith('ts') ? [code] : [])).join('\n');
  const imports = code.matchAll(/^import .* from '((?:@[\w-]+\/)?[\w-]+)(?:\/[\w/-]+)?';$/gm);
  return [...new Set([...imports].map(([, name]) => name!))].filter((name) => name !== 'signalbox');
}

/** Packages that the page installs, in prose or fences, without versions. */
export function installsOf({ prose, fences }: Page): string[] {
  const text = [prose, ...fences.map(({ code }) => code)].join('\n');
  return [...text.matchAll(/npm install ([^`\n]+)/g)].flatMap(([, names]) =>
    names!.split(' ').map((name) => name.replace(/(?<=.)@.*$/, '')),
  );
}

/** The anchors that GitHub gives the headings. */
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
