// The cost of finding the patterns of a destination: the number of read tables and characters is limited for all subscriptions.
import { describe, expect, it } from 'vitest';
import { PatternTables } from '../../../../src/broker/embedded/topic/pattern-tables.js';
import { MessagingError } from '../../../../src/message/error.js';
import { Quota } from '../../../../src/message/quota.js';
import { parseClientPattern } from '../../../../src/pattern/client-pattern.js';

/** Adds patterns until the tables are full; returns the number of patterns that were added. */
function fill(tables: PatternTables, patterns: Iterable<string>): number {
  let added = 0;
  for (const pattern of patterns) {
    try {
      tables.add(parseClientPattern(pattern, '/'));
      added++;
    } catch (error) {
      if (!(error instanceof MessagingError && error.code === 'pattern-limit')) throw error;
    }
  }
  return added;
}

function costOf(tables: PatternTables, destination: string) {
  let [tablesRead, characters] = [0, 0];
  const found = tables.find(destination, (read) => {
    if (read === 0) tablesRead++;
    characters += read;
  });
  return { found: found.length, tablesRead, characters };
}

/** The patterns of `a` and two or more `*` with a last segment that does not match. */
function* branching(depth: number): Generator<string> {
  for (let bits = 1; bits < 2 ** depth; bits++) {
    const segments = Array.from({ length: depth }, (_, i) => ((bits >> i) & 1 ? '*' : 'a'));
    const wildcards = segments.filter((each) => each === '*').length;
    if (wildcards > 1 && wildcards <= 8) yield `/${segments.join('/')}/z`;
  }
}

/** Every division of a text into a prefix and a suffix, with a last segment that does not match. */
function* divisions(length: number): Generator<string> {
  for (let before = 0; before < length; before++)
    for (let after = 1; before + after < length; after++)
      yield `/${'a'.repeat(before)}*${'a'.repeat(after)}/z`;
}

/** All patterns of one shape each that are not limited; of those with `*` none matches. */
function* simple(segments: number): Generator<string> {
  for (let at = 0; at < segments; at++) {
    const before = '/b'.repeat(at);
    yield `${before}/*${'/b'.repeat(segments - at - 1)}`;
    yield `${before}/**`;
  }
}

describe('the cost of one destination', () => {
  it.each([
    ['patterns that branch at each segment', branching(12), '/a'.repeat(13)],
    ['patterns with every prefix and suffix', divisions(100), `/${'a'.repeat(200)}/a`],
    [
      'patterns with `?` at every place',
      Array.from({ length: 100 }, (_, i) => `/${'a'.repeat(i)}?${'a'.repeat(99 - i)}/z`),
      `/${'a'.repeat(100)}/a`,
    ],
    [
      'patterns with `**` at every place',
      Array.from({ length: 30 }, (_, i) => `${'/a'.repeat(i)}/**${'/a'.repeat(30 - i)}/z`),
      '/a'.repeat(32),
    ],
  ])('is at most 64 tables with %s', (_, patterns, destination) => {
    const tables = new PatternTables('/', new Quota(64, 1));
    fill(tables, patterns);
    const { tablesRead, characters } = costOf(tables, destination);
    expect(tablesRead).toBeLessThanOrEqual(64);
    expect(characters).toBeLessThanOrEqual(64 * destination.length);
  });

  it('is at most 64 and 2n + 1 tables with the patterns that are not limited', () => {
    const tables = new PatternTables('/', new Quota(64, 1));
    fill(tables, branching(12));
    fill(
      tables,
      Array.from({ length: 31 }, (_, i) => `/**${'/a'.repeat(i + 1)}`),
    );
    expect(fill(tables, simple(32))).toBe(64);
    expect(costOf(tables, '/a'.repeat(32)).tablesRead).toBeLessThanOrEqual(64 + 2 * 32 + 1);
  });

  it('does not depend on the number of patterns', () => {
    const tables = new PatternTables('/', new Quota(64, 1));
    for (let i = 0; i < 10_000; i++) fill(tables, [`/rooms/${i}/*`, `/rooms/room-${i}*`]);
    // One shape for each length of the number.
    expect(costOf(tables, '/rooms/17/x')).toEqual({ found: 1, tablesRead: 1, characters: 7 });
    expect(costOf(tables, '/rooms/room-17')).toMatchObject({ found: 2, tablesRead: 4 });
  });
});

describe('the limit of shapes', () => {
  const patternLimit = new MessagingError(
    'pattern-limit',
    'The patterns of all clients have together at most 1 different combinations of wildcards.',
  );

  it('refuses one shape too many, and takes more patterns of a known shape', () => {
    const tables = new PatternTables('/', new Quota(1, 1));
    const add = (pattern: string) => tables.add(parseClientPattern(pattern, '/'));
    add('/topic/a*');
    add('/topic/b*');
    expect(() => add('/topic/ab*')).toThrow(patternLimit);
    expect(costOf(tables, '/topic/ab')).toMatchObject({ found: 1, tablesRead: 1 });
  });

  it('does not apply to one whole segment and a final `**`', () => {
    const tables = new PatternTables('/', new Quota(0, 1));
    const patterns = ['/topic/*', '/topic/*/b', '/topic/**', '/**'];
    expect(fill(tables, patterns)).toBe(4);
    expect(fill(tables, ['/*/*', '/*/**', '/**/a', '/topic/?', '/topic/a*'])).toBe(0);
  });

  it('is free again when the last pattern of a shape is removed', () => {
    const tables = new PatternTables('/', new Quota(1, 1));
    const first = parseClientPattern('/topic/a*', '/');
    const deep = parseClientPattern('/**/a', '/');
    tables.add(first);
    expect(() => tables.add(deep)).toThrow(patternLimit);
    tables.remove(first);
    tables.add(deep);
    tables.remove(deep);
    expect(tables.isEmpty).toBe(true);
  });
});
