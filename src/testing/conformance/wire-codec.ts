// The conformance suite of codecs: every frame can be decoded and encoded unchanged, however its bytes arrive.
import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import type {
  ClientFrame,
  ConnectFrame,
  Heartbeat,
  Malformed,
  MessageFrame,
  SendFrame,
  ServerFrame,
} from '../../message/frame.js';
import type { Message } from '../../message/message.js';
import type { Decoder, DecoderLimits, WireCodec } from '../../wire/codec.js';
import type { ClientProtocol } from '../client-protocol.js';
import { casesOf, type Checks, type ConformanceCase, type Exceptions } from './conformance-case.js';
import { equalFrames, includesFields } from './frame-assertions.js';

/** The codec under test. */
export interface CodecSubject {
  /** The codec. */
  readonly codec: WireCodec;
  /** Creates a client of the protocol. */
  readonly client: () => ClientProtocol;
  /** Byte sequences that are not frames of the protocol; each is sent after CONNECT. */
  readonly malformed: readonly Uint8Array[];
}

/**
 * The cases of the suite for wire protocols, for any test framework.
 *
 * @param exceptions cases that the codec fails, each with its reason
 * @throws {Error} when an exception names a case that does not exist
 * @example
 * ```ts
 * const subject: CodecSubject = {
 *   codec: stompCodec,
 *   client: stompClientProtocol,
 *   malformed: [Buffer.from('NONSENSE\\n\\n\\0')],
 * };
 * for (const { name, run } of codecConformance(subject)) it(name, run);
 * ```
 */
export function codecConformance(
  subject: CodecSubject,
  exceptions: Exceptions = {},
): readonly ConformanceCase[] {
  return casesOf(checks, subject, exceptions);
}

const limits: DecoderLimits = {
  maxFrameBytes: 100_000,
  maxHeaders: 50,
  maxHeaderBytes: 5000,
  maxConnectHeaderBytes: 10_000,
};

const octetStream = 'application/octet-stream';
const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);

/** Bodies that contain the delimiters of protocols and invalid text. */
const bodies: readonly (readonly [contentType: string, body: Uint8Array])[] = [
  [octetStream, everyByte],
  [octetStream, Uint8Array.of(0)],
  [octetStream, Uint8Array.of(0xff, 0x00, 0x0a, 0x00)],
  ['text/plain', Buffer.from('a line\r\nand another\n\n')],
  ['text/plain', Buffer.from('h\u00e9, \u20ac, \u{1f642}')],
  ['application/json', Buffer.from('{"a":[1,"}{",null],"\\u0000":"\\ud83d"}')],
];

const awkwardHeaders = new Map([
  ['plain', 'value'],
  ['colon', 'a:b::c'],
  ['name:colon', 'x'],
  ['line', 'one\ntwo'],
  ['return', 'one\rtwo'],
  ['backslash', '\\c\\'],
  ['unicode', '\u20ac\u{1f642}'],
  ['blanks', '  both sides  '],
  ['empty', ''],
  ['__proto__', 'a'],
  ['constructor', 'b'],
]);

const connect: ConnectFrame = {
  kind: 'connect',
  host: 'localhost',
  login: 'ann',
  passcode: 'secret',
  heartbeat: [1000, 2000],
  headers: new Map([['token', 'abc']]),
};

function send(body: Uint8Array, headers: ReadonlyMap<string, string> = new Map()): SendFrame {
  return { kind: 'send', message: { destination: '/app/say', headers, body }, receipt: 'r-1' };
}

function sendText(text: string, headers: Iterable<readonly [string, string]> = []): SendFrame {
  return send(Buffer.from(text), new Map([['content-type', 'text/plain'], ...headers]));
}

const plainSend = sendText('hi');

/** The frames that a client can send after CONNECT. */
const clientFrames: readonly ClientFrame[] = [
  plainSend,
  { ...plainSend, transaction: 't-1', receipt: undefined },
  send(new Uint8Array(0)),
  {
    kind: 'subscribe',
    id: 's-1',
    destination: '/topic/*',
    ack: 'client-individual',
    headers: new Map([['prefetch-count', '5']]),
    receipt: 'r-2',
  },
  { kind: 'unsubscribe', id: 's-1', receipt: 'r-3' },
  { kind: 'ack', id: 'a-1', receipt: 'r-4' },
  { kind: 'nack', id: 'a-2', transaction: 't-1' },
  { kind: 'begin', transaction: 't-1', receipt: 'r-5' },
  { kind: 'commit', transaction: 't-1' },
  { kind: 'abort', transaction: 't-2' },
  { kind: 'disconnect', receipt: 'r-6' },
];

function delivery(message: Message, more: Partial<MessageFrame> = {}): MessageFrame {
  return { kind: 'message', subscription: 's-1', messageId: 'm-1', message, ...more };
}

