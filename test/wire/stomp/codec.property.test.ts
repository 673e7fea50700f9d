// Generated STOMP frames: a serialized frame can be parsed unchanged, for any cuts of the stream.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trimBlanks } from '../../../src/wire/stomp/header.js';
import { stompCodec } from '../../../src/wire/stomp/codec.js';
import { dialects, versions, type Version } from '../../../src/wire/stomp/dialect.js';
import { Parser } from '../../../src/wire/stomp/parser.js';
import { serialize, type RawFrame } from '../../../src/wire/stomp/raw-frame.js';
import { cases } from '../../property.js';
import { stompDecoder, limits } from '../decoding.js';

/** Characters with a meaning in the protocol, and others. */
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

/** Text that a header of this version can contain. */
function headerText(version: Version, isName: boolean): fc.Arbitrary<string> {
  const forbidden = { '1.0': isName ? /[\r\n:]/g : /[\r\n]/g, '1.1': /\r/g, '1.2': /(?!)/g }[
    version
  ];
  const allowed = anyText.map((text) => text.replaceAll(forbidden, ''));
  return version === '1.0' && isName ? allowed.map(trimBlanks) : allowed;
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

function isOmitted(version: Version, name: string, value: string): boolean {
  if (name === '' || name === 'content-length') return true;
  if (version === '1.0' && trimBlanks(name) !== name) return true;
  return version !== '1.2' && /[\r\n:]/.test(name + value);
}

/** Places to cut, as shares of the length. */
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 });

function cut(bytes: Uint8Array, shares: readonly number[]): Uint8Array[] {
  const ends = shares.map((share) => Math.floor(share * bytes.length)).sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.slice(ends[index - 1] ?? 0, end));
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

describe('a serialized frame', () => {
  it('can be parsed unchanged in every version, for any cuts', () => {
    fc.assert(
      fc.property(inAnyVersion, cuts, ([version, frames], shares) => {
        const bytes = Buffer.concat(frames.map((frame) => serialize(frame, dialects[version])));
        expect(parseAll(version, cut(bytes, shares)).map(plain)).toEqual(frames.map(plain));
      }),
      cases,
    );
  });

  it('keeps all headers that its version can represent, and does not break the next frame', () => {
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
          const bytes = serialize(frame, dialects[version]);
          const read = parseAll(version, [bytes, bytes]);
          expect(read).toHaveLength(2);
          const names = Object.keys(headers).filter(
            (name) => !isOmitted(version, name, headers[name]!),
          );
          expect([...read[0]!.headers.keys()]).toEqual(expect.arrayContaining(names));
        },
      ),
      cases,
    );
  });
});

describe('a MESSAGE', () => {
  const serverHeaders = ['subscription', 'message-id', 'destination', 'content-length'];
  const around = fc.constantFrom('', ' ', '\r', '\n', '\t', ':', '\\', '\0');
  /** The names of server headers, or similar ones. */
  const confusing = fc
    .tuple(around, fc.constantFrom(...serverHeaders), around)
    .map((parts) => parts.join(''));
  const name = fc.oneof(anyText, confusing).filter((each) => !serverHeaders.includes(each));
  const headers = fc.dictionary(name, anyText, { maxKeys: 5 });
  const destination = anyText.map((text) => `/${text.replaceAll(/[\r\n]/g, '')}`);
  const body = fc.uint8Array({ maxLength: 40 });

  it('keeps the headers of the server, whatever headers another client has set', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...versions),
        destination,
        headers,
        body,
        (version, to, given, content) => {
          const message = {
            destination: to,
            headers: new Map(Object.entries(given)),
            body: content,
          };
          const { bytes } = stompCodec
            .encoder(version)
            .encode({ kind: 'message', subscription: 's', messageId: 'm', message });
          const read = parseAll(version, [bytes, bytes]);
          expect(read.map((frame) => [...frame.body])).toEqual([[...content], [...content]]);
          for (const { headers: all } of read) {
            const names = [...all.keys()];
            // Clients of 1.0 trim names, which must not turn one name into another.
            expect(version === '1.0' ? names.map(trimBlanks) : names).toEqual(names);
            const serverValues = serverHeaders.slice(0, 3).map((each) => all.get(each));
            expect(serverValues).toEqual(['s', 'm', to]);
          }
        },
      ),
      cases,
    );
  });
});

describe('any bytes', () => {
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

  it('are the same frames and the same error for any cuts', () => {
    fc.assert(
      fc.property(fc.constantFrom(...versions), stream, cuts, (version, parts, shares) => {
        const bytes = Buffer.concat(parts);
        const decode = (chunks: readonly Uint8Array[]) => {
          const decoder = stompDecoder(version);
          return chunks
            .flatMap((chunk) => [...decoder.push(chunk)])
            .filter(({ kind }) => kind !== 'heartbeat');
        };
        const whole = decode([bytes]);
        expect(decode(cut(bytes, shares))).toEqual(whole);
        expect(decode(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(whole);
      }),
      cases,
    );
  });
});
