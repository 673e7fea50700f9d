// The expressions of patterns: against the language's own regular expressions, and what they refuse.
import { describe, expect, it } from 'vitest';
import { Automaton } from '../../src/pattern/automaton.js';
import { MessagingError } from '../../src/message/error.js';
import { parseExpression, type Refuse } from '../../src/pattern/expression.js';

const refuse: Refuse = (position, problem) =>
  new MessagingError('pattern-invalid', `${position}: ${problem}`);

function matcher(source: string, direction: 'forward' | 'backward' = 'forward') {
  const expression = parseExpression(source, 0, source.length, refuse);
  return new Automaton(expression, direction, () => refuse(0, 'too large'));
}

const matches = (source: string, text: string) =>
  matcher(source).longest(text, 0, text.length) === text.length;

describe('an expression', () => {
  it.each([
    ['abc', ['abc'], ['ab', 'abcd', '']],
    ['\\d+', ['0', '42'], ['', 'x', '4x', '٣']],
    ['\\w\\s\\D', ['a b', '_\tx'], ['a b1', '- x', 'a 1']],
    ['\\S\\W', ['a-', '😀 '], ['a', ' -', 'ab']],
    ['\\.\\*\\\\\\{', ['.*\\{'], ['a*\\{']],
    ['.', ['a', '\n', '😀'], ['', 'ab']],
    ['[a-c_-]+', ['abc', '_-'], ['d', '']],
    ['[-a]', ['-', 'a'], ['b']],
    ['[\\d.\\]]+', ['1.2]'], ['a']],
    ['[^a-c]', ['d', '/', '😀'], ['a', 'b', '']],
    ['[^\\d]', ['a'], ['1']],
    ['(?:ab|c)+', ['ab', 'cab'], ['a', '']],
    ['(?:a|b)(?:c|d)', ['ac', 'bd'], ['ab']],
    ['a?b*c+', ['c', 'abbcc'], ['ab', 'aac']],
    ['a{2}', ['aa'], ['a', 'aaa']],
    ['a{2,}', ['aa', 'aaaa'], ['a']],
    ['a{1,3}', ['a', 'aaa'], ['', 'aaaa']],
    ['(?:a{1,2}){2}', ['aa', 'aaaa'], ['a', 'aaaaa']],
    ['(?:a*)*', ['', 'aaa'], ['b']],
    ['(?:a?){3}b', ['b', 'aaab'], ['aaaab']],
    ['😀+', ['😀😀'], ['', '😁']],
    ['a|b|c', ['a', 'b', 'c'], ['ab']],
  ])('%s takes what it says', (source, taken, refused) => {
    for (const text of taken) expect([text, matches(source, text)]).toEqual([text, true]);
    for (const text of refused) expect([text, matches(source, text)]).toEqual([text, false]);
  });

  it('finds the longest of several ends', () => {
    expect(matcher('a|ab|abcd').longest('abcx', 0, 4)).toBe(2);
    expect(matcher('b+').longest('abbba', 1, 3)).toBe(3);
    expect(matcher('b').longest('a', 0, 1)).toBe(-1);
    expect(matcher('a*').longest('aaa', 0, 3, Uint8Array.of(1, 0, 1, 0))).toBe(2);
  });

  it('finds all starts that lead to an end', () => {
    const starts = matcher('ab|b', 'backward').starts('abab', 0, 4, Uint8Array.of(0, 0, 1, 0, 1));
    expect([...starts]).toEqual([1, 1, 1, 1, 0]);
  });

  it('is not slowed by what makes others go back', () => {
    expect(matches('(?:a+)+b', 'a'.repeat(50_000))).toBe(false);
    expect(matches('(?:a|a)*(?:a|aa)+c', 'a'.repeat(50_000))).toBe(false);
  });
});

describe('what the subset does not know', () => {
  it.each([
    ['', 0, 'an expression or alternative is empty'],
    ['a|', 2, 'an expression or alternative is empty'],
    ['(?:)', 3, 'an expression or alternative is empty'],
    ['(a)', 0, 'groups must be written'],
    ['(?=a)', 0, 'groups must be written'],
    ['(?<!a)b', 0, 'groups must be written'],
    ['(?<n>a)', 0, 'groups must be written'],
    ['(?i)a', 0, 'groups must be written'],
    ['(?:a', 0, 'never closed'],
    ['a)', 1, 'never opened'],
    ['(?:a)\\1', 5, 'the escape is not supported'],
    ['\\bx', 0, 'the escape is not supported'],
    ['\\p{L}', 0, 'the escape is not supported'],
    ['x\\', 1, 'the escape is not supported'],
    ['^a', 0, 'must be escaped'],
    ['a$', 1, 'must be escaped'],
    ['*a', 0, 'must be escaped'],
    ['a]', 1, 'must be escaped'],
    ['a+?', 2, 'may not be repeated'],
    ['a*+', 2, 'may not be repeated'],
    ['a{2}{3}', 4, 'may not be repeated'],
    ['a{0}', 1, 'can never be met'],
    ['a{3,2}', 1, 'can never be met'],
    ['a{,2}', 2, 'needs a number'],
    ['a{1001}', 2, 'needs a number'],
    ['a{1;2}', 3, 'must read'],
    ['[]', 0, 'a class is empty'],
    ['[ab', 0, 'never closed'],
    ['[b-a]', 1, 'reversed'],
    ['[a-\\d]', 1, 'reversed'],
    ['[\\D]', 1, 'not supported in a class'],
    ['[a[b]]', 2, 'classes in classes'],
    ['[a&&b]', 2, 'classes in classes'],
    ['[😀]', 1, 'up to U+FFFF'],
    ['(?:a{1000}){1000}', 0, 'too large'],
  ])('%s is refused at %i', (source, position, problem) => {
    expect(() => matcher(source)).toThrow(MessagingError);
    expect(() => matcher(source)).toThrow(
      new RegExp(`^${position}: .*${problem.replace('+', '\\+')}`),
    );
  });
});
