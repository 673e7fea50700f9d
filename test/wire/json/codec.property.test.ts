// Generated JSON frames: an encoded message can be decoded unchanged, for any cuts of the stream.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Headers } from '../../../src/message/message.js';
import { jsonCodec } from '../../../src/wire/json/codec.js';
import { cases } from '../../property.js';
import { decodeJson, limits } from '../decoding.js';

/** Valid Unicode, without half surrogate pairs. */
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

/** The message of a server, decoded as the `send` of a client. */
function decodeAsSend(destination: string, given: Headers, body: Uint8Array) {
  const { bytes } = jsonCodec.encoder('1').encode({
    kind: 'message',
    subscription: 's',
    messageId: 'm',
    message: { destination, headers: given, body },
  });
  const {
    destination: to,
    payload,
    payloadBase64,
    headers,
  } = JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>;
  return decodeJson({ type: 'send', destination: to, payload, payloadBase64, headers });
}

/** The value of a body: JSON can be written in several ways. */
function valueOf(contentType: string, bytes: Uint8Array): unknown {
  return contentType.endsWith('json') ? JSON.parse(Buffer.from(bytes).toString()) : [...bytes];
}

describe('an encoded message', () => {
  it('can be decoded unchanged, with any body', () => {
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
          const item = decodeAsSend(destination, all, body);
          if (item.kind !== 'send') throw new Error(`Not decoded: ${JSON.stringify(item)}`);
          const { message } = item;
          expect(message.destination).toBe(destination);
          expect(valueOf(contentType, message.body)).toEqual(valueOf(contentType, body));
          // A message without body has no type.
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

  it('are the same frames for any cuts', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(200), { maxLength: 10 }), (parts, ends) => {
        const bytes = Buffer.concat(parts);
        const cuts = [0, ...ends.sort((a, b) => a - b), bytes.length];
        const read = (chunks: readonly Uint8Array[]) => {
          const decoder = jsonCodec.decoder(limits, false);
          return chunks.flatMap((chunk) => [...decoder.push(chunk)]);
        };
        const chunks = cuts.slice(1).map((end, i) => bytes.subarray(cuts[i], end));
        expect(read(chunks)).toEqual(read([bytes]));
      }),
      cases,
    );
  });
});
