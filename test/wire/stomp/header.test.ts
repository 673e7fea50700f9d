// Header lines: escapes in each version.
import { describe, expect, it } from 'vitest';
import {
  escaping11,
  escaping12,
  headerLine,
  requiredHeaderLine,
  unescapeText,
  verbatim,
} from '../../../src/wire/stomp/header.js';

describe('unescapeText', () => {
  it('line 7: 1.1 has the escapes \\n, \\c and \\\\', () => {
    expect(unescapeText('a\\nb\\cc\\\\d', escaping11.letters!)).toBe('a\nb:c\\d');
    expect(unescapeText('a\\rb', escaping11.letters!)).toBeUndefined();
  });

  it('line 7: 1.2 also has \\r', () => {
    expect(unescapeText('a\\r\\n', escaping12.letters!)).toBe('a\r\n');
  });

  it('reads each escape once, from left to right', () => {
    expect(unescapeText('\\\\n', escaping12.letters!)).toBe('\\n');
    expect(unescapeText('\\\\\\\\c', escaping12.letters!)).toBe('\\\\c');
  });

  it.each(['\\t', '\\N', '\\', 'a\\', '\\\\\\', '\\ n', '\\é'])('line 7: rejects %j', (text) => {
    expect(unescapeText(text, escaping12.letters!)).toBeUndefined();
  });
});

describe('headerLine', () => {
  it('escapes names and values in 1.2', () => {
    expect(headerLine('a:b', 'x\r\ny\\z:', escaping12)).toBe('a\\cb:x\\r\\ny\\\\z\\c\n');
  });

  it('line 8: removes a CR in 1.1, which has no escape for it', () => {
    expect(headerLine('a', 'x\r\ny', escaping11)).toBe('a:x\\ny\n');
    expect(headerLine('content-length\r', '0', escaping11)).toBe('');
  });

  it('line 8: omits headers in 1.0 that a line cannot contain', () => {
    expect(headerLine('a', 'b:c\\d', verbatim)).toBe('a:b:c\\d\n');
    expect(headerLine('a', 'b\nc', verbatim)).toBe('');
    expect(headerLine('a', 'b\rc', verbatim)).toBe('');
    expect(headerLine('a:b', 'c', verbatim)).toBe('');
    expect(headerLine('a\nb', 'c', verbatim)).toBe('');
    expect(headerLine(' a', 'b', verbatim)).toBe('');
    expect(headerLine('a\t', ' b ', verbatim)).toBe('');
    expect(headerLine('a', ' b ', verbatim)).toBe('a: b \n');
  });

  it.each([verbatim, escaping11, escaping12])(
    'omits headers with NUL and headers without a name',
    (escaping) => {
      expect(headerLine('a', 'b\0', escaping)).toBe('');
      expect(headerLine('\0', 'b', escaping)).toBe('');
      expect(headerLine('', 'b', escaping)).toBe('');
      expect(headerLine('a', '', escaping)).toBe('a:\n');
    },
  );
});

describe('requiredHeaderLine', () => {
  it('removes line ends that cannot be written', () => {
    expect(requiredHeaderLine('destination', '/a\r\nb:c', verbatim)).toBe('destination:/ab:c\n');
    expect(requiredHeaderLine('destination', '/a\r\nb:c', escaping12)).toBe(
      'destination:/a\\r\\nb\\cc\n',
    );
  });

  it('omits a header with NUL', () => {
    expect(requiredHeaderLine('subscription', '\0/a', verbatim)).toBe('');
  });
});
