// Decoding of JSON frames: valid frames, payloads, and malformed frames.
import { describe, expect, it } from 'vitest';
import { jsonCodec } from '../../../src/wire/json/codec.js';
import { codeOf, jsonDecoder, decodeJson, decodeSend, limits, type Item } from '../decoding.js';

const decodeFirst = (text: string) => [...jsonCodec.decoder(limits, true).push(Buffer.from(text))];

describe('an unknown field', () => {
  it.each([
    [{ type: 'send', destination: '/t', body: 1 }, "send has no field 'body'; use payload."],
    [{ type: 'send', destination: '/t', data: 1 }, "send has no field 'data'; use payload."],
    [{ type: 'send', topic: '/t' }, "send has no field 'topic'; use destination."],
    [{ type: 'send', event: '/t' }, "send has no field 'event'; use destination."],
    [{ type: 'subscribe', channel: '/t' }, "subscribe has no field 'channel'; use destination."],
    [
      { type: 'send', destination: '/t', reciept: 'r' },
      "send has no field 'reciept'; use receipt.",
    ],
    [{ type: 'send', destination: '/t', Payload: 1 }, "send has no field 'Payload'; use payload."],
    [
      { type: 'connect', 'heart-beat': [0, 0] },
      "connect has no field 'heart-beat'; use heartbeat.",
    ],
  ])('that is probably meant as another one makes the frame malformed: %j', (frame, message) => {
    expect(decodeJson(frame)).toMatchObject({ kind: 'malformed', code: 'header-invalid', message });
  });

  it.each([
    { type: 'disconnect', unknown: 1 },
    { type: 'ack', id: 'a', subscription: 's', body: 1 },
    { type: 'unsubscribe', id: 's', destination: '/t', headers: {} },
    { type: 'send', destination: '/t', id: 1, ttl: 5, ['x'.repeat(1000)]: 1 },
  ])('that is not similar to a known one is ignored: %j', (frame) => {
    expect(decodeJson(frame)).toMatchObject({ kind: frame.type });
  });

  it('is compared with the known ones only if the frame has few of them', () => {
    const many = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`x${i}`, 1]));
    expect(decodeJson({ type: 'send', destination: '/t', ...many, body: 1 }).kind).toBe('send');
  });
});

describe('a frame', () => {
  it.each<[object, object]>([
    [
      { type: 'subscribe', id: 's', destination: '/t', ack: 'client', receipt: 'r' },
      { kind: 'subscribe', id: 's', destination: '/t', ack: 'client', receipt: 'r' },
    ],
    [
      { type: 'subscribe', id: 's', destination: '/t', headers: { a: 'b', ack: 'x', id: 'y' } },
      { kind: 'subscribe', ack: 'auto', headers: new Map([['a', 'b']]) },
    ],
    [
      { type: 'unsubscribe', id: 's', receipt: 'r' },
      { kind: 'unsubscribe', id: 's', receipt: 'r' },
    ],
    [
      { type: 'ack', id: 'a', transaction: 't', receipt: 'r' },
      { kind: 'ack', id: 'a', transaction: 't', receipt: 'r' },
    ],
    [
      { type: 'nack', id: 'a', requeue: false },
      { kind: 'nack', id: 'a', requeue: false },
    ],
    [
      { type: 'begin', transaction: 't' },
      { kind: 'begin', transaction: 't' },
    ],
    [
      { type: 'commit', transaction: 't' },
      { kind: 'commit', transaction: 't' },
    ],
    [
      { type: 'abort', transaction: 't' },
      { kind: 'abort', transaction: 't' },
    ],
    [
      { type: 'disconnect', receipt: 'r' },
      { kind: 'disconnect', receipt: 'r' },
    ],
    [{ type: 'ping' }, { kind: 'heartbeat', wantsAnswer: true }],
    [{ type: 'pong' }, { kind: 'heartbeat' }],
    [{ type: 'disconnect' }, { kind: 'disconnect', receipt: undefined }],
  ])('%j', (fields, frame) => {
    expect(decodeJson(fields)).toMatchObject(frame);
  });

  it('is one message, which can contain line ends', () => {
    expect(decodeJson('{\n  "type": "disconnect"\r\n}')).toMatchObject({ kind: 'disconnect' });
  });

  it('is one line of a stream, for any cuts of its bytes', () => {
    const text = '{"type":"begin","transaction":"é"}\r\n\n{"type":"ping"}\n';
    const bytes = Buffer.from(text);
    for (const size of [1, 2, 7, bytes.length]) {
      const decoder = jsonCodec.decoder(limits, false);
      const frames: Item[] = [];
      for (let at = 0; at < bytes.length; at += size)
        frames.push(...decoder.push(bytes.subarray(at, at + size)));
      expect(frames.map(({ kind }) => kind)).toEqual([
        'connect',
        'begin',
        'heartbeat',
        'heartbeat',
      ]);
      expect(frames[1]).toMatchObject({ transaction: 'é' });
    }
  });

  it('is rejected as soon as it is too large, even if it never ends', () => {
    const decoder = jsonCodec.decoder({ ...limits, maxFrameBytes: 100 }, false);
    expect([...decoder.push(Buffer.alloc(100, ' '))]).toEqual([]);
    const [rejected] = decoder.push(Buffer.from('x'));
    expect(codeOf(rejected!)).toBe('frame-too-large');
  });
});

