// JSON frames under made-up contents and cuts: what was written is read again, and cuts change nothing.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Headers } from '../../../src/message/message.js';
import { jsonCodec } from '../../../src/wire/json/codec.js';
import { cases } from '../../property.js';
import { hear, limits } from './octets.js';

/** As octets can hold it: half of a surrogate pair is no text. */
const text = fc
  .string({ unit: 'grapheme', maxLength: 12 })
  .map((each) => each.replaceAll('\0', ''));
const headers = fc.dictionary(
  text.filter((name) => name !== '' && name !== 'content-type'),
  text,
  {
    maxKeys: 4,
  },
);

/** What a server said, in the words in which a client would say it. */
function echoed(destination: string, given: Headers, body: Uint8Array) {
  const { bytes } = jsonCodec.encoder('1').encode({
    kind: 'message',
    subscription: 's',
    messageId: 'm',
    message: { destination, headers: given, body },
  });
  const said = JSON.parse(Buffer.from(bytes).toString()) as object;
  return hear({ ...said, type: 'send' });
}

/** What octets of a type mean: JSON may be written in several ways. */
function meant(contentType: string, octets: Uint8Array): unknown {
  return contentType.endsWith('json') ? JSON.parse(Buffer.from(octets).toString()) : [...octets];
}

describe('a message that was written', () => {
  it('is read again as it was, whatever its body', () => {
    fc.assert(
      fc.property(
        text,
        headers,
        fc.oneof(
          fc.json().map((each) => ['application/json', each] as const),
          fc
            .jsonValue()
            .map((each) => ['application/x+json', JSON.stringify(each, null, 1)] as const),
          text.map((each) => ['text/plain', each] as const),
          fc
            .uint8Array({ maxLength: 40 })
            .map((each) => ['application/octet-stream', each] as const),
        ),
        (destination, given, [contentType, content]) => {
          const body = Buffer.from(content as string);
          const all = new Map([...Object.entries(given), ['content-type', contentType] as const]);
          const item = echoed(destination, all, body);
          if (item.kind !== 'send') throw new Error(`Not read: ${JSON.stringify(item)}`);
          const { message } = item;
          expect(message.destination).toBe(destination);
          expect(meant(contentType, message.body)).toEqual(meant(contentType, body));
          // Of nothing, nothing is said.
          expect(message.headers.get('content-type') ?? contentType).toBe(contentType);
        },
      ),
      cases,
    );
  });
});

describe('lines of a stream', () => {
  const pieces = fc.constantFrom(
    '{"type":"ping"}\n',
    '{"type":"send","destination":"/é","payload":{"a":[1]}}\n',
    '{"type":"subscribe","id":"s","destination":"/t"}\r\n',
    '{"type":"begin"}\n',
    '{"type"',
    '{',
    '}',
    '\n',
    '\r',
    '"',
    'é',
  );
  const stream = fc.array(
    fc.oneof(
      { weight: 5, arbitrary: pieces.map((piece) => Buffer.from(piece)) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 3 }).map((each) => Buffer.from(each)) },
    ),
    { maxLength: 10 },
  );

  it('are the same frames however they are cut', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(200), { maxLength: 10 }), (parts, ends) => {
        const octets = Buffer.concat(parts);
        const cuts = [0, ...ends.sort((a, b) => a - b), octets.length];
        const read = (chunks: readonly Uint8Array[]) => {
          const decoder = jsonCodec.decoder(limits, false);
          return chunks.flatMap((chunk) => [...decoder.push(chunk)]);
        };
        const chunks = cuts.slice(1).map((end, i) => octets.subarray(cuts[i], end));
        expect(read(chunks)).toEqual(read([octets]));
      }),
      cases,
    );
  });
});
