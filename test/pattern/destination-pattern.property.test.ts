// Application patterns with generated inputs: they match like a naive matcher, and their ranking is not circular.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareSpecificity, compileDestination } from '../../src/pattern/destination-pattern.js';
import { cases } from '../property.js';
import { naiveMatch } from './naive-matcher.js';

describe('matching', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 10 });
  const part = fc.constantFrom('a', 'b', '/', '/', '*', '?', '**', '/**/', '{x}', '{y}');
  const pattern = fc
    .array(part, { maxLength: 9 })
    .map((parts) => parts.join(''))
    .filter((joined) => /[*?{]/.test(joined))
    .filter((joined) => joined.split('{x}').length < 3 && joined.split('{y}').length < 3);

  it('agrees with a naive matcher', () => {
    fc.assert(
      fc.property(pattern, text, (wild, destination) => {
        expect(compileDestination(wild).match(destination) !== undefined).toBe(
          naiveMatch(wild, destination),
        );
      }),
      cases,
    );
  });

  it('reads variables that give the destination again', () => {
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        const [x, y, z] = [a, b, c].map((each) => each.replaceAll('/', '-'));
        const destination = `/${x}a${y}/b${z}`;
        const values = compileDestination('/{x}a{y}/b{z}').match(destination);
        expect(`/${values?.get('x')}a${values?.get('y')}/b${values?.get('z')}`).toBe(destination);
        expect(values?.get('y')).not.toContain('a');
      }),
      cases,
    );
  });
});

describe('the rank of patterns', () => {
  it('has no circles', () => {
    const segment = fc.constantFrom('a', 'bcd', '*', '**', '{x}', 'a*');
    const pattern = fc
      .array(segment, { minLength: 1, maxLength: 5 })

      .map((segments) => `/${segments.map((each, i) => each.replace('x', `x${i}`)).join('/')}`)
      .map((text) => compileDestination(text));
    fc.assert(
      fc.property(pattern, pattern, pattern, (a, b, c) => {
        fc.pre(compareSpecificity(a, b) <= 0 && compareSpecificity(b, c) <= 0);
        expect(compareSpecificity(a, c)).toBeLessThanOrEqual(0);
      }),
      cases,
    );
  });
});
