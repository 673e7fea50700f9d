// docs/dependencies.md lists the direct and transitive dependencies, so that a new one is noticed.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { installedBy, manifest, type Manifest } from './manifest.js';
import { root } from './page.js';

const page = readFileSync(`${root}docs/dependencies.md`, 'utf8');
const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')) as {
  readonly packages: Readonly<Record<string, Manifest>>;
};

/** The rows of the tables in a section, without heads: the texts of their cells. */
function rowsOf(heading: string): string[][] {
  const [section = ''] = page.split(`\n## ${heading}\n`)[1]!.split('\n## ', 1);
  return [...section.matchAll(/^\| (`.*) \|$/gm)].map(([, row]) => row!.split(' | '));
}

function namesOf(heading: string): string[] {
  return rowsOf(heading).map(([name]) => name!.replaceAll('`', ''));
}

/** The packages that are installed because of a package, and the packages that install each. */
function treeOf(top: Manifest): Map<string, string[]> {
  const tree = new Map<string, string[]>();
  const visit = (path: string, name: string, each: Manifest) => {
    for (const installed of installedBy(each)) {
      const nested = `${path}node_modules/${installed}`;
      const at = nested in packages ? nested : `node_modules/${installed}`;
      const known = tree.get(installed);
      tree.set(installed, [...(known ?? []), name]);
      if (known === undefined) visit(`${at}/`, installed, packages[at]!);
    }
  };
  visit('', '', top);
  return tree;
}

it('lists the runtime dependencies', () => {
  expect(namesOf('Runtime')).toEqual(Object.keys(manifest.dependencies ?? {}));
});

it('lists the peer dependencies with their ranges', () => {
  const listed = rowsOf('Peers').map(([name, range]) =>
    [name, range].map((text) => text!.slice(1, -1)),
  );
  expect(Object.fromEntries(listed)).toEqual(manifest.peerDependencies);
});

it('lists the development dependencies', () => {
  expect(namesOf('Development')).toEqual(Object.keys(manifest.devDependencies ?? {}));
});

it('lists every package that is installed with signalbox', () => {
  const direct = new Set(installedBy(manifest));
  const transitive = [...treeOf(manifest)].filter(([name]) => !direct.has(name));
  const rows = transitive.map(([name, by]) => [
    `\`${name}\``,
    by
      .toSorted()
      .map((each) => `\`${each}\``)
      .join(', '),
  ]);
  expect(rowsOf('Transitive')).toEqual(rows.toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1)));
});