const greeting: Message = {
  destination: '/topic/greetings',
  headers: new Map([['content-type', 'application/json']]),
  body: Buffer.from('{"text":"hi"}'),
};

/** The frames that a server can send. */
const serverFrames: readonly ServerFrame[] = [
  { kind: 'connected', session: 'x-1', server: 'test/1', heartbeat: [0, 10_000], user: 'ann' },
  { kind: 'connected', session: 'x-1', server: 'test/1', heartbeat: [0, 0] },
  delivery(greeting),
  delivery(greeting, { marks: { ack: 'a-1', redelivered: 2 } }),
  delivery(greeting, { marks: { retained: true, dropped: 7 } }),
  { kind: 'receipt', receipt: 'r-1' },
  { kind: 'error', code: 'no-route', message: 'No handler.', receipt: 'r-1', fatal: true },
];

const checks: Checks<CodecSubject> = {
  'has unique subprotocols, one of them for its client'({ codec, client }) {
    const { subprotocols } = codec;
    equal(new Set(subprotocols).size, subprotocols.length);
    ok(subprotocols.includes(client().subprotocol));
  },

  'recognizes the first byte of its client'({ codec, client }) {
    equal(codec.begins(client().encode(connect)[0]!), true);
    equal(codec.begins(0x00), false);
  },

  'decodes CONNECT'(subject) {
    const [decoded] = decodeAll(subject.codec.decoder(limits, true), [
      subject.client().encode(connect),
    ]);
    includesFields(decoded, {
      kind: 'connect',
      login: 'ann',
      passcode: 'secret',
      heartbeat: [1000, 2000],
    });
    equal((decoded as ConnectFrame).headers.get('token'), 'abc');
  },

  'chooses the version by the first frame, and has one encoder for it'(subject) {
    const decoder = decoderAfterConnect(subject);
    equal(subject.codec.encoder(decoder.version), subject.codec.encoder(decoder.version));
  },

  'decodes every frame of a client'(subject) {
    for (const frame of clientFrames) equalFrames(decodedOf(subject, [frame]), [frame]);
  },

  'decodes the same frames however their bytes are cut'(subject) {
    const bytes = Buffer.concat(encodedByClient(subject, clientFrames));
    for (const size of [1, 2, 7, 100]) {
      const decoder = decoderAfterConnect(subject, false);
      equalFrames(decodeAll(decoder, cut(bytes, size)), clientFrames);
    }
  },

  'decodes all frames of one chunk, lazily and in order'(subject) {
    const decoder = decoderAfterConnect(subject, false);
    const chunk = Buffer.concat(encodedByClient(subject, clientFrames));
    const [first] = decoder.push(chunk);
    equalFrames(first, clientFrames[0]);
    equalFrames(decodeAll(decoderAfterConnect(subject, false), [chunk]), clientFrames);
  },

  'decodes bodies unchanged'(subject) {
    for (const [contentType, body] of bodies) {
      const headers = new Map([['content-type', contentType]]);
      const [decoded] = decodedOf(subject, [send(body, headers)]);
      deepEqual(Buffer.from((decoded as SendFrame).message.body), Buffer.from(body));
    }
  },

  'decodes names and values of headers unchanged'(subject) {
    const [decoded] = decodedOf(subject, [send(Buffer.from('x'), awkwardHeaders)]);
    const { headers } = (decoded as SendFrame).message;
    for (const [name, value] of awkwardHeaders) equal(headers.get(name), value, name);
  },

  'removes headers that only the server may set'(subject) {
    const serverHeaders = [
      'message-id',
      'subscription',
      'redelivered',
      'user-name',
      'session',
      'dropped',
    ];
    const headers = new Map(serverHeaders.map((name) => [name, 'forged']));
    const [decoded] = decodedOf(subject, [send(Buffer.from('x'), headers)]);
    for (const name of serverHeaders)
      equal((decoded as SendFrame).message.headers.has(name), false, name);
  },

  'stops at the first malformed frame'(subject) {
    for (const bytes of subject.malformed) {
      const decoder = decoderAfterConnect(subject);
      const items = decodeAll(decoder, [bytes, ...encodedByClient(subject, [plainSend])]);
      deepEqual(
        items.map(({ kind }) => kind),
        ['malformed'],
        `After ${JSON.stringify(Buffer.from(bytes).toString())}`,
      );
      notEqual((items[0] as Malformed).message, '');
    }
  },

  'rejects a frame that exceeds its limit'(subject) {
    rejectsBeyond(subject, sendText('x'.repeat(2000)), { maxFrameBytes: 1000 });
  },

  'rejects a frame with more headers than the limit'(subject) {
    const many = Array.from({ length: 20 }, (_, i) => [`h-${i}`, 'x'] as const);
    rejectsBeyond(subject, sendText('x', many), { maxHeaders: 15 });
  },

  'rejects a header that exceeds its limit'(subject) {
    const long = sendText('x', [['long', 'x'.repeat(600)]]);
    rejectsBeyond(subject, long, { maxHeaderBytes: 500 });
  },

  'keeps the state of decoders separate'(subject) {
    const [one, other] = [decoderAfterConnect(subject, false), decoderAfterConnect(subject, false)];
    const [bytes] = encodedByClient(subject, [plainSend]);
    const half = bytes!.subarray(0, 10);
    equalFrames(decodeAll(one, [half]), []);
    equalFrames(decodeAll(other, [bytes!]), [plainSend]);
    equalFrames(decodeAll(one, [bytes!.subarray(10)]), [plainSend]);
  },

  'encodes every frame of a server'(subject) {
    for (const frame of serverFrames) includesFields(decodedByClient(subject, frame), frame);
  },

  'encodes bodies unchanged, as text only if they are valid UTF-8'(subject) {
    for (const [contentType, body] of bodies) {
      const headers = new Map([['content-type', contentType]]);
      const message = { destination: '/topic/x', headers, body };
      const encoded = encoderOf(subject).encode(delivery(message));
      ok(encoded.binary || isUtf8(encoded.bytes), 'Bytes that are not text are sent as text.');
      const { message: decoded } = decodedByClient(subject, delivery(message)) as MessageFrame;
      deepEqual(Buffer.from(decoded.body), Buffer.from(body), contentType);
    }
  },

  'encodes names and values of headers unchanged'(subject) {
    const headers = new Map([...awkwardHeaders, ['content-type', 'text/plain']]);
    const message = { destination: '/topic/x', headers, body: Buffer.from('x') };
    const decoded = decodedByClient(subject, delivery(message)) as MessageFrame;
    for (const [name, value] of awkwardHeaders)
      equal(decoded.message.headers.get(name), value, name);
  },

  'encodes equal frames once'(subject) {
    const frame = delivery(greeting);
    equal(encoderOf(subject).encode(frame), encoderOf(subject).encode(frame));
  },

  'encodes a message for each subscription id'(subject) {
    const encoder = encoderOf(subject);
    encoder.encode(delivery(greeting));
    const { bytes } = encoder.encode(delivery(greeting, { subscription: 's-2' }));
    const [decoded] = subject.client().decode(bytes);
    includesFields(decoded, { kind: 'message', subscription: 's-2', messageId: 'm-1' });
  },

  'decodes and encodes heart-beats'(subject) {
    const client = subject.client();
    const beats = decodeAll(decoderAfterConnect(subject), [client.encode({ kind: 'heartbeat' })]);
    includesFields(beats[0], { kind: 'heartbeat' });
    const [decoded] = client.decode(encoderOf(subject).encode({ kind: 'heartbeat' }).bytes);
    includesFields(decoded, { kind: 'heartbeat' });
  },
};

