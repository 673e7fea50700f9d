// The regular expressions of variables (`{name:expression}`): they match like regular expressions of JavaScript, in linear time.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileDestination } from '../../src/pattern/destination-pattern.js';
import { cases } from '../property.js';

const matches = (source: string, text: string) =>
  compileDestination(`/{x:${source}}`).match(`/${text}`)?.get('x') === text;

const matchesInLanguage = (source: string, text: string) =>
  new RegExp(`^(?:${source})$`, 's').test(text);

describe('an expression', () => {
  it.each([
    ['abc', ['abc'], ['ab', 'abcd']],
    ['\\d+', ['0', '42'], ['x', '4x', '٣']],
    ['\\w\\s\\D', ['a b', '_\tx'], ['a b1', '- x', 'a 1']],
    ['\\S\\W', ['a-', '😀 '], ['a', ' -', 'ab']],
    ['\\.\\*\\\\\\{', ['.*\\{'], ['a*\\{']],
    ['.', ['a', '\n', '😀'], ['ab']],
    ['[a-c_-]+', ['abc', '_-'], ['d']],
    ['[^a-c]', ['d', '😀'], ['a', 'b']],
    ['(?:ab|c)+', ['ab', 'cab'], ['a']],
    ['(a|b)(c|d)', ['ac', 'bd'], ['ab']],
    ['a{2,}', ['aa', 'aaaa'], ['a']],
    ['(?i)abc', ['ABC'], ['ABCD']],
    ['\\p{L}+', ['größe'], ['4']],
    ['😀+', ['😀😀'], ['😁']],
    ['a|b|c', ['a', 'b', 'c'], ['ab']],
  ])('%s matches the whole text', (source, matching, others) => {
    for (const text of matching) expect([text, matches(source, text)]).toEqual([text, true]);
    for (const text of others) expect([text, matches(source, text)]).toEqual([text, false]);
  });

  it('agrees with the regular expressions of the language', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\W');
    const { tree } = fc.letrec<{ tree: string }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        atom,
        fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => `${a}${b}`),
        fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => `(${a}|${b})`),
        fc
          .tuple(tie('tree'), fc.constantFrom('*', '+', '?', '{2}', '{1,}', '{1,2}'))
          .map(([a, repeat]) => `(?:${a})${repeat}`),
      ),
    }));
    const text = fc.string({
      unit: fc.constantFrom('a', 'b', '1', '-'),
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(tree, tree, text, (first, second, given) => {
        expect(matches(first, given)).toBe(matchesInLanguage(first, given));
        const values = compileDestination(`/{x:${first}}{y:${second}}`).match(`/${given}`);
        expect(values !== undefined).toBe(matchesInLanguage(`(?:${first})(?:${second})`, given));
        if (values === undefined) return;
        // Several divisions may be possible when an alternative is empty.
        const [x, y] = [values.get('x')!, values.get('y')!];
        expect(x + y).toBe(given);
        expect([matchesInLanguage(first, x), matchesInLanguage(second, y)]).toEqual([true, true]);
      }),
      cases,
    );
  });

  // A matcher with backtracking would exceed the timeout of the test.
  it('does not use backtracking', () => {
    expect(matches('(?:a+)+b', 'a'.repeat(50_000))).toBe(false);
    expect(matches('(?:a|a)*(?:a|aa)+c', 'a'.repeat(50_000))).toBe(false);
    expect(compileDestination('/{x:(?:a+)+}{y:b}').match(`/${'a'.repeat(50_000)}`)).toBeUndefined();
  });
});
