// Frames under made-up contents and cuts: what was written is read again, and cuts change nothing.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trimmedBlanks } from '../../../src/wire/stomp/blanks.js';
import { stompCodec } from '../../../src/wire/stomp/codec.js';
import { dialects, versions, type Version } from '../../../src/wire/stomp/dialect.js';
import { Parser } from '../../../src/wire/stomp/parser.js';
import type { RawFrame } from '../../../src/wire/stomp/raw-frame.js';
import { serialize } from '../../../src/wire/stomp/serializer.js';
import { cases } from '../../property.js';
import { connectedDecoder, limits } from './octets.js';

/** Characters that mean something to the protocol, among others. */
const character = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('\\', ':', '\n', '\r', ' ', 'n', 'c', 'r', 'a', 'é', '€', '😀'),
  },
  {
    weight: 1,
    arbitrary: fc
      .string({ unit: 'binary', minLength: 1, maxLength: 1 })
      .filter((each) => each !== '\0'),
  },
);
const anyText = fc.array(character, { maxLength: 12 }).map((characters) => characters.join(''));

/** Text that a header of this version can hold, beyond what an early version cannot say. */
function headerText(version: Version, isName: boolean): fc.Arbitrary<string> {
  const unsayable = { '1.0': isName ? /[\r\n:]/g : /[\r\n]/g, '1.1': /\r/g, '1.2': /(?!)/g }[
    version
  ];
  const sayable = anyText.map((text) => text.replaceAll(unsayable, ''));
  return version === '1.0' && isName ? sayable.map(trimmedBlanks) : sayable;
}

function rawFrame(version: Version): fc.Arbitrary<RawFrame> {
  const name = headerText(version, true).filter((text) => text !== '' && text !== 'content-length');
  return fc.record({
    command: fc.constantFrom('SEND', 'MESSAGE', 'ERROR', 'ACK', 'x', 'straße'),
    headers: fc
      .array(fc.tuple(name, headerText(version, false)), { maxLength: 6 })
      .map((entries) => new Map(entries)),
    body: fc.uint8Array({ maxLength: 300 }),
  });
}

const inAnyVersion = fc
  .constantFrom(...versions)
  .chain((version) =>
    fc.tuple(fc.constant(version), fc.array(rawFrame(version), { maxLength: 4 })),
  );

function isUnsayable(version: Version, name: string, value: string): boolean {
  if (name === '' || name === 'content-length') return true;
  if (version === '1.0' && trimmedBlanks(name) !== name) return true;
  return version !== '1.2' && /[\r\n:]/.test(name + value);
}

/** Where to cut, as shares of what is left. */
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 });

function cut(octets: Uint8Array, shares: readonly number[]): Uint8Array[] {
  const ends = shares.map((share) => Math.floor(share * octets.length)).sort((a, b) => a - b);
  return [...ends, octets.length].map((end, index) => octets.slice(ends[index - 1] ?? 0, end));
}

function parseAll(version: Version, chunks: readonly Uint8Array[]): RawFrame[] {
  const parser = new Parser(limits);
  parser.dialect = dialects[version];
  const frames: RawFrame[] = [];
  for (const chunk of chunks) {
    parser.feed(chunk);
    for (let item = parser.next(); item !== undefined; item = parser.next())
      if (item !== 'eol') frames.push(item);
  }
  return frames;
}

function plain({ command, headers, body }: RawFrame) {
  return { command, headers: [...headers], body: [...body] };
}

describe('a frame that was written', () => {
  it('is read again as it was, in every version and however it is cut', () => {
    fc.assert(
      fc.property(inAnyVersion, cuts, ([version, frames], shares) => {
        const octets = Buffer.concat(frames.map((frame) => serialize(frame, dialects[version])));
        expect(parseAll(version, cut(octets, shares)).map(plain)).toEqual(frames.map(plain));
      }),
      cases,
    );
  });

  it('is read again with whatever its version can say, and breaks no frame after it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...versions),
        fc.dictionary(anyText, anyText, { maxKeys: 4 }),
        (version, headers) => {
          const frame = {
            command: 'SEND',
            headers: new Map(Object.entries(headers)),
            body: Buffer.from('x'),
          };
          const octets = serialize(frame, dialects[version]);
          const read = parseAll(version, [octets, octets]);
          expect(read).toHaveLength(2);
          const names = Object.keys(headers).filter(
            (name) => !isUnsayable(version, name, headers[name]!),
          );
          expect([...read[0]!.headers.keys()]).toEqual(expect.arrayContaining(names));
        },
      ),
      cases,
    );
  });
});

describe('a MESSAGE', () => {
  const own = ['subscription', 'message-id', 'destination', 'content-length'];
  const around = fc.constantFrom('', ' ', '\r', '\n', '\t', ':', '\\', '\0');
  /** As the server's own, or nearly so. */
  const confusing = fc
    .tuple(around, fc.constantFrom(...own), around)
    .map((parts) => parts.join(''));
  const name = fc.oneof(anyText, confusing).filter((each) => !own.includes(each));
  const headers = fc.dictionary(name, anyText, { maxKeys: 5 });
  const destination = anyText.map((text) => `/${text.replaceAll(/[\r\n]/g, '')}`);
  const body = fc.uint8Array({ maxLength: 40 });

  it('is read as the server means it, whatever headers another client gave it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...versions),
        destination,
        headers,
        body,
        (version, to, given, octets) => {
          const message = {
            destination: to,
            headers: new Map(Object.entries(given)),
            body: octets,
          };
          const { bytes } = stompCodec
            .encoder(version)
            .encode({ kind: 'message', subscription: 's', messageId: 'm', message });
          const read = parseAll(version, [bytes, bytes]);
          expect(read.map((frame) => [...frame.body])).toEqual([[...octets], [...octets]]);
          for (const { headers: all } of read) {
            const names = [...all.keys()];
            // Readers of 1.0 trim names, and none may become another.
            expect(version === '1.0' ? names.map(trimmedBlanks) : names).toEqual(names);
            const ownValues = own.slice(0, 3).map((each) => all.get(each));
            expect(ownValues).toEqual(['s', 'm', to]);
          }
        },
      ),
      cases,
    );
  });
});

describe('any octets', () => {
  const pieces = fc.constantFrom(
    'SEND\n',
    'destination:/a\n',
    'SEND\ndestination:/a\n\nhi\0',
    'BEGIN\ntransaction:t\n\n\0',
    'NACK\nid:1\n\n\0',
    'CONNECT\n\n\0',
    'content-length:2\n',
    'receipt:r\\c\n',
    'a:b\n',
    '\n',
    '\r\n',
    '\r',
    '\0',
    ':',
    '\\t',
    'é',
  );
  const stream = fc.array(
    fc.oneof(
      pieces.map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 3 }),
    ),
    { maxLength: 12 },
  );

  it('are the same frames and end in the same way however they are cut', () => {
    fc.assert(
      fc.property(fc.constantFrom(...versions), stream, cuts, (version, parts, shares) => {
        const octets = Buffer.concat(parts);
        const hear = (chunks: readonly Uint8Array[]) => {
          const decoder = connectedDecoder(version);
          return chunks
            .flatMap((chunk) => [...decoder.push(chunk)])
            .filter(({ kind }) => kind !== 'heartbeat');
        };
        const whole = hear([octets]);
        expect(hear(cut(octets, shares))).toEqual(whole);
        expect(hear(Array.from(octets, (octet) => Uint8Array.of(octet)))).toEqual(whole);
      }),
      cases,
    );
  });
});
