// Octets to raw frames, wherever they were cut.
import { describe, expect, it } from 'vitest';
import type { DecoderLimits } from '../../../src/wire/codec.js';
import { dialects, type Version } from '../../../src/wire/stomp/dialect.js';
import { Parser } from '../../../src/wire/stomp/parser.js';
import { limits } from './octets.js';

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

function refusal(
  version: Version,
  said: string | Uint8Array,
  given: Partial<DecoderLimits> = {},
): unknown {
  try {
    return parse(version, [said], given);
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

const send = 'SEND\ndestination:/a\n\nhi\0';
const sent = ['SEND', { destination: '/a' }, 'hi'];

describe('lines', () => {
  it('line 1: a frame is command, headers, blank line, body and NUL', () => {
    expect(parse('1.2', [send])).toEqual([sent]);
  });

  it('line 1: 1.2 ends lines with LF or CR LF', () => {
    expect(parse('1.2', ['SEND\r\ndestination:/a\r\nx:1\n\r\nhi\0'])).toEqual([
      ['SEND', { destination: '/a', x: '1' }, 'hi'],
    ]);
  });

  it.each(['1.0', '1.1'] as const)('line 1: in %s a CR belongs to the header', (version) => {
    expect(parse(version, ['SEND\ndestination:/a\r\n\nhi\0'])).toEqual([
      ['SEND', { destination: '/a\r' }, 'hi'],
    ]);
    expect(refusal(version, 'SEND\ndestination:/a\n\r\nhi\0')).toBe('header-malformed');
  });

  it('line 2: any number of line ends between frames is life and nothing else', () => {
    expect(parse('1.1', [`\n\r\n\n${send}\n\n`, '\n', `\r`, `\n${send}`])).toEqual([
      sent,
      'eol',
      'eol',
      sent,
    ]);
  });

  it('line 6: the first colon divides, and a value may hold more', () => {
    expect(parse('1.1', ['SEND\na:b:c\nempty:\n\n\0'])).toEqual([
      ['SEND', { a: 'b:c', empty: '' }, ''],
    ]);
  });

  it.each(['SEND\nnone\n\n\0', 'SEND\n:nameless\n\n\0', 'SEND\n \n\n\0'])(
    'line 6: refuses the header line of %j',
    (said) => {
      expect(refusal('1.2', said)).toBe('header-malformed');
    },
  );

  it('line 9: trims neither names nor values', () => {
    expect(parse('1.2', ['SEND\n a : b \n\n\0'])).toEqual([['SEND', { ' a ': ' b ' }, '']]);
  });

  it('line 10: of a repeated header the first counts, after unescaping', () => {
    expect(parse('1.2', ['SEND\na\\cb:1\na\\cb:2\n\n\0'])).toEqual([['SEND', { 'a:b': '1' }, '']]);
  });
});

describe('text', () => {
  it('line 5: headers and commands are UTF-8', () => {
    expect(parse('1.2', ['SEND\nstraße:€ 😀\n\n\0'])).toEqual([['SEND', { straße: '€ 😀' }, '']]);
  });

  it.each([
    ['an octet that begins nothing', [0xff]],
    ['a sequence that ends early', [0xe2, 0x82]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['more octets than needed', [0xc0, 0xaf]],
  ])('line 5: refuses %s', (_, octets) => {
    expect(
      refusal(
        '1.2',
        Buffer.concat([Buffer.from('SEND\na:'), Buffer.from(octets), Buffer.from('\n\n\0')]),
      ),
    ).toBe('text-invalid');
    expect(refusal('1.2', Buffer.concat([Buffer.from(octets), Buffer.from('\n\n\0')]))).toBe(
      'text-invalid',
    );
  });

  it('line 5: a body is any octets', () => {
    const parser = new Parser(limits);
    parser.feed(Buffer.from([...Buffer.from('SEND\ncontent-length:3\n\n'), 0xff, 0, 0xfe, 0]));
    expect(parser.next()).toMatchObject({ body: Buffer.from([0xff, 0, 0xfe]) });
  });

  it('line 7: 1.0 knows no escapes', () => {
    expect(parse('1.0', ['SEND\na:\\n\\t\n\n\0'])).toEqual([['SEND', { a: '\\n\\t' }, '']]);
  });

  it.each(['SEND\na:\\t\n\n\0', 'SEND\na\\:b\n\n\0', 'SEND\na:b\\\n\n\0'])(
    'line 7: refuses the escape of %j',
    (said) => {
      expect(refusal('1.2', said)).toBe('escape-illegal');
    },
  );

  it.each(['CONNECT', 'STOMP', 'CONNECTED'])('line 8: %s is never escaped', (command) => {
    expect(parse('1.2', [`${command}\na:\\c\\t\n\n\0`])).toEqual([[command, { a: '\\c\\t' }, '']]);
  });

  it('line 8: refuses NUL in a header or command', () => {
    expect(refusal('1.2', 'SEND\na:b\0c\n\n\0')).toBe('frame-malformed');
    expect(refusal('1.2', 'SE\0ND\n\n\0')).toBe('frame-malformed');
    expect(refusal('1.2', 'SEND\0')).toBe('frame-malformed');
  });
});

describe('bodies', () => {
  it('line 12: with content-length a body holds exactly that many octets', () => {
    expect(parse('1.2', ['SEND\ncontent-length:5\n\na\0b\0c\0'])).toEqual([
      ['SEND', {}, 'a\0b\0c'],
    ]);
    expect(parse('1.2', ['SEND\ncontent-length:2\n\né\0'])).toEqual([['SEND', {}, 'é']]);
  });

  it.each(['SEND\ncontent-length:1\n\nab\0', 'SEND\ncontent-length:3\n\nab\0\n'])(
    'line 12: refuses what follows the body of %j',
    (said) => {
      expect(refusal('1.2', said)).toBe('content-length-invalid');
    },
  );

  it('line 13: without content-length a body ends at the first NUL', () => {
    expect(parse('1.2', ['SEND\n\nab\0SEND\n\n\0'])).toEqual([
      ['SEND', {}, 'ab'],
      ['SEND', {}, ''],
    ]);
  });

  it.each(['abc', '-1', '', '1.5', '0x10', '1e3', '+1', '١'])(
    'line 13: refuses the content-length %j',
    (length) => {
      expect(refusal('1.2', `SEND\ncontent-length:${length}\n\n\0`)).toBe('content-length-invalid');
    },
  );

  it.each(['65536', '4294967296', '9'.repeat(400)])(
    'line 13: refuses the content-length %s before an octet of the body came',
    (length) => {
      expect(refusal('1.2', `SEND\ncontent-length:${length}\n\n`)).toBe('frame-too-large');
    },
  );

  it('copies a small part of a large chunk and looks at a large part where it lies', () => {
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

describe('cuts', () => {
  it('line 15: reads a frame that comes octet by octet', () => {
    const said = Buffer.from('\r\nSEND\r\ngruß:é\\r\r\ncontent-length:4\r\n\r\na\0é\0\n');
    expect(
      parse(
        '1.2',
        Array.from(said, (octet) => Buffer.from([octet])),
      ),
    ).toEqual(['eol', ['SEND', { gruß: 'é\r' }, 'a\0é'], 'eol']);
  });

  it('line 15: reads several frames of one chunk', () => {
    expect(parse('1.2', [send + send, send.slice(0, 9), send.slice(9) + send])).toEqual([
      sent,
      sent,
      sent,
      sent,
    ]);
  });
});

describe('limits', () => {
  it('line 16: takes as many headers as it may', () => {
    const headers = (count: number) => `SEND\n${'a:b\n'.repeat(count)}\n\0`;
    expect(refusal('1.2', headers(3), { maxHeaders: 3 })).toEqual([['SEND', { a: 'b' }, '']]);
    expect(refusal('1.2', headers(4), { maxHeaders: 3 })).toBe('frame-too-large');
  });

  it('line 16: measures header lines in octets, longer ones at CONNECT', () => {
    const given = { maxHeaderBytes: 8, maxConnectHeaderBytes: 12 };
    expect(refusal('1.2', 'SEND\na:éé12\n\n\0', given)).toEqual([['SEND', { a: 'éé12' }, '']]);
    expect(refusal('1.2', 'SEND\na:éé123\n\n\0', given)).toBe('frame-too-large');
    expect(refusal('1.2', 'CONNECT\na:1234567890\n\n\0', given)).toEqual([
      ['CONNECT', { a: '1234567890' }, ''],
    ]);
    expect(refusal('1.2', 'CONNECT\na:12345678901\n\n\0', given)).toBe('frame-too-large');
  });

  it('line 16: refuses a line that is too long before its end has come', () => {
    expect(refusal('1.2', 'SENDSENDSEND', { maxHeaderBytes: 8 })).toBe('frame-too-large');
    expect(refusal('1.2', 'SEND\na:1234567', { maxHeaderBytes: 8 })).toBe('frame-too-large');
  });

  it('line 16: measures whole frames, the NUL too', () => {
    expect(refusal('1.2', send, { maxFrameBytes: send.length })).toEqual([sent]);
    expect(refusal('1.2', send, { maxFrameBytes: send.length - 1 })).toBe('frame-too-large');
    expect(refusal('1.2', 'SEND\n\nabc', { maxFrameBytes: 9 })).toBe('frame-too-large');
    expect(refusal('1.2', 'SEND\ncontent-length:2\n\n', { maxFrameBytes: 25 })).toBe(
      'frame-too-large',
    );
    expect(refusal('1.2', 'SEND\ncontent-length:2\n\nab\0', { maxFrameBytes: 26 })).toEqual([
      ['SEND', {}, 'ab'],
    ]);
  });

  it('line 16: measures each frame for itself', () => {
    expect(refusal('1.2', `\n\n\n${send}\n\n${send}`, { maxFrameBytes: send.length })).toEqual([
      sent,
      sent,
    ]);
  });
});

it('says what it could read of a broken frame, and nothing of the frame before', () => {
  const parser = new Parser(limits);
  parser.feed(Buffer.from('SEND\nreceipt:r1\n\n\0SEND\nreceipt:r2\nbroken\n'));
  expect(parser.next()).toMatchObject({ command: 'SEND' });
  expect(parser.header('receipt')).toBeUndefined();
  expect(() => parser.next()).toThrow('A header line is malformed.');
  expect(parser.header('receipt')).toBe('r2');
});
