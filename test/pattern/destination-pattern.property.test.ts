// Destination patterns under made-up inputs: they match what an obvious matcher does, and rank without circles.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareSpecificity, compileDestination } from '../../src/pattern/destination-pattern.js';
import { cases } from '../property.js';

const compile = (pattern: string) =>
  compileDestination(pattern, { separator: '/', expressions: true });

/** The grammar in the most obvious words, at any price: every way to divide is tried. */
function obviously(pattern: string, destination: string): boolean {
  const segments = (text: string) => text.split('/').filter((segment) => segment !== '');
  const last = segments(pattern).at(-1);
  return (
    pattern.startsWith('/') === destination.startsWith('/') &&
    (last === '**' || pattern.endsWith('/') === destination.endsWith('/')) &&
    anySegments(segments(pattern), segments(destination))
  );
}

function anySegments(pattern: readonly string[], texts: readonly string[]): boolean {
  const [segment, ...rest] = pattern;
  const [text, ...others] = texts;
  if (segment === undefined) return text === undefined;
  if (segment === '**' && anySegments(rest, texts)) return true;
  if (text === undefined) return false;
  return segment === '**'
    ? anySegments(pattern, others)
    : oneSegment(segment.replaceAll(/\{.\}/g, '*'), text) && anySegments(rest, others);
}

function oneSegment(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  if (pattern[0] === '*') {
    return (
      oneSegment(pattern.slice(1), text) || (text !== '' && oneSegment(pattern, text.slice(1)))
    );
  }
  return (
    text !== '' &&
    (pattern[0] === '?' || pattern[0] === text[0]) &&
    oneSegment(pattern.slice(1), text.slice(1))
  );
}

describe('matching', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 10 });
  const part = fc.constantFrom('a', 'b', '/', '/', '*', '?', '**', '/**/', '{x}', '{y}');
  const pattern = fc
    .array(part, { maxLength: 9 })
    .map((parts) => parts.join(''))
    .filter((joined) => /[*?{]/.test(joined))
    .filter((joined) => joined.split('{x}').length < 3 && joined.split('{y}').length < 3);

  it('agrees with the obvious way', () => {
    fc.assert(
      fc.property(pattern, text, (wild, destination) => {
        expect(compile(wild).match(destination) !== undefined).toBe(obviously(wild, destination));
      }),
      cases,
    );
  });

  it('captures what gives the destination when it is put in again', () => {
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        const [x, y, z] = [a, b, c].map((each) => each.replaceAll('/', '-'));
        const destination = `/${x}a${y}/b${z}`;
        const values = compile('/{x}a{y}/b{z}').match(destination);
        expect(`/${values?.get('x')}a${values?.get('y')}/b${values?.get('z')}`).toBe(destination);
        expect(values?.get('y')).not.toContain('a');
      }),
      cases,
    );
  });
});

describe('the rank of patterns', () => {
  it('is found without going round in a circle', () => {
    const segment = fc.constantFrom('a', 'bcd', '*', '**', '{x}', 'a*');
    const pattern = fc
      .array(segment, { minLength: 1, maxLength: 5 })
      .map((segments) => `/${segments.map((each, i) => each.replace('x', `x${i}`)).join('/')}`);
    fc.assert(
      fc.property(pattern, pattern, pattern, (a, b, c) => {
        fc.pre(
          compareSpecificity(compile(a), compile(b)) <= 0 &&
            compareSpecificity(compile(b), compile(c)) <= 0,
        );
        expect(compareSpecificity(compile(a), compile(c))).toBeLessThanOrEqual(0);
      }),
      cases,
    );
  });
});
