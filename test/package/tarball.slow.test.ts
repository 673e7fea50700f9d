// The files of the tarball: no link of its pages is dead, and every entry point exists.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, posix } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { anchorsOf, linksOf, page } from '../docs/page.js';
import { pack, temporaryFolder, unpack } from './application.js';

const folder = temporaryFolder();

beforeAll(() => unpack(pack(folder), join(folder, 'package')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (path: string) => join(folder, 'package', path);
const read = (path: string) => page(path, readFileSync(at(path), 'utf8'));

function markdownFiles(): string[] {
  return readdirSync(at('.'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.md'),
  );
}

it('contains the pages', () => {
  expect(markdownFiles()).toEqual(
    expect.arrayContaining(['README.md', 'CHANGELOG.md', 'SECURITY.md', 'docs/options.md']),
  );
});

it('has no dead links, so that they work on npm and in an editor', () => {
  const dead = markdownFiles().flatMap((path) =>
    linksOf(read(path)).flatMap((target) => {
      const [file = '', anchor] = target.split('#', 2);
      const meant = file === '' ? path : posix.join(posix.dirname(path), file);
      const found =
        existsSync(at(meant)) && (anchor === undefined || anchorsOf(read(meant)).includes(anchor));
      return found ? [] : [`${path}: ${target}`];
    }),
  );
  expect(dead).toEqual([]);
});

it('contains each file that package.json names', () => {
  const text = readFileSync(at('package.json'), 'utf8');
  const named = [...text.matchAll(/"(\.\/[\w./-]+)"/g)].map(([, path]) => path!);
  const missing = named.filter((path) => /\.\w+$/.test(path) && !existsSync(at(path)));
  expect(named).toContain('./dist/index.cjs');
  expect(missing).toEqual([]);
});

it('contains the sources that the maps of the declarations name', () => {
  const maps = readdirSync(at('dist'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.map'),
  );
  const missing = maps.filter((path) => {
    const { sources } = JSON.parse(readFileSync(at(`dist/${path}`), 'utf8')) as {
      sources: string[];
    };
    return !sources.every((source) =>
      existsSync(at(posix.join('dist', posix.dirname(path), source))),
    );
  });
  expect(missing).toEqual([]);
});
