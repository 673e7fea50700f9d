// Patterns of clients: what they match, and what clients may not use.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessagingError } from '../../src/message/error.js';
import {
  countWildcards,
  isClientPattern,
  matchesClientPattern,
  parseClientPattern,
  splitDestination,
} from '../../src/pattern/client-pattern.js';
import type { Separator } from '../../src/pattern/separator.js';
import { cases } from '../property.js';
import { naiveMatch } from './naive-matcher.js';

const matches = (pattern: string, destination: string, separator: Separator = '/') =>
  matchesClientPattern(
    parseClientPattern(pattern, separator),
    splitDestination(destination, separator),
  );

describe('a pattern of a client', () => {
  it.each([
    ['/topic/*', '/topic/a', true],
    ['/topic/*', '/topic//a', true],
    ['/topic/*', '/topic', false],
    ['/topic/*', '/topic/a/b', false],
    ['/topic/*', '/topic/a/', false],
    ['/topic/*', 'topic/a', false],
    ['/topic/*/', '/topic/a/', true],
    ['/topic/price.*', '/topic/price.', true],
    ['/topic/*.eur', '/topic/price.eur', true],
    ['/topic/a*a', '/topic/a', false],
    ['/topic/a*a', '/topic/aa', true],
    ['/topic/t?st', '/topic/t😀st', true],
    ['/topic/t?st', '/topic/tst', false],
    ['/topic/?*?', '/topic/😀', false],
    ['/topic/?*?', '/topic/😀😀', true],
    ['/topic/a?*b?c', '/topic/axyzbxc', true],
    ['/topic/**', '/topic', true],
    ['/topic/**', '/topic/a/b/', true],
    ['/**/now', '/topic/a/now', true],
    ['/**/now', '/topic/a/now/', false],
    ['/topic/**/x*', '/topic/a/b/xy', true],
    ['/topic/**/topic', '/topic', false],
    ['**', '/a', false],
  ])('%s with %s: %s', (pattern, destination, expected) => {
    expect(matches(pattern, destination)).toBe(expected);
  });

  it('has segments between dots where dots separate', () => {
    expect(matches('/topic/price.*', '/topic/price.a/b', '.')).toBe(true);
    expect(matches('/topic/price.*', '/topic/price.a.b', '.')).toBe(false);
    expect(matches('/topic/price.**', '/topic/price.a.b', '.')).toBe(true);
  });

  it('agrees with a naive matcher', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '😀', '/'), maxLength: 10 });
    const segment = fc.oneof(
      fc.constantFrom('*', '**'),
      fc
        .tuple(
          ...[1, 2].map(() =>
            fc.string({ unit: fc.constantFrom('a', 'b', '?', '😀'), maxLength: 3 }),
          ),
        )
        .chain(([before, after]) => fc.constantFrom(`${before}*${after}`, `${before}${after}`)),
    );
    const pattern = fc
      .tuple(
        fc.array(segment, { maxLength: 4 }),
        fc.constantFrom('', '/'),
        fc.constantFrom('', '/', '//'),
      )
      .map(([segments, start, end]) => start + segments.join('/') + end)
      .filter((joined) => joined.split('**').length < 3 && countWildcards(joined) <= 8);
    fc.assert(
      fc.property(pattern, text, (wild, destination) => {
        fc.pre(isClientPattern(wild));
        expect(matches(wild, destination)).toBe(naiveMatch(wild, destination));
        // Nothing is kept that is larger than the pattern.
        const { shape, texts } = parseClientPattern(wild, '/');
        expect(texts.join('').length + countWildcards(wild)).toBeLessThanOrEqual(wild.length);
        expect(shape.places.length).toBeLessThanOrEqual(wild.split('/').length);
      }),
      cases,
    );
  });
});

describe('a pattern is refused', () => {
  it.each([
    ['/topic/{x}', "variables in braces are allowed in the server's mappings only"],
    ['/topic/}', "variables in braces are allowed in the server's mappings only"],
    ['/topic/a*b*', '`*` is allowed once in a segment'],
    ['/topic/a**', '`*` is allowed once in a segment'],
    ['/topic/***', '`*` is allowed once in a segment'],
    ['/topic/**/a/**', '`**` is allowed once in a pattern'],
    ['/topic/?????????', 'a pattern has at most 8 wildcards'],
  ])('%s', (pattern, problem) => {
    expect(() => parseClientPattern(pattern, '/')).toThrow(
      new MessagingError('destination-invalid', `The pattern is not valid: ${problem}.`),
    );
  });
});

describe('with dots as separators, the prefix up to its slash is a segment', () => {
  it.each([
    ['/topic/**', '/topic/a', true],
    ['/topic/**', '/topic/a.b', true],
    ['/topic/**', '/other/a', false],
    ['/topic/**.z', '/topic/a.b.z', true],
    ['/topic/*', '/topic/a', true],
    ['/topic/*', '/topic/a.b', false],
    ['/topic/*.**', '/topic/a', true],
    ['/topic/*.**', '/topic/a.b', true],
    ['/topic/a*', '/topic/ab', true],
    ['/top*/a.*', '/topic/a.b', true],
    ['/topic/.*', '/topic/.a', true],
  ])('%s and %s: %s', (pattern, destination, expected) => {
    expect(matches(pattern, destination, '.')).toBe(expected);
  });

  it('a longer prefix is not: the error names the pattern to write', () => {
    expect(() => parseClientPattern('/a/b/**', '.')).toThrow(
      "The pattern is not valid: `**` must be a whole segment, and the separator is '.'; write `/*.**`.",
    );
    expect(matches('/a/b/*.**', '/a/b/c.d', '.')).toBe(true);
  });

  it.each(['/topic/**', '/topic/*', '/topic/*.a'])('%s is a simple shape', (pattern) => {
    expect(parseClientPattern(pattern, '.').shape.simple).toBe(true);
  });
});
