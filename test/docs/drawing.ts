// The drawing of the house: its rooms and who imports whom, made from the imports of the sources.
import type { Source } from '../architecture/source.js';

/** Rooms by the rooms that they import. */
function importsByRoom(sources: readonly Source[]): ReadonlyMap<string, ReadonlySet<string>> {
  const rooms = new Map<string, Set<string>>();
  for (const { path, imports } of sources) {
    const [room, inside] = path.split('/');
    if (inside === undefined) continue;
    const imported = rooms.get(room!) ?? new Set<string>();
    rooms.set(room!, imported);
    for (const { file } of imports) {
      const other = file?.split('/')[0];
      if (other !== undefined && other !== room) imported.add(other);
    }
  }
  return rooms;
}

/** What is reached through others is left out: the drawing shows the shortest way of each arrow. */
function withoutDetours(rooms: ReadonlyMap<string, ReadonlySet<string>>): [string, string][] {
  const reaches = (from: string, to: string): boolean =>
    [...(rooms.get(from) ?? [])].some((next) => next === to || reaches(next, to));
  return [...rooms].flatMap(([room, imported]) =>
    [...imported]
      .filter(
        (other) => ![...imported].some((between) => between !== other && reaches(between, other)),
      )
      .map((other): [string, string] => [room, other]),
  );
}

/** A Mermaid flowchart; an arrow means that the room at its start imports the one at its end. */
export function drawing(sources: readonly Source[]): string {
  const arrows = withoutDetours(importsByRoom(sources))
    .map(([room, other]) => `  ${room} --> ${other}`)
    .toSorted();
  return ['flowchart RL', ...arrows].join('\n');
}