describe('the first frame', () => {
  it('contains the credentials of the client', () => {
    const fields = {
      type: 'connect',
      host: 'h',
      login: 'l',
      passcode: 'p',
      heartbeat: [1, 2 ** 40],
      headers: { a: 'b', passcode: 'q' },
    };
    expect(decodeFirst(JSON.stringify(fields))).toEqual([
      {
        kind: 'connect',
        host: 'h',
        login: 'l',
        passcode: 'p',
        heartbeat: [1, 2 ** 31 - 1],
        headers: new Map([['a', 'b']]),
      },
    ]);
  });

  it('connects implicitly once, when it is not `connect`', () => {
    const decoder = jsonCodec.decoder(limits, true);
    const push = () => [...decoder.push(Buffer.from('{"type":"begin","transaction":"t"}'))];
    expect(push()).toMatchObject([{ kind: 'connect', implicit: true }, { kind: 'begin' }]);
    expect(push()).toMatchObject([{ kind: 'begin' }]);
  });

  it('does not count a ping', () => {
    expect(decodeFirst('{"type":"ping"}')).toMatchObject([{ kind: 'heartbeat' }]);
  });
});

describe('a payload', () => {
  const send = (rest: string) => decodeSend(`{"type":"send","destination":"/t",${rest}}`);
  const asJson = { 'content-type': 'application/json' };

  it.each([
    ['{"a":1}', '{"a":1}'],
    ['[1, 2]', '[1, 2]'],
    ['"text"', '"text"'],
    ['null', 'null'],
    [' 12345678901234567890.10 ', '12345678901234567890.10'],
    ['1e400', '1e400'],
    [String.raw`{"payload":"}","__proto__":"\"]"}`, String.raw`{"payload":"}","__proto__":"\"]"}`],
  ])('is copied unchanged: %s', (written, body) => {
    expect(send(`"payload":${written}`)).toEqual({ headers: asJson, body });
    expect(send(`"headers":{},"payload":${written},"receipt":"r"`).body).toBe(body);
  });

  it('is the last member of this name on the top level', () => {
    expect(send('"payload":1,"payload":2').body).toBe('2');
    expect(send('"payload":3,"headers":{"payload":"4"}').body).toBe('3');
    expect(send(String.raw`"payload":6,"p\u0061yload":7`).body).toBe('7');
  });

  it('is JSON for JSON content types, and text for others', () => {
    const problem = { 'content-type': 'application/problem+json' };
    expect(send(`"payload":{},"headers":${JSON.stringify(problem)}`)).toEqual({
      headers: problem,
      body: '{}',
    });
    expect(send('"payload":"<a>","headers":{"content-type":"text/html"}')).toEqual({
      headers: { 'content-type': 'text/html' },
      body: '<a>',
    });
  });

  it('can be base64, or absent', () => {
    expect(send('"payloadBase64":"AP8="')).toEqual({
      headers: { 'content-type': 'application/octet-stream' },
      body: '\0\xff',
    });
    expect(send('"payloadBase64":"","headers":{"content-type":"image/png"}')).toEqual({
      headers: { 'content-type': 'image/png' },
      body: '',
    });
    expect(decodeSend('{"type":"send","destination":"/t"}')).toEqual({ headers: {}, body: '' });
  });

  it('does not have headers that only the server may set', () => {
    const serverHeaders = {
      'message-id': '1',
      subscription: '2',
      destination: '3',
      'user-name': '4',
    };
    expect(send(`"headers":${JSON.stringify({ ...serverHeaders, a: 'b' })}`).headers).toEqual({
      a: 'b',
    });
  });

  it('does not keep a large chunk in memory', () => {
    const chunk = Buffer.concat([
      Buffer.from('{"type":"send","destination":"/t","payload":1'),
      Buffer.alloc(32 * 1024, ' '),
      Buffer.from('}'),
    ]);
    const [item] = jsonDecoder().push(chunk);
    expect(item).toMatchObject({ kind: 'send' });
    const { buffer } = (item as Extract<Item, { kind: 'send' }>).message.body;
    expect(buffer.byteLength).toBeLessThan(chunk.length);
  });
});

