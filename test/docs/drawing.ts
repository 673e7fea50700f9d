// The drawing of the folders and their imports, made from the sources.
import type { Source } from '../architecture/source.js';

/** Folders by the folders that they import. */
function importsByFolder(sources: readonly Source[]): ReadonlyMap<string, ReadonlySet<string>> {
  const folders = new Map<string, Set<string>>();
  for (const { path, imports } of sources) {
    const [folder, inside] = path.split('/');
    if (inside === undefined) continue;
    const imported = folders.get(folder!) ?? new Set<string>();
    folders.set(folder!, imported);
    for (const { file } of imports) {
      const other = file?.split('/')[0];
      if (other !== undefined && other !== folder) imported.add(other);
    }
  }
  return folders;
}

/** What is reached through others is left out: the drawing shows the shortest way of each arrow. */
function withoutDetours(folders: ReadonlyMap<string, ReadonlySet<string>>): [string, string][] {
  const reaches = (from: string, to: string): boolean =>
    [...(folders.get(from) ?? [])].some((next) => next === to || reaches(next, to));
  return [...folders].flatMap(([folder, imported]) =>
    [...imported]
      .filter(
        (other) => ![...imported].some((between) => between !== other && reaches(between, other)),
      )
      .map((other): [string, string] => [folder, other]),
  );
}

/** A Mermaid flowchart; an arrow means that the folder at its start imports the one at its end. */
export function drawing(sources: readonly Source[]): string {
  const arrows = withoutDetours(importsByFolder(sources))
    .map(([folder, other]) => `  ${folder} --> ${other}`)
    .toSorted();
  return ['flowchart RL', ...arrows].join('\n');
}
