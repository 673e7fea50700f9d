// docs/architecture.md: its drawing is the one that the sources' imports make, and every folder has its paragraph.
import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readSources } from '../architecture/source.js';
import { drawing } from './drawing.js';
import { readPages, root } from './page.js';

const { fences, prose } = readPages().find(({ path }) => path === 'docs/architecture.md')!;

it('the drawing is made from the imports', () => {
  const drawn = fences.find(({ info }) => info === 'mermaid')!;
  expect(drawn.code).toBe(drawing(readSources(new URL('../../src/', import.meta.url))));
});

it('every folder is named', () => {
  const folders = readdirSync(`${root}src`, { withFileTypes: true })
    .filter((each) => each.isDirectory())
    .map(({ name }) => name);
  expect(folders.filter((folder) => !prose.includes(`**${folder}**`))).toEqual([]);
});
