// Parsing of raw frames, for any cuts of their bytes.
import { describe, expect, it } from 'vitest';
import type { DecoderLimits } from '../../../src/wire/codec.js';
import { dialects, type Version } from '../../../src/wire/stomp/dialect.js';
import { Parser } from '../../../src/wire/stomp/parser.js';
import { limits } from '../decoding.js';

function parse(
  version: Version,
  chunks: readonly (string | Uint8Array)[],
  given: Partial<DecoderLimits> = {},
) {
  const parser = new Parser({ ...limits, ...given });
  parser.dialect = dialects[version];
  return chunks.flatMap((chunk) => {
    parser.feed(Buffer.from(chunk));
    const items: unknown[] = [];
    for (let item = parser.next(); item !== undefined; item = parser.next()) {
      items.push(
        item === 'eol'
          ? item
          : [item.command, Object.fromEntries(item.headers), Buffer.from(item.body).toString()],
      );
    }
    return items;
  });
}

function resultOf(
  version: Version,
  input: string | Uint8Array,
  given: Partial<DecoderLimits> = {},
): unknown {
  try {
    return parse(version, [input], given);
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

const send = 'SEND\ndestination:/a\n\nhi\0';
const sent = ['SEND', { destination: '/a' }, 'hi'];

describe('lines', () => {
  it('line 1: are command, headers, an empty line, body and NUL', () => {
    expect(parse('1.2', [send])).toEqual([sent]);
  });

  it('line 2: are heart-beats of at most 64 line ends, so that a session can be interrupted', () => {
    expect(parse('1.2', ['\n'.repeat(129)])).toEqual(['eol', 'eol', 'eol']);
    expect(parse('1.2', [`${'\n'.repeat(64)}${send}`])).toEqual(['eol', sent]);
  });

  it('line 1: end with LF or CR LF in 1.2', () => {
    expect(parse('1.2', ['SEND\r\ndestination:/a\r\nx:1\n\r\nhi\0'])).toEqual([
      ['SEND', { destination: '/a', x: '1' }, 'hi'],
    ]);
  });

  it.each(['1.0', '1.1'] as const)(
    'line 1: end with LF in %s, where a CR belongs to the header',
    (version) => {
      expect(parse(version, ['SEND\ndestination:/a\r\n\nhi\0'])).toEqual([
        ['SEND', { destination: '/a\r' }, 'hi'],
      ]);
      expect(resultOf(version, 'SEND\ndestination:/a\n\r\nhi\0')).toBe('header-malformed');
    },
  );

  it('line 2: are heart-beats between frames when they are empty', () => {
    expect(parse('1.1', [`\n\r\n\n${send}\n\n`, '\n', `\r`, `\n${send}`])).toEqual([
      sent,
      'eol',
      'eol',
      sent,
    ]);
  });

  it('line 6: are divided at the first colon', () => {
    expect(parse('1.1', ['SEND\na:b:c\nempty:\n\n\0'])).toEqual([
      ['SEND', { a: 'b:c', empty: '' }, ''],
    ]);
  });

  it.each(['SEND\nnone\n\n\0', 'SEND\n:nameless\n\n\0', 'SEND\n \n\n\0'])(
    'line 6: are rejected without name or colon: %j',
    (text) => {
      expect(resultOf('1.2', text)).toBe('header-malformed');
    },
  );

  it.each(['content-length : 3', '\tcontent-length:3 ', ' content-length\t:\t3'])(
    'line 9: a content-length with blanks counts in 1.0, and is an ordinary header later: %j',
    (line) => {
      const input = `SEND\n${line}\n\na\0b\0`;
      expect(parse('1.0', [input])).toEqual([['SEND', {}, 'a\0b']]);
      const [name = '', value] = line.split(':');
      for (const version of ['1.1', '1.2'] as const)
        expect(parse(version, [input.replace('\0b', '')])).toEqual([
          ['SEND', { [name]: value }, 'a'],
        ]);
    },
  );

  it('line 9: are not trimmed', () => {
    expect(parse('1.2', ['SEND\n a : b \n\n\0'])).toEqual([['SEND', { ' a ': ' b ' }, '']]);
  });

  it('line 10: have no effect when they repeat a header', () => {
    expect(parse('1.2', ['SEND\na\\cb:1\na\\cb:2\n\n\0'])).toEqual([['SEND', { 'a:b': '1' }, '']]);
  });
});

describe('text', () => {
  it('line 5: is UTF-8 in headers and commands', () => {
    expect(parse('1.2', ['SEND\nstraße:€ 😀\n\n\0'])).toEqual([['SEND', { straße: '€ 😀' }, '']]);
  });

  it.each([
    ['an invalid first byte', [0xff]],
    ['an incomplete sequence', [0xe2, 0x82]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['an overlong sequence', [0xc0, 0xaf]],
  ])('line 5: is rejected with %s', (_, bytes) => {
    expect(
      resultOf(
        '1.2',
        Buffer.concat([Buffer.from('SEND\na:'), Buffer.from(bytes), Buffer.from('\n\n\0')]),
      ),
    ).toBe('text-invalid');
    expect(resultOf('1.2', Buffer.concat([Buffer.from(bytes), Buffer.from('\n\n\0')]))).toBe(
      'text-invalid',
    );
  });

  it('line 5: need not be valid in a body', () => {
    const parser = new Parser(limits);
    parser.feed(Buffer.from([...Buffer.from('SEND\ncontent-length:3\n\n'), 0xff, 0, 0xfe, 0]));
    expect(parser.next()).toMatchObject({ body: Buffer.from([0xff, 0, 0xfe]) });
  });

  it('line 7: has no escapes in 1.0', () => {
    expect(parse('1.0', ['SEND\na:\\n\\t\n\n\0'])).toEqual([['SEND', { a: '\\n\\t' }, '']]);
  });

  it.each(['SEND\na:\\t\n\n\0', 'SEND\na\\:b\n\n\0', 'SEND\na:b\\\n\n\0'])(
    'line 7: is rejected with an unknown escape: %j',
    (text) => {
      expect(resultOf('1.2', text)).toBe('escape-illegal');
    },
  );

  it.each(['CONNECT', 'STOMP', 'CONNECTED'])('line 8: has no escapes in %s', (command) => {
    expect(parse('1.2', [`${command}\na:\\c\\t\n\n\0`])).toEqual([[command, { a: '\\c\\t' }, '']]);
  });

  it('line 8: is rejected with NUL in a header or command', () => {
    expect(resultOf('1.2', 'SEND\na:b\0c\n\n\0')).toBe('frame-malformed');
    expect(resultOf('1.2', 'SE\0ND\n\n\0')).toBe('frame-malformed');
    expect(resultOf('1.2', 'SEND\0')).toBe('frame-malformed');
  });
});

describe('bodies', () => {
  it('line 12: have exactly as many bytes as the content-length', () => {
    expect(parse('1.2', ['SEND\ncontent-length:5\n\na\0b\0c\0'])).toEqual([
      ['SEND', {}, 'a\0b\0c'],
    ]);
    expect(parse('1.2', ['SEND\ncontent-length:2\n\né\0'])).toEqual([['SEND', {}, 'é']]);
  });

  it.each(['SEND\ncontent-length:1\n\nab\0', 'SEND\ncontent-length:3\n\nab\0\n'])(
    'line 12: are rejected when no NUL follows: %j',
    (text) => {
      expect(resultOf('1.2', text)).toBe('content-length-invalid');
    },
  );

  it('line 13: end at the first NUL without content-length', () => {
    expect(parse('1.2', ['SEND\n\nab\0SEND\n\n\0'])).toEqual([
      ['SEND', {}, 'ab'],
      ['SEND', {}, ''],
    ]);
  });

  it.each(['abc', '-1', '', '1.5', '0x10', '1e3', '+1', '١'])(
    'line 13: are rejected with the content-length %j',
    (length) => {
      expect(resultOf('1.2', `SEND\ncontent-length:${length}\n\n\0`)).toBe(
        'content-length-invalid',
      );
    },
  );

  it.each(['65536', '4294967296', '9'.repeat(400)])(
    'line 13: are rejected with the content-length %s before they arrive',
    (length) => {
      expect(resultOf('1.2', `SEND\ncontent-length:${length}\n\n`)).toBe('frame-too-large');
    },
  );

  it('are copied when they are a small part of a large chunk, and views otherwise', () => {
    const parser = new Parser(limits);
    const chunk = new Uint8Array(40_000).fill(0x78);
    chunk.set(Buffer.from('SEND\n\nsmall\0SEND\n\n'));
    chunk[39_999] = 0;
    parser.feed(chunk);
    const [small, large] = [parser.next(), parser.next()];
    expect(small).toMatchObject({ body: Buffer.from('small') });
    expect((small as { body: Uint8Array }).body.buffer).not.toBe(chunk.buffer);
    expect((large as { body: Uint8Array }).body.buffer).toBe(chunk.buffer);
  });
});

describe('chunks', () => {
  it('line 15: can be single bytes', () => {
    const bytes = Buffer.from('\r\nSEND\r\ngruß:é\\r\r\ncontent-length:4\r\n\r\na\0é\0\n');
    expect(
      parse(
        '1.2',
        Array.from(bytes, (byte) => Buffer.from([byte])),
      ),
    ).toEqual(['eol', ['SEND', { gruß: 'é\r' }, 'a\0é'], 'eol']);
  });

  it('line 15: can contain several frames', () => {
    expect(parse('1.2', [send + send, send.slice(0, 9), send.slice(9) + send])).toEqual([
      sent,
      sent,
      sent,
      sent,
    ]);
  });
});

describe('limits', () => {
  it('line 16: bound the number of headers', () => {
    const headers = (count: number) => `SEND\n${'a:b\n'.repeat(count)}\n\0`;
    expect(resultOf('1.2', headers(3), { maxHeaders: 3 })).toEqual([['SEND', { a: 'b' }, '']]);
    expect(resultOf('1.2', headers(4), { maxHeaders: 3 })).toBe('frame-too-large');
  });

  it('line 16: bound header lines in bytes, with a larger limit for CONNECT', () => {
    const given = { maxHeaderBytes: 8, maxConnectHeaderBytes: 12 };
    expect(resultOf('1.2', 'SEND\na:éé12\n\n\0', given)).toEqual([['SEND', { a: 'éé12' }, '']]);
    expect(resultOf('1.2', 'SEND\na:éé123\n\n\0', given)).toBe('frame-too-large');
    expect(resultOf('1.2', 'CONNECT\na:1234567890\n\n\0', given)).toEqual([
      ['CONNECT', { a: '1234567890' }, ''],
    ]);
    expect(resultOf('1.2', 'CONNECT\na:12345678901\n\n\0', given)).toBe('frame-too-large');
  });

  it('line 16: reject a line that is too long before its end arrives', () => {
    expect(resultOf('1.2', 'SENDSENDSEND', { maxHeaderBytes: 8 })).toBe('frame-too-large');
    expect(resultOf('1.2', 'SEND\na:1234567', { maxHeaderBytes: 8 })).toBe('frame-too-large');
  });

  it('line 16: bound whole frames, including the NUL', () => {
    expect(resultOf('1.2', send, { maxFrameBytes: send.length })).toEqual([sent]);
    expect(resultOf('1.2', send, { maxFrameBytes: send.length - 1 })).toBe('frame-too-large');
    expect(resultOf('1.2', 'SEND\n\nabc', { maxFrameBytes: 9 })).toBe('frame-too-large');
    expect(resultOf('1.2', 'SEND\ncontent-length:2\n\n', { maxFrameBytes: 25 })).toBe(
      'frame-too-large',
    );
    expect(resultOf('1.2', 'SEND\ncontent-length:2\n\nab\0', { maxFrameBytes: 26 })).toEqual([
      ['SEND', {}, 'ab'],
    ]);
  });

  it('line 16: apply to each frame separately', () => {
    expect(resultOf('1.2', `\n\n\n${send}\n\n${send}`, { maxFrameBytes: send.length })).toEqual([
      sent,
      sent,
    ]);
  });
});

it('returns the headers of a malformed frame, and none of the previous frame', () => {
  const parser = new Parser(limits);
  parser.feed(Buffer.from('SEND\nreceipt:r1\n\n\0SEND\nreceipt:r2\nbroken\n'));
  expect(parser.next()).toMatchObject({ command: 'SEND' });
  expect(parser.header('receipt')).toBeUndefined();
  expect(() => parser.next()).toThrow('A header line is malformed.');
  expect(parser.header('receipt')).toBe('r2');
});
