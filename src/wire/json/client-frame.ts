// Reads client frames from JSON objects, and checks the type of each field.
import { longestDelay } from '../../message/clock.js';
import { MessagingError } from '../../message/error.js';
import type {
  AckMode,
  ClientFrame,
  Heartbeat,
  HeartbeatPair,
  SettleFrame,
  TransactionFrame,
} from '../../message/frame.js';
import type { Headers, Message } from '../../message/message.js';
import { editDistance } from '../../message/nearest.js';
import { quote } from '../../message/quote.js';
import { withheld } from '../../message/withheld-header.js';
import { rememberJson } from '../../payload/json.js';
import { mediaTypeOf } from '../../payload/media-type.js';
import type { DecoderLimits } from '../codec.js';
import { bodyOf, noBody } from '../received-bytes.js';
import { headers, required, text, type Fields, type Source } from './field.js';
import { memberOf } from './member.js';

const sendFields = [
  'destination',
  'payload',
  'payloadBase64',
  'headers',
  'receipt',
  'transaction',
] as const;

const settleFields = ['id', 'transaction', 'receipt', 'requeue'] as const;

type Reader = (source: Source) => ClientFrame | Heartbeat;

const ping: Heartbeat = { kind: 'heartbeat', wantsAnswer: true };
const pong: Heartbeat = { kind: 'heartbeat' };

interface FrameType {
  readonly read: Reader;
  /** The fields that the server reads. */
  readonly fields: ReadonlySet<string>;
}

const types: ReadonlyMap<unknown, FrameType> = new Map<string, FrameType>([
  ['connect', frameType(readConnect, 'host', 'login', 'passcode', 'heartbeat', 'headers')],
  ['send', frameType(readSend, ...sendFields)],
  ['subscribe', frameType(readSubscribe, 'id', 'destination', 'ack', 'headers', 'receipt')],
  ['unsubscribe', frameType(readUnsubscribe, 'id', 'receipt')],
  ['ack', frameType((source) => readSettle('ack', source), ...settleFields)],
  ['nack', frameType((source) => readSettle('nack', source), ...settleFields)],
  ['begin', frameType((source) => readTransaction('begin', source), 'transaction', 'receipt')],
  ['commit', frameType((source) => readTransaction('commit', source), 'transaction', 'receipt')],
  ['abort', frameType((source) => readTransaction('abort', source), 'transaction', 'receipt')],
  ['disconnect', frameType(readDisconnect, 'receipt')],
  ['ping', frameType(() => ping)],
  ['pong', frameType(() => pong)],
]);

function frameType(read: Reader, ...fields: readonly string[]): FrameType {
  return { read, fields: new Set(['type', ...fields]) };
}

/** The fields for names of other protocols. Listed in `docs/json-protocol.schema.json`, too. */
const synonyms: ReadonlyMap<string, string> = new Map([
  ...['body', 'data', 'content', 'message'].map((name) => [name, 'payload'] as const),
  ...['topic', 'channel', 'queue', 'event'].map((name) => [name, 'destination'] as const),
]);

/** Unknown fields of one frame that are compared with the known ones, because a client can send thousands of them. */
const comparedFields = 16;

/**
 * Reads one frame.
 *
 * @param bytes the text of the object, from which the payload is copied unchanged
 * @throws {MessagingError} `command-unknown`, `header-missing`, `header-invalid`, `frame-too-large`
 */
export function readClientFrame(
  fields: Fields,
  bytes: Buffer,
  limits: DecoderLimits,
): ClientFrame | Heartbeat {
  const type = types.get(fields.type);
  if (type === undefined) throw typeUnknown(fields.type);
  const name = fields.type as string;
  let compared = 0;
  for (const field in fields)
    if (!type.fields.has(field) && compared++ < comparedFields)
      checkField(name, field, type.fields);
  return type.read({ type: name, fields, bytes, limits });
}

/** Repeats only a word: other values can be any data. */
function typeUnknown(type: unknown): MessagingError {
  const reason =
    type === undefined
      ? 'The field type is missing'
      : typeof type === 'string' && /^[a-z]{1,20}$/i.test(type)
        ? `The type '${type}' is unknown`
        : 'The type is unknown';
  return new MessagingError(
    'command-unknown',
    `${reason}; the known ones are ${[...types.keys()].join(', ')}.`,
  );
}

/**
 * Refuses a name that is probably meant as a known field: ignoring `body` would send a message without payload. Other unknown
 * fields are ignored, because clients may be newer than the server, or send the same fields with all frames.
 */
function checkField(type: string, field: string, known: ReadonlySet<string>): void {
  const synonym = synonyms.get(field);
  const meant = synonym !== undefined && known.has(synonym) ? synonym : misspelledOf(field, known);
  if (meant !== undefined)
    throw new MessagingError(
      'header-invalid',
      `${type} has no field ${quote(field)}; use ${meant}.`,
    );
}

/** The known field that differs in at most two characters, and in less than a third of them. */
function misspelledOf(field: string, known: ReadonlySet<string>): string | undefined {
  for (const name of known)
    if (editDistance(field.toLowerCase(), name.toLowerCase(), 2) < name.length / 3) return name;
  return undefined;
}