describe('a malformed frame', () => {
  const wide = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`h${i}`, 'x']));

  it.each<[string, object | string | Uint8Array]>([
    ['frame-malformed', 'not JSON'],
    ['frame-malformed', '{"type":"send","destination":"/t"'],
    ['frame-malformed', '{"type":"ping"}{"type":"ping"}'],
    ['frame-malformed', '[]'],
    ['frame-malformed', '{"type":"ping",}'],
    ['text-invalid', Buffer.from([0x7b, 0xff, 0x7d])],
    ['command-unknown', {}],
    ['command-unknown', { type: 'jump' }],
    ['command-unknown', { type: 'constructor' }],
    ['command-unknown', { type: ['send'], destination: '/t' }],
    ['command-unknown', { type: 'message' }],
    ['header-missing', { type: 'send' }],
    ['header-missing', { type: 'subscribe', id: 's' }],
    ['header-missing', { type: 'unsubscribe' }],
    ['header-missing', { type: 'ack' }],
    ['header-missing', { type: 'begin' }],
    ['header-invalid', { type: 'send', destination: 1 }],
    ['header-invalid', { type: 'send', destination: '/t', receipt: null }],
    ['header-invalid', { type: 'send', destination: '/t\0' }],
    ['header-invalid', { type: 'send', destination: '/t', headers: [] }],
    ['header-invalid', { type: 'send', destination: '/t', headers: null }],
    ['header-invalid', { type: 'send', destination: '/t', headers: { a: 1 } }],
    ['header-invalid', { type: 'send', destination: '/t', headers: { '': 'a' } }],
    ['header-invalid', { type: 'send', destination: '/t', headers: { a: '\0' } }],
    ['header-invalid', { type: 'send', destination: '/t', headers: { a: '\ud800' } }],
    ['header-invalid', { type: 'send', destination: '/t', headers: { '\udc00': 'a' } }],
    ['header-invalid', { type: 'send', destination: '/t\udbff' }],
    ['header-invalid', { type: 'send', destination: '/t', payloadBase64: 1 }],
    ['header-invalid', { type: 'send', destination: '/t', payloadBase64: 'AP8' }],
    ['header-invalid', { type: 'send', destination: '/t', payloadBase64: 'A-8=' }],
    ['header-invalid', { type: 'send', destination: '/t', payload: 1, payloadBase64: '' }],
    [
      'header-invalid',
      { type: 'send', destination: '/t', payload: 1, headers: { 'content-type': 'text/plain' } },
    ],
    [
      'header-invalid',
      {
        type: 'send',
        destination: '/t',
        payload: '\ud800',
        headers: { 'content-type': 'text/plain' },
      },
    ],
    [
      'header-invalid',
      {
        type: 'send',
        destination: '/t',
        payload: 'é',
        headers: { 'content-type': 'text/plain;charset=iso-8859-1' },
      },
    ],
    ['header-invalid', { type: 'subscribe', id: 's', destination: '/t', ack: 'never' }],
    ['header-invalid', { type: 'connect', heartbeat: 10 }],
    ['header-invalid', { type: 'connect', heartbeat: [1] }],
    ['header-invalid', { type: 'connect', heartbeat: [1, -1] }],
    ['header-invalid', { type: 'connect', heartbeat: [1, 1.5] }],
    ['header-invalid', '{"type":"connect","heartbeat":[0,1e400]}'],
    ['frame-too-large', { type: 'send', destination: '/t', headers: wide }],
    ['frame-too-large', { type: 'send', destination: '/t', headers: { a: 'é'.repeat(4096) } }],
    ['frame-too-large', { type: 'send', destination: `/${'t'.repeat(8192)}` }],
    ['frame-too-large', { type: 'send', destination: '/t', payload: 'x'.repeat(65_536) }],
  ])('has the code %s: %j', (code, input) => {
    expect(codeOf(decodeJson(input))).toBe(code);
  });

  it('contains the requested receipt, if it is a string', () => {
    expect(decodeJson({ type: 'send', receipt: 'r' })).toMatchObject({ receipt: 'r' });
    expect(decodeJson({ type: 'send', receipt: 1 })).toMatchObject({ receipt: undefined });
  });

  it('is not one with a long token in CONNECT', () => {
    const token = 'x'.repeat(10_000);
    expect(decodeJson({ type: 'connect', headers: { token } })).toMatchObject({ kind: 'connect' });
    expect(decodeJson({ type: 'connect', passcode: token })).toMatchObject({ kind: 'connect' });
  });

  it('is the last frame that is decoded', () => {
    const decoder = jsonDecoder();
    expect([...decoder.push(Buffer.from('{'))]).toHaveLength(1);
    expect([...decoder.push(Buffer.from('{"type":"ping"}'))]).toEqual([]);
  });
});
