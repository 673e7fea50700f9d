// Header escapes, in each version.
import { describe, expect, it } from 'vitest';
import {
  escaping11,
  escaping12,
  headerLine,
  ownHeaderLine,
  plainOnly,
  unescaped,
  verbatim,
} from '../../../src/wire/stomp/escaping.js';

describe('unescaped', () => {
  it('line 7: 1.1 knows \\n, \\c and \\\\', () => {
    expect(unescaped('a\\nb\\cc\\\\d', escaping11.letters!)).toBe('a\nb:c\\d');
    expect(unescaped('a\\rb', escaping11.letters!)).toBeUndefined();
  });

  it('line 7: 1.2 knows \\r too', () => {
    expect(unescaped('a\\r\\n', escaping12.letters!)).toBe('a\r\n');
  });

  it('reads each escape once, from left to right', () => {
    expect(unescaped('\\\\n', escaping12.letters!)).toBe('\\n');
    expect(unescaped('\\\\\\\\c', escaping12.letters!)).toBe('\\\\c');
  });

  it.each(['\\t', '\\N', '\\', 'a\\', '\\\\\\', '\\ n', '\\é'])('line 7: refuses %j', (text) => {
    expect(unescaped(text, escaping12.letters!)).toBeUndefined();
  });
});

describe('headerLine', () => {
  it('escapes names and values in 1.2', () => {
    expect(headerLine('a:b', 'x\r\ny\\z:', escaping12)).toBe('a\\cb:x\\r\\ny\\\\z\\c\n');
  });

  it('line 8: takes a CR out towards 1.1, which has no escape for it', () => {
    expect(headerLine('a', 'x\r\ny', escaping11)).toBe('a:x\\ny\n');
    expect(headerLine('content-length\r', '0', escaping11)).toBe('');
  });

  it('line 8: leaves out towards 1.0 what a line cannot hold', () => {
    expect(headerLine('a', 'b:c\\d', verbatim)).toBe('a:b:c\\d\n');
    expect(headerLine('a', 'b\nc', verbatim)).toBe('');
    expect(headerLine('a', 'b\rc', verbatim)).toBe('');
    expect(headerLine('a:b', 'c', verbatim)).toBe('');
    expect(headerLine('a\nb', 'c', verbatim)).toBe('');
    expect(headerLine(' a', 'b', verbatim)).toBe('');
    expect(headerLine('a\t', ' b ', verbatim)).toBe('');
    expect(headerLine('a', ' b ', verbatim)).toBe('a: b \n');
  });

  it.each([verbatim, escaping11, escaping12, plainOnly])(
    'can say neither NUL nor a header without a name',
    (escaping) => {
      expect(headerLine('a', 'b\0', escaping)).toBe('');
      expect(headerLine('\0', 'b', escaping)).toBe('');
      expect(headerLine('', 'b', escaping)).toBe('');
      expect(headerLine('a', '', escaping)).toBe('a:\n');
    },
  );
});

describe('ownHeaderLine', () => {
  it('takes out of a header that has to be said what cannot be', () => {
    expect(ownHeaderLine('destination', '/a\r\nb:c', verbatim)).toBe('destination:/ab:c\n');
    expect(ownHeaderLine('destination', '/a\r\nb:c', escaping12)).toBe(
      'destination:/a\\r\\nb\\cc\n',
    );
  });

  it('leaves out a text with NUL', () => {
    expect(ownHeaderLine('subscription', '\0/a', verbatim)).toBe('');
  });
});