function readConnect(source: Source): ClientFrame {
  return {
    kind: 'connect',
    host: text(source, 'host'),
    login: text(source, 'login'),
    passcode: text(source, 'passcode'),
    heartbeat: heartbeatPair(source.fields['heartbeat']),
    headers: headers(source, withheld.connect),
  };
}

function readSend(source: Source): ClientFrame {
  const destination = required(source, 'destination');
  return {
    kind: 'send',
    message: { destination, ...readBody(source, headers(source, withheld.send)) },
    receipt: text(source, 'receipt'),
    transaction: text(source, 'transaction'),
  };
}

function readSubscribe(source: Source): ClientFrame {
  return {
    kind: 'subscribe',
    id: required(source, 'id'),
    destination: required(source, 'destination'),
    ack: ackMode(source.fields['ack']),
    headers: headers(source, withheld.subscribe),
    receipt: text(source, 'receipt'),
  };
}

function readUnsubscribe(source: Source): ClientFrame {
  return { kind: 'unsubscribe', id: required(source, 'id'), receipt: text(source, 'receipt') };
}

function readSettle(kind: SettleFrame['kind'], source: Source): ClientFrame {
  return {
    kind,
    id: required(source, 'id'),
    transaction: text(source, 'transaction'),
    receipt: text(source, 'receipt'),
    requeue: kind === 'nack' ? requeue(source.fields['requeue']) : undefined,
  };
}

function requeue(value: unknown): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  throw new MessagingError('header-invalid', 'The field requeue must be true or false.');
}

function readTransaction(kind: TransactionFrame['kind'], source: Source): ClientFrame {
  return {
    kind,
    transaction: required(source, 'transaction'),
    receipt: text(source, 'receipt'),
  };
}

function readDisconnect(source: Source): ClientFrame {
  return { kind: 'disconnect', receipt: text(source, 'receipt') };
}

function ackMode(mode: unknown): AckMode {
  if (mode === undefined) return 'auto';
  if (mode === 'auto' || mode === 'client' || mode === 'client-individual') return mode;
  throw new MessagingError(
    'header-invalid',
    'The field ack must be auto, client or client-individual.',
  );
}

/** The same values as in the STOMP header `heart-beat`. Longer intervals than a timer supports are reduced. */
function heartbeatPair(value: unknown): HeartbeatPair {
  if (value === undefined) return [0, 0];
  if (!Array.isArray(value) || value.length !== 2 || !value.every(isDelay)) {
    throw new MessagingError(
      'header-invalid',
      'The field heartbeat must be two whole numbers, such as [10000, 10000].',
    );
  }
  const [send, expect] = value as [number, number];
  return [Math.min(send, longestDelay), Math.min(expect, longestDelay)];
}

function isDelay(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0;
}

type Body = Pick<Message, 'headers' | 'body'>;

/** The body of a `send`: the JSON value `payload`, the text `payload`, or the bytes of `payloadBase64`. */
function readBody({ fields, bytes }: Source, given: Headers): Body {
  const { payload, payloadBase64 } = fields;
  if (payload !== undefined && payloadBase64 !== undefined)
    throw invalidBody('A frame has payload or payloadBase64, not both.');
  if (payload !== undefined) return readPayload(payload, bytes, given);
  if (payloadBase64 === undefined) return { headers: given, body: noBody };
  return {
    headers: withContentType(given, 'application/octet-stream'),
    body: decodeBase64(payloadBase64),
  };
}

function readPayload(payload: unknown, bytes: Buffer, given: Headers): Body {
  const media = mediaTypeOf(given.get('content-type') ?? 'application/json');
  if (!media.unicode)
    throw invalidBody(
      'The field payload is UTF-8; use payloadBase64 for bytes of another charset.',
    );
  if (media.json)
    return { headers: withContentType(given, 'application/json'), body: copyPayload(bytes) };
  if (typeof payload !== 'string' || !payload.isWellFormed())
    throw invalidBody(
      'With a content-type that is not JSON the field payload must be a string of Unicode.',
    );
  return { headers: given, body: Buffer.from(payload) };
}

/** Copied from the text, because a number that is parsed and written again may lose digits. */
function copyPayload(bytes: Buffer): Uint8Array {
  const { start, end } = memberOf(bytes, 'payload')!;
  const body = bodyOf(bytes, start, end);
  rememberJson(body);
  return body;
}

function decodeBase64(base64: unknown): Uint8Array {
  if (
    typeof base64 !== 'string' ||
    base64.length % 4 !== 0 ||
    !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)
  ) {
    throw invalidBody('The field payloadBase64 must be base64 (RFC 4648 section 4).');
  }
  return Buffer.from(base64, 'base64');
}

function withContentType(given: Headers, contentType: string): Headers {
  return given.has('content-type') ? given : new Map([...given, ['content-type', contentType]]);
}

function invalidBody(message: string): MessagingError {
  return new MessagingError('header-invalid', message);
}