type Item = ClientFrame | Heartbeat | Malformed;

function decodeAll(decoder: Decoder, chunks: readonly Uint8Array[]): Item[] {
  return chunks.flatMap((chunk) => [...decoder.push(chunk)]);
}

function encodedByClient({ client }: CodecSubject, frames: readonly ClientFrame[]): Buffer[] {
  const protocol = client();
  return frames.map((frame) => Buffer.from(protocol.encode(frame)));
}

function decoderAfterConnect(
  subject: CodecSubject,
  messages = true,
  more: Partial<DecoderLimits> = {},
): Decoder {
  const decoder = subject.codec.decoder({ ...limits, ...more }, messages);
  includesFields(decodeAll(decoder, encodedByClient(subject, [connect]))[0], { kind: 'connect' });
  return decoder;
}

function decodedOf(subject: CodecSubject, frames: readonly ClientFrame[]): Item[] {
  return decodeAll(decoderAfterConnect(subject), encodedByClient(subject, frames));
}

function encoderOf(subject: CodecSubject) {
  return subject.codec.encoder(decoderAfterConnect(subject).version);
}

/** The frame as the client decodes it. */
function decodedByClient(subject: CodecSubject, frame: ServerFrame): ServerFrame | Heartbeat {
  const decoded = subject.client().decode(encoderOf(subject).encode(frame).bytes);
  equal(decoded.length, 1, `${frame.kind} became ${decoded.length} frames.`);
  return decoded[0]!;
}

function rejectsBeyond(
  subject: CodecSubject,
  frame: ClientFrame,
  more: Partial<DecoderLimits>,
): void {
  const bytes = encodedByClient(subject, [frame]);
  equalFrames(decodeAll(decoderAfterConnect(subject), bytes), [frame]);
  const [rejected] = decodeAll(decoderAfterConnect(subject, true, more), bytes);
  includesFields(rejected, { kind: 'malformed' });
}

function cut(bytes: Buffer, size: number): Buffer[] {
  const chunks = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return chunks;
}
