// Text of clients inside error texts and log lines.
import { expect, it } from 'vitest';
import { printable, quote } from '../../src/message/quote.js';

it.each([
  ['/app/hello', "'/app/hello'"],
  ['ä 日本 😀', "'ä 日本 😀'"],
  ['a\r\nb\tc\0', String.raw`'a\u{d}\u{a}b\u{9}c\u{0}'`],
  ['\u001b[2J\u009b\u007f', String.raw`'\u{1b}[2J\u{9b}\u{7f}'`],
  ['\u202eabc\u2066\u200b\ufeff', String.raw`'\u{202e}abc\u{2066}\u{200b}\u{feff}'`],
  ['\u2028\u2029', String.raw`'\u{2028}\u{2029}'`],
  ['half \ud83d pair', "'half \ufffd pair'"],
])('invisible characters are escaped: %j', (text, quoted) => {
  expect(quote(text)).toBe(quoted);
});

it('a long text is cut, also within a pair of surrogates', () => {
  expect(quote('x'.repeat(1000))).toBe(`'${'x'.repeat(120)}...'`);
  expect(quote(`${'x'.repeat(119)}😀`)).toBe(`'${'x'.repeat(119)}\ufffd...'`);
  expect(printable('\n'.repeat(10), 2)).toBe(String.raw`\u{a}\u{a}...`);
});
