// The expressions of patterns under made-up sources and texts, against the language's own regular expressions.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Automaton } from '../../src/pattern/automaton.js';
import { MessagingError } from '../../src/message/error.js';
import { parseExpression } from '../../src/pattern/expression.js';
import { cases } from '../property.js';

function matches(source: string, text: string): boolean {
  const refuse = () => new MessagingError('pattern-invalid');
  const expression = parseExpression(source, 0, source.length, refuse);
  const automaton = new Automaton(expression, 'forward', refuse);
  return automaton.longest(text, 0, text.length) === text.length;
}

it('an expression agrees with the regular expressions of the language', () => {
  const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\W');
  const { tree } = fc.letrec<{ tree: string }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      atom,
      fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => `${a}${b}`),
      fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => `(?:${a}|${b})`),
      fc
        .tuple(tie('tree'), fc.constantFrom('*', '+', '?', '{2}', '{1,}', '{1,2}'))
        .map(([a, repeat]) => `(?:${a})${repeat}`),
    ),
  }));
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', '-'), maxLength: 8 });
  fc.assert(
    fc.property(tree, text, (source, given) => {
      expect(matches(source, given)).toBe(new RegExp(`^(?:${source})$`, 's').test(given));
    }),
    cases,
  );
});
