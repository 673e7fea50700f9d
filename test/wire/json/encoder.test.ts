// Encoding of JSON frames: their fields, and sharing of equal frames.
import { describe, expect, it } from 'vitest';
import type { MessageFrame, ServerFrame } from '../../../src/message/frame.js';
import { jsonCodec } from '../../../src/wire/json/codec.js';

const encoder = jsonCodec.encoder('1');

function encode(frame: ServerFrame | { kind: 'heartbeat' }): unknown {
  const { bytes, binary } = encoder.encode(frame);
  expect(binary).toBe(false);
  const text = Buffer.from(bytes).toString();
  expect(text.indexOf('\n')).toBe(text.length - 1);
  return JSON.parse(text);
}

function message(body: string | Uint8Array, headers: Record<string, string> = {}): MessageFrame {
  return {
    kind: 'message',
    subscription: 's"1',
    messageId: 'm',
    message: {
      destination: '/topic/é',
      headers: new Map(Object.entries(headers)),
      body: Buffer.from(body as string),
    },
  };
}

const base = { type: 'message', subscription: 's"1', id: 'm', destination: '/topic/é' };
const asJson = { 'content-type': 'application/json' };

describe('a frame', () => {
  it('contains its defined fields', () => {
    expect(encode({ kind: 'receipt', receipt: 'r' })).toEqual({ type: 'receipt', id: 'r' });
    expect(encode({ kind: 'heartbeat' })).toEqual({ type: 'pong' });
    const connected = { session: 's', server: 'signalbox/1', heartbeat: [1, 2] as const };
    expect(encode({ kind: 'connected', ...connected, user: undefined })).toEqual({
      type: 'connected',
      ...connected,
    });
    expect(encode({ kind: 'connected', ...connected, user: 'ann' })).toMatchObject({ user: 'ann' });
    const error = { code: 'no-route', message: 'Nothing.', fatal: false } as const;
    expect(encode({ kind: 'error', ...error })).toEqual({ type: 'error', ...error });
    const more = { receipt: 'r', destination: '/x', fields: [{ path: 'a', message: 'b' }] };
    expect(encode({ kind: 'error', ...error, ...more })).toEqual({
      type: 'error',
      ...error,
      ...more,
    });
  });
});

describe('a message', () => {
  it.each<[string, MessageFrame, object]>([
    ['JSON', message('{"a":[1]}', asJson), { payload: { a: [1] }, headers: {} }],
    [
      'another JSON type',
      message('1', { 'content-type': 'application/x+json' }),
      { payload: 1, headers: { 'content-type': 'application/x+json' } },
    ],
    ['JSON over lines', message('{\r\n"a":\n1}', asJson), { payload: { a: 1 }, headers: {} }],
    ['invalid JSON', message('{"a":', asJson), { payload: '{"a":', headers: asJson }],
    ['two JSON values', message('1},{', asJson), { payload: '1},{', headers: asJson }],
    ['text', message('{"a":1}'), { payload: '{"a":1}', headers: {} }],
    [
      'text with a content type',
      message('é"\n\0', { 'content-type': 'text/plain' }),
      { payload: 'é"\n\0', headers: { 'content-type': 'text/plain' } },
    ],
    [
      'bytes that are not text',
      message(Buffer.from([0xff, 0])),
      { payloadBase64: '/wA=', headers: {} },
    ],
    [
      'bytes with the content type of JSON',
      message(Buffer.from([0x22, 0xff, 0x22]), asJson),
      { payloadBase64: 'Iv8i', headers: asJson },
    ],
    [
      'text with the content type of bytes',
      message('text', { 'content-type': 'application/octet-stream' }),
      { payloadBase64: 'dGV4dA==', headers: { 'content-type': 'application/octet-stream' } },
    ],
    ...['text/plain;charset=utf-16le', 'application/json;charset=iso-8859-1'].map(
      (contentType): [string, MessageFrame, object] => [
        `UTF-8 with the content type ${contentType}`,
        message('1\0', { 'content-type': contentType }),
        { payloadBase64: 'MQA=', headers: { 'content-type': contentType } },
      ],
    ),
    ['an empty body', message(''), { headers: {} }],
    [
      'headers with special names',
      message('', { __proto__: 'x', constructor: 'a\r\nb', 'é:\\': '\ud800' }),
      { headers: JSON.parse('{"constructor":"a\\r\\nb","é:\\\\":"\\ud800"}') as object },
    ],
  ])('with %s has its payload and headers', (_, frame, rest) => {
    expect(encode(frame)).toEqual({ ...base, ...rest });
  });

  it('keeps a header with the name __proto__', () => {
    const frame = message('');
    const headers = new Map([['__proto__', 'x']]);
    const { bytes } = encoder.encode({ ...frame, message: { ...frame.message, headers } });
    expect(Buffer.from(bytes).toString()).toContain('"headers":{"__proto__":"x"}');
  });

  it('is one object for equal frames, except deliveries with marks', () => {
    const frame = message('1', asJson);
    const shared = encoder.encode(frame);
    expect(encoder.encode({ ...frame })).toBe(shared);
    expect(encoder.encode({ ...frame, subscription: 'other' })).not.toBe(shared);
    expect(encode({ ...frame, marks: { ack: 'a1' } })).toEqual({
      ...base,
      ack: 'a1',
      payload: 1,
      headers: {},
    });
    expect(encode({ ...frame, marks: { redelivered: 2 } })).toMatchObject({ deliveries: 3 });
    expect(encoder.encode(frame)).toBe(shared);
  });
});
