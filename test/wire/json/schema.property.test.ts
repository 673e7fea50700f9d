// docs/json-protocol.schema.json against the codec: what it allows is taken, what the codec refuses it forbids, and what is said fits.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MessageFrame, ServerFrame } from '../../../src/message/frame.js';
import { jsonCodec } from '../../../src/wire/json/codec.js';
import { isClientFrame, isServerFrame } from '../../json-schema.js';
import { cases } from '../../property.js';
import { hear } from './octets.js';

const text = fc.oneof(fc.string(), fc.constantFrom('a', 'a\0b', '', '\ud800', '😀'));
/** Mostly of the right type. */
const field = (value: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 8, arbitrary: value }, { weight: 1, arbitrary: fc.jsonValue() });
const types =
  'connect send subscribe unsubscribe ack nack begin commit abort disconnect ping pong message toString'.split(
    ' ',
  );
const frames = fc.record(
  {
    type: fc.constantFrom(...types),
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
  },
  { requiredKeys: ['type'] },
);

/** The one thing that the schema leaves to words: a payload that is no JSON is a string. */
function hasOtherContentType(frame: { headers?: unknown }): boolean {
  return JSON.stringify(frame.headers ?? {}).includes('content-type');
}

describe('the schema', () => {
  it('allows just what the codec takes', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        fc.pre(!hasOtherContentType(frame));
        // As it travels: -0 and the like are gone.
        const travelled: unknown = JSON.parse(JSON.stringify(frame));
        const taken = hear(travelled as object).kind !== 'malformed';
        expect({ frame, allowed: isClientFrame(travelled) }).toEqual({ frame, allowed: taken });
      }),
      cases,
    );
  });

  it('describes everything that the server says', () => {
    const body = Buffer.from('{}');
    const message: MessageFrame = {
      kind: 'message',
      subscription: 's',
      messageId: 'm',
      message: { destination: '/t', headers: new Map([['a', 'b']]), body },
    };
    const problem = { code: 'no-route', message: '', fatal: true } as const;
    const said: ServerFrame[] = [
      { kind: 'connected', session: 's', server: 'x', heartbeat: [0, 1], user: 'ann' },
      { kind: 'receipt', receipt: 'r' },
      { kind: 'error', ...problem },
      { kind: 'error', ...problem, detail: 'd', fields: [{ path: 'a', message: 'b' }] },
      message,
      { ...message, marks: { ack: 'a', redelivered: 1, retained: true, dropped: 1 } },
      { ...message, message: { ...message.message, body: Buffer.from([0xff]) } },
      { ...message, message: { ...message.message, body: Buffer.alloc(0) } },
    ];
    for (const frame of [...said, { kind: 'heartbeat' } as const]) {
      const octets = Buffer.from(jsonCodec.encoder('1').encode(frame).bytes).toString();
      expect([octets, isServerFrame(JSON.parse(octets))]).toEqual([octets, true]);
    }
  });
});
