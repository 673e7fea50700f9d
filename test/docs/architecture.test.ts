// docs/architecture.md: its drawing shows the imports of the sources, and every folder has a paragraph.
import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readSources, type Source } from '../architecture/source.js';
import { readPages, root } from './page.js';

const { fences, prose } = readPages().find(({ path }) => path === 'docs/architecture.md')!;

/** A Mermaid flowchart; an arrow means that the folder at its start imports the one at its end. */
function drawing(sources: readonly Source[]): string {
  /** Folders by the folders that they import. */
  const folders = new Map<string, Set<string>>();
  for (const { path, imports } of sources) {
    const [folder = '', inside] = path.split('/');
    if (inside === undefined) continue;
    const others = imports.flatMap(({ file }) => file?.split('/')[0] ?? []);
    const imported = [...(folders.get(folder) ?? []), ...others];
    folders.set(folder, new Set(imported.filter((other) => other !== folder)));
  }
  const importsOf = (folder: string) => [...(folders.get(folder) ?? [])];
  const reaches = (from: string, to: string): boolean =>
    importsOf(from).some((next) => next === to || reaches(next, to));

  // An arrow is left out when other arrows lead to the same folder.
  const arrows = [...folders.keys()].flatMap((folder) =>
    importsOf(folder)
      .filter((to) => !importsOf(folder).some((between) => between !== to && reaches(between, to)))
      .map((to) => `  ${folder} --> ${to}`),
  );
  return ['flowchart RL', ...arrows.toSorted()].join('\n');
}

it('the drawing shows the imports', () => {
  const drawn = fences.find(({ info }) => info === 'mermaid')!;
  expect(drawn.code).toBe(drawing(readSources(new URL('../../src/', import.meta.url))));
});

it('every folder is named', () => {
  const folders = readdirSync(`${root}src`, { withFileTypes: true })
    .filter((each) => each.isDirectory())
    .map(({ name }) => name);
  expect(folders.filter((folder) => !prose.includes(`**${folder}**`))).toEqual([]);
});
