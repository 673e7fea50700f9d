// Which patterns of equal rank can match one destination.
import { describe, expect, it } from 'vitest';
import { mayOverlap } from '../../src/pattern/overlap.js';

const overlap = (a: string, b: string, separator: '/' | '.' = '/') => [
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
  ])('%s and %s never do, as far as we can tell', (a, b) => {
    expect(overlap(a, b)).toEqual([false, false]);
  });

  it('are split at their separator, but not inside of an expression', () => {
    expect(overlap('a.{x}', 'b.{x}', '.')).toEqual([false, false]);
    expect(overlap('a.{x:.+}', 'a.{y:.+}', '.')).toEqual([true, true]);
  });
});
