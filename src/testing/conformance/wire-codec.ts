// What a wire protocol promises: frames as they were said, however their octets travel.
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
import { sameFrames, says } from './said.js';

export interface CodecSubject {
  readonly codec: WireCodec;
  /** The client's side of the protocol, a new one at each call. */
  readonly client: () => ClientProtocol;
  /** Octets that are no frame of the protocol; each is said after CONNECT. */
  readonly malformed: readonly Uint8Array[];
}

/** @throws Error for an exception to a case that does not exist */
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
const everyOctet = Uint8Array.from({ length: 256 }, (_, octet) => octet);

/** What bodies can be made of; nothing says where one ends but the protocol itself. */
const bodies: readonly (readonly [contentType: string, body: Uint8Array])[] = [
  [octetStream, everyOctet],
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

/** What a client can say after CONNECT. */
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

/** What a server can say. */
const serverFrames: readonly ServerFrame[] = [
  { kind: 'connected', session: 'x-1', server: 'test/1', heartbeat: [0, 10_000], user: 'ann' },
  { kind: 'connected', session: 'x-1', server: 'test/1', heartbeat: [0, 0] },
  delivery(greeting),
  delivery(greeting, { marks: { ack: 'a-1', redelivered: 2 } }),
  delivery(greeting, { marks: { retained: true, dropped: 7 } }),
  { kind: 'receipt', receipt: 'r-1' },
  { kind: 'error', code: 'no-route', message: 'Nobody serves it.', receipt: 'r-1', fatal: true },
];

const checks: Checks<CodecSubject> = {
  'names its subprotocols, and answers with one of them'({ codec, client }) {
    const { subprotocols } = codec;
    equal(new Set(subprotocols).size, subprotocols.length);
    ok(subprotocols.includes(client().subprotocol));
  },

  'knows its own first octet'({ codec, client }) {
    equal(codec.begins(client().encode(connect)[0]!), true);
    equal(codec.begins(0x00), false);
  },

  'reads CONNECT'(subject) {
    const [heard] = tell(subject.codec.decoder(limits, true), [subject.client().encode(connect)]);
    says(heard, { kind: 'connect', login: 'ann', passcode: 'secret', heartbeat: [1000, 2000] });
    equal((heard as ConnectFrame).headers.get('token'), 'abc');
  },

  'settles its version with the first frame, and has an encoder for it'(subject) {
    const decoder = decoderAfterConnect(subject);
    equal(subject.codec.encoder(decoder.version), subject.codec.encoder(decoder.version));
  },

  'reads everything that a client can say'(subject) {
    for (const frame of clientFrames) sameFrames(heardOf(subject, [frame]), [frame]);
  },

  'reads the same frames however their octets are cut'(subject) {
    const said = Buffer.concat(spoken(subject, clientFrames));
    for (const size of [1, 2, 7, 100]) {
      const decoder = decoderAfterConnect(subject, false);
      sameFrames(tell(decoder, cut(said, size)), clientFrames);
    }
  },

  'reads all frames of one chunk, lazily and in order'(subject) {
    const decoder = decoderAfterConnect(subject, false);
    const chunk = Buffer.concat(spoken(subject, clientFrames));
    const [first] = decoder.push(chunk);
    sameFrames(first, clientFrames[0]);
    sameFrames(tell(decoderAfterConnect(subject, false), [chunk]), clientFrames);
  },

  'keeps the octets of every body'(subject) {
    for (const [contentType, body] of bodies) {
      const headers = new Map([['content-type', contentType]]);
      const [heard] = heardOf(subject, [send(body, headers)]);
      deepEqual(Buffer.from((heard as SendFrame).message.body), Buffer.from(body));
    }
  },

  'keeps the names and values of headers'(subject) {
    const [heard] = heardOf(subject, [send(Buffer.from('x'), awkwardHeaders)]);
    const { headers } = (heard as SendFrame).message;
    for (const [name, value] of awkwardHeaders) equal(headers.get(name), value, name);
  },

  'takes no word that the server alone says'(subject) {
    const own = ['message-id', 'subscription', 'redelivered', 'user-name', 'session', 'dropped'];
    const headers = new Map(own.map((name) => [name, 'forged']));
    const [heard] = heardOf(subject, [send(Buffer.from('x'), headers)]);
    for (const name of own) equal((heard as SendFrame).message.headers.has(name), false, name);
  },

  'ends with the first malformed input'(subject) {
    for (const octets of subject.malformed) {
      const decoder = decoderAfterConnect(subject);
      const items = tell(decoder, [octets, ...spoken(subject, [plainSend])]);
      deepEqual(
        items.map(({ kind }) => kind),
        ['malformed'],
        `After ${JSON.stringify(Buffer.from(octets).toString())}`,
      );
      notEqual((items[0] as Malformed).message, '');
    }
  },

  'refuses a frame that is larger than its limit'(subject) {
    refusesBeyond(subject, sendText('x'.repeat(2000)), { maxFrameBytes: 1000 });
  },

  'refuses more headers than its limit'(subject) {
    const many = Array.from({ length: 20 }, (_, i) => [`h-${i}`, 'x'] as const);
    refusesBeyond(subject, sendText('x', many), { maxHeaders: 15 });
  },

  'refuses a header that is longer than its limit'(subject) {
    const long = sendText('x', [['long', 'x'.repeat(600)]]);
    refusesBeyond(subject, long, { maxHeaderBytes: 500 });
  },

  'keeps its decoders apart'(subject) {
    const [one, other] = [decoderAfterConnect(subject, false), decoderAfterConnect(subject, false)];
    const [octets] = spoken(subject, [plainSend]);
    const half = octets!.subarray(0, 10);
    sameFrames(tell(one, [half]), []);
    sameFrames(tell(other, [octets!]), [plainSend]);
    sameFrames(tell(one, [octets!.subarray(10)]), [plainSend]);
  },

  'says everything that a server can say'(subject) {
    for (const frame of serverFrames) says(answerOf(subject, frame), frame);
  },

  'says the octets of every body, as text only where they are text'(subject) {
    for (const [contentType, body] of bodies) {
      const headers = new Map([['content-type', contentType]]);
      const message = { destination: '/topic/x', headers, body };
      const encoded = encoderOf(subject).encode(delivery(message));
      ok(encoded.binary || isUtf8(encoded.bytes), 'Octets that are no text go out as text.');
      const { message: heard } = answerOf(subject, delivery(message)) as MessageFrame;
      deepEqual(Buffer.from(heard.body), Buffer.from(body), contentType);
    }
  },

  'says the names and values of headers'(subject) {
    const headers = new Map([...awkwardHeaders, ['content-type', 'text/plain']]);
    const message = { destination: '/topic/x', headers, body: Buffer.from('x') };
    const heard = answerOf(subject, delivery(message)) as MessageFrame;
    for (const [name, value] of awkwardHeaders) equal(heard.message.headers.get(name), value, name);
  },

  'encodes a frame once for all who get it'(subject) {
    const frame = delivery(greeting);
    equal(encoderOf(subject).encode(frame), encoderOf(subject).encode(frame));
  },

  'says an equal message otherwise to another subscription'(subject) {
    const encoder = encoderOf(subject);
    encoder.encode(delivery(greeting));
    const { bytes } = encoder.encode(delivery(greeting, { subscription: 's-2' }));
    const [heard] = subject.client().decode(bytes);
    says(heard, { kind: 'message', subscription: 's-2', messageId: 'm-1' });
  },

  'carries heart-beats both ways'(subject) {
    const client = subject.client();
    const beats = tell(decoderAfterConnect(subject), [client.encode({ kind: 'heartbeat' })]);
    says(beats[0], { kind: 'heartbeat' });
    const [heard] = client.decode(encoderOf(subject).encode({ kind: 'heartbeat' }).bytes);
    says(heard, { kind: 'heartbeat' });
  },
};

type Item = ClientFrame | Heartbeat | Malformed;

function tell(decoder: Decoder, chunks: readonly Uint8Array[]): Item[] {
  return chunks.flatMap((chunk) => [...decoder.push(chunk)]);
}

function spoken({ client }: CodecSubject, frames: readonly ClientFrame[]): Buffer[] {
  const speaker = client();
  return frames.map((frame) => Buffer.from(speaker.encode(frame)));
}

function decoderAfterConnect(
  subject: CodecSubject,
  messages = true,
  more: Partial<DecoderLimits> = {},
): Decoder {
  const decoder = subject.codec.decoder({ ...limits, ...more }, messages);
  says(tell(decoder, spoken(subject, [connect]))[0], { kind: 'connect' });
  return decoder;
}

function heardOf(subject: CodecSubject, frames: readonly ClientFrame[]): Item[] {
  return tell(decoderAfterConnect(subject), spoken(subject, frames));
}

function encoderOf(subject: CodecSubject) {
  return subject.codec.encoder(decoderAfterConnect(subject).version);
}

/** What a client hears of a frame. */
function answerOf(subject: CodecSubject, frame: ServerFrame): ServerFrame | Heartbeat {
  const heard = subject.client().decode(encoderOf(subject).encode(frame).bytes);
  equal(heard.length, 1, `${frame.kind} became ${heard.length} frames.`);
  return heard[0]!;
}

function refusesBeyond(
  subject: CodecSubject,
  frame: ClientFrame,
  more: Partial<DecoderLimits>,
): void {
  const octets = spoken(subject, [frame]);
  sameFrames(tell(decoderAfterConnect(subject), octets), [frame]);
  const [refused] = tell(decoderAfterConnect(subject, true, more), octets);
  says(refused, { kind: 'malformed' });
}

function cut(octets: Buffer, size: number): Buffer[] {
  const chunks = [];
  for (let at = 0; at < octets.length; at += size) chunks.push(octets.subarray(at, at + size));
  return chunks;
}
