// Patterns of equal rank that can match the same destination.
import { describe, expect, it } from 'vitest';
import { mayOverlap } from '../../src/pattern/overlap.js';
import type { Separator } from '../../src/pattern/separator.js';

const overlap = (a: string, b: string, separator: Separator = '/') => [
  mayOverlap(a, b, separator),
  mayOverlap(b, a, separator),
];

describe('two patterns of equal rank', () => {
  it.each([
    ['/a/{x}', '/a/{y}'],
    ['/a/{x}', '/{x}/b'],
    ['/a/{x:[0-9]+}', '/a/{y:[0-9]+}'],
    ['/{x:[a-z]+}/b', '/a/{y}'],
    ['/a*', '/{x}'],
    ['/a*b', '/*cb'],
    ['/**/a', '/b/**'],
    ['/a/**', '/**/a'],
    ['/{a}/**', '/**/{b}'],
  ])('%s and %s may match one destination', (a, b) => {
    expect(overlap(a, b)).toEqual([true, true]);
  });

  it.each([
    ['/a/{x}', '/b/{x}'],
    ['/a/{x}', '/a/{x}/c'],
    ['/a*', '/b*'],
    ['/*.json', '/*.xml'],
    ['/a/{x:[0-9]+}', '/{y}/b'],
    ['/a/{x:[0-9]+}', '/a/{x:[a-z]+}'],
    ['/a/**/b', '/c/**/b'],
    ['/a/**', '/b/**'],
  ])('%s and %s are assumed to match different destinations', (a, b) => {
    expect(overlap(a, b)).toEqual([false, false]);
  });

  it('are split at separators, but not within an expression', () => {
    expect(overlap('a.{x}', 'b.{x}', '.')).toEqual([false, false]);
    expect(overlap('a.{x:.+}', 'a.{y:.+}', '.')).toEqual([true, true]);
    expect(overlap('a/b.{x}', '{y}.c/d', '.')).toEqual([true, true]);
  });
});
