// Compares docs/json-protocol.schema.json with the codec: both accept the same client frames, and server frames fit the schema.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MessageFrame, ServerFrame } from '../../../src/message/frame.js';
import { jsonCodec } from '../../../src/wire/json/codec.js';
import { isClientFrame, isServerFrame } from '../../json-schema.js';
import { cases } from '../../property.js';
import { decodeJson } from '../decoding.js';

const text = fc.oneof(fc.string(), fc.constantFrom('a', 'a\0b', '', '\ud800', '😀'));
/** A value of the right type, or sometimes any other. */
const field = (value: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 8, arbitrary: value }, { weight: 1, arbitrary: fc.jsonValue() });
const fields: Readonly<Record<string, readonly string[]>> = {
  connect: ['login', 'heartbeat', 'headers'],
  send: ['destination', 'payload', 'payloadBase64', 'headers', 'receipt', 'transaction'],
  subscribe: ['id', 'destination', 'ack', 'headers', 'receipt'],
  unsubscribe: ['id', 'receipt'],
  ack: ['id', 'transaction', 'receipt'],
  nack: ['id', 'transaction', 'receipt'],
  begin: ['transaction', 'receipt'],
  commit: ['transaction', 'receipt'],
  abort: ['transaction', 'receipt'],
  disconnect: ['receipt'],
  ping: [],
  pong: [],
  message: ['id', 'destination'],
  toString: [],
};
const anyFields = fc.record(
  {
    id: field(text),
    destination: field(text),
    ack: field(fc.constantFrom('auto', 'client', 'client-individual', 'none')),
    receipt: field(text),
    transaction: field(text),
    login: field(text),
    heartbeat: field(fc.tuple(fc.integer({ min: -1 }), fc.double())),
    headers: field(fc.dictionary(text, field(text), { maxKeys: 3 })),
    payload: fc.jsonValue(),
    payloadBase64: field(fc.oneof(fc.base64String(), fc.string())),
    body: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
/** Mostly frames with the fields of their type only. */
const frames = fc
  .tuple(fc.constantFrom(...Object.entries(fields)), anyFields, fc.nat({ max: 9 }))
  .map(([[type, known], given, dice]): Readonly<Record<string, unknown>> => ({
    ...Object.fromEntries(
      Object.entries(given).filter(([name]) => dice === 0 || known.includes(name)),
    ),
    type,
  }));

/** The schema cannot express one rule: with a content type that is not JSON, the payload is a string. */
function hasOtherContentType(frame: { headers?: unknown }): boolean {
  return JSON.stringify(frame.headers ?? {}).includes('content-type');
}

describe('the schema', () => {
  it('allows exactly the frames that the codec accepts', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        fc.pre(!hasOtherContentType(frame));
        // As JSON: without -0 and the like.
        const sent: unknown = JSON.parse(JSON.stringify(frame));
        const accepted = decodeJson(sent as object).kind !== 'malformed';
        expect({ frame, allowed: isClientFrame(sent) }).toEqual({ frame, allowed: accepted });
      }),
      cases,
    );
  });

  it('describes every frame of the server', () => {
    const body = Buffer.from('{}');
    const message: MessageFrame = {
      kind: 'message',
      subscription: 's',
      messageId: 'm',
      message: { destination: '/t', headers: new Map([['a', 'b']]), body },
    };
    const problem = { code: 'no-route', message: '', fatal: true } as const;
    const serverFrames: ServerFrame[] = [
      { kind: 'connected', session: 's', server: 'x', heartbeat: [0, 1], user: 'ann' },
      { kind: 'receipt', receipt: 'r' },
      { kind: 'error', ...problem },
      { kind: 'error', ...problem, detail: 'd', fields: [{ path: 'a', message: 'b' }] },
      message,
      { ...message, marks: { ack: 'a', redelivered: 1, retained: true, dropped: 1 } },
      { ...message, message: { ...message.message, body: Buffer.from([0xff]) } },
      { ...message, message: { ...message.message, body: Buffer.alloc(0) } },
    ];
    for (const frame of [...serverFrames, { kind: 'heartbeat' } as const]) {
      const text = Buffer.from(jsonCodec.encoder('1').encode(frame).bytes).toString();
      expect([text, isServerFrame(JSON.parse(text))]).toEqual([text, true]);
    }
  });
});
