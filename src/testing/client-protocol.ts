// The client's side of the wire protocols: encodes client frames and decodes server frames.
import type { ErrorCode } from '../message/error.js';
import type {
  ClientFrame,
  DeliveryMarks,
  ErrorFrame,
  Heartbeat,
  HeartbeatPair,
  ServerFrame,
} from '../message/frame.js';
import type { Headers, Message } from '../message/message.js';
import { asBuffer } from '../payload/bytes.js';
import { mediaTypeOf } from '../payload/media-type.js';
import { noBody } from '../wire/received-bytes.js';
import { dialects } from '../wire/stomp/dialect.js';
import { Parser } from '../wire/stomp/parser.js';
import { serialize, type RawFrame } from '../wire/stomp/raw-frame.js';

/** The client's side of a wire protocol. It stores incomplete input, so each connection needs its own object. */
export interface ClientProtocol {
  /** WebSocket subprotocol, such as `v12.stomp`. */
  readonly subprotocol: string;
  /** Encodes a frame. */
  encode(frame: ClientFrame | Heartbeat): Uint8Array;
  /** Decodes the frames that end in this chunk, in order. */
  decode(chunk: Uint8Array): readonly (ServerFrame | Heartbeat)[];
}

/** Name of a wire protocol that test clients can use. */
export type ClientProtocolName = 'stomp' | 'json';

/** Creates the client's side of a protocol by its name. */
export const clientProtocols: Readonly<Record<ClientProtocolName, () => ClientProtocol>> = {
  stomp: stompClientProtocol,
  json: jsonClientProtocol,
};

const heartbeat: Heartbeat = { kind: 'heartbeat' };

/* STOMP 1.2 */

const dialect = dialects['1.2'];
const lineEnd = Buffer.from('\n');
const unlimited = {
  maxFrameBytes: Infinity,
  maxHeaders: Infinity,
  maxHeaderBytes: Infinity,
  maxConnectHeaderBytes: Infinity,
};

/** Headers of MESSAGE that the server adds to those of the application. */
const serverHeaders = [
  'message-id',
  'subscription',
  'destination',
  'ack',
  'redelivered',
  'delivery-count',
  'retained',
  'dropped',
];

/**
 * Creates the client's side of STOMP 1.2.
 *
 * @example
 * ```ts
 * const protocol = stompClientProtocol();
 * socket.write(protocol.encode({ kind: 'disconnect' }));
 * ```
 */
export function stompClientProtocol(): ClientProtocol {
  const parser = new Parser(unlimited);
  parser.dialect = dialect;
  return {
    subprotocol: 'v12.stomp',
    encode: (frame) =>
      frame.kind === 'heartbeat' ? lineEnd : serialize(stompFrame(frame), dialect),
    decode(chunk) {
      const frames = [];
      parser.feed(chunk);
      for (let raw = parser.next(); raw !== undefined; raw = parser.next())
        frames.push(raw === 'eol' ? heartbeat : fromStompFrame(raw));
      return frames;
    },
  };
}

function stompFrame(frame: ClientFrame): RawFrame {
  switch (frame.kind) {
    case 'connect': {
      const { host = 'test', login, passcode, heartbeat: pair, headers } = frame;
      const fields = { 'accept-version': '1.2', host, login, passcode };
      return rawFrame('CONNECT', { ...fields, 'heart-beat': pair.join(',') }, headers);
    }
    case 'send': {
      const { message, receipt, transaction } = frame;
      const { destination, headers, body } = message;
      return rawFrame('SEND', { destination, receipt, transaction }, headers, body);
    }
    case 'subscribe': {
      const { id, destination, ack, receipt, headers } = frame;
      return rawFrame('SUBSCRIBE', { id, destination, ack, receipt }, headers);
    }
    case 'unsubscribe':
      return rawFrame('UNSUBSCRIBE', { id: frame.id, receipt: frame.receipt });
    case 'ack':
    case 'nack': {
      const { kind, id, transaction, receipt, requeue } = frame;
      return rawFrame(kind.toUpperCase(), {
        id,
        transaction,
        receipt,
        requeue: requeue?.toString(),
      });
    }
    case 'begin':
    case 'commit':
    case 'abort': {
      const { kind, transaction, receipt } = frame;
      return rawFrame(kind.toUpperCase(), { transaction, receipt });
    }
    case 'disconnect':
      return rawFrame('DISCONNECT', { receipt: frame.receipt });
    default:
      return frame satisfies never;
  }
}

/** The fields of the frame come first and override headers of the application with the same name. */
function rawFrame(
  command: string,
  fields: Readonly<Record<string, string | undefined>>,
  more: Headers = new Map(),
  body: Uint8Array = noBody,
): RawFrame {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined) headers.set(name, value);
  for (const [name, value] of more) if (!headers.has(name)) headers.set(name, value);
  return { command, headers, body };
}

function fromStompFrame({ command, headers, body }: RawFrame): ServerFrame {
  const header = (name: string) => headers.get(name) ?? '';
  switch (command) {
    case 'CONNECTED':
      return {
        kind: 'connected',
        session: header('session'),
        server: header('server'),
        // The server always sends two numbers.
        heartbeat: header('heart-beat').split(',').map(Number) as unknown as HeartbeatPair,
        user: headers.get('user-name'),
      };
    case 'MESSAGE':
      return {
        kind: 'message',
        subscription: header('subscription'),
        messageId: header('message-id'),
        marks: marksOf(headers),
        message: {
          destination: header('destination'),
          headers: new Map([...headers].filter(([name]) => !serverHeaders.includes(name))),
          body,
        },
      };
    case 'RECEIPT':
      return { kind: 'receipt', receipt: header('receipt-id') };
    case 'ERROR':
      return {
        kind: 'error',
        code: header('code') as ErrorCode,
        message: header('message'),
        receipt: headers.get('receipt-id'),
        detail: body.length === 0 ? undefined : Buffer.from(body).toString(),
        fatal: true,
      };
    default:
      throw new Error(`The server sent ${command}, which is not a command of a STOMP server.`);
  }
}

function marksOf(headers: Headers): DeliveryMarks {
  const count = headers.get('delivery-count');
  const dropped = headers.get('dropped');
  return {
    ack: headers.get('ack'),
    redelivered: count === undefined ? undefined : Number(count) - 1,
    retained: headers.get('retained') === 'true' ? true : undefined,
    dropped: dropped === undefined ? undefined : Number(dropped),
  };
}

/* JSON */

/** A server frame as `docs/json-protocol.schema.json` defines it. */
type JsonFrame =
  | {
      readonly type: 'connected';
      readonly session: string;
      readonly server: string;
      readonly heartbeat: HeartbeatPair;
      readonly user?: string;
    }
  | JsonMessage
  | { readonly type: 'receipt'; readonly id: string }
  | ({ readonly type: 'error' } & Omit<ErrorFrame, 'kind'>)
  | { readonly type: 'pong' };

interface JsonMessage {
  readonly type: 'message';
  readonly subscription: string;
  readonly id: string;
  readonly destination: string;
  readonly payload?: unknown;
  readonly payloadBase64?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly ack?: string;
  readonly deliveries?: number;
  readonly retained?: boolean;
  readonly dropped?: number;
}

/**
 * Creates the client's side of the JSON protocol.
 *
 * @example
 * ```ts
 * const protocol = jsonClientProtocol();
 * socket.write(protocol.encode({ kind: 'disconnect' }));
 * ```
 */
export function jsonClientProtocol(): ClientProtocol {
  let rest = '';
  return {
    subprotocol: 'v1.json.signalbox',
    // A byte stream needs the line end; a WebSocket message may have it.
    encode: (frame) =>
      Buffer.from(`${frame.kind === 'heartbeat' ? '{"type":"pong"}' : jsonText(frame)}\n`),
    decode(chunk) {
      const lines = (rest + asBuffer(chunk).toString()).split('\n');
      rest = lines.pop()!;
      return lines.map((line) => fromJsonFrame(JSON.parse(line) as JsonFrame));
    },
  };
}

function jsonText(frame: ClientFrame): string {
  switch (frame.kind) {
    case 'connect':
    case 'subscribe': {
      const { kind, headers, ...fields } = frame;
      return JSON.stringify({ type: kind, ...fields, headers: Object.fromEntries(headers) });
    }
    case 'send':
      return jsonSendText(frame);
    default: {
      const { kind, ...fields } = frame;
      return JSON.stringify({ type: kind, ...fields });
    }
  }
}

/** A JSON body becomes part of the frame without being parsed. */
function jsonSendText({ message, receipt, transaction }: ClientFrame & { kind: 'send' }): string {
  const { destination, body } = message;
  const headers = Object.fromEntries(message.headers);
  const contentType = headers['content-type'];
  const media = contentType === undefined ? undefined : mediaTypeOf(contentType);
  const head = JSON.stringify({ type: 'send', destination, receipt, transaction, headers });
  if (body.length === 0) return head;
  const text = asBuffer(body).toString();
  const payload =
    media === undefined || media.name === 'application/octet-stream'
      ? `"payloadBase64":"${asBuffer(body).toString('base64')}"`
      : `"payload":${media.json ? text : JSON.stringify(text)}`;
  return `${head.slice(0, -1)},${payload}}`;
}

function fromJsonFrame(frame: JsonFrame): ServerFrame | Heartbeat {
  switch (frame.type) {
    case 'connected': {
      const { type, ...fields } = frame;
      return { kind: type, ...fields };
    }
    case 'message': {
      const { subscription, id, ack, deliveries, retained, dropped } = frame;
      const redelivered = deliveries === undefined ? undefined : deliveries - 1;
      return {
        kind: 'message',
        subscription,
        messageId: id,
        marks: { ack, redelivered, retained, dropped },
        message: jsonMessage(frame),
      };
    }
    case 'receipt':
      return { kind: 'receipt', receipt: frame.id };
    case 'error': {
      const { type, ...fields } = frame;
      return { kind: type, ...fields };
    }
    case 'pong':
      return heartbeat;
    default:
      return frame satisfies never;
  }
}

/** The server omits the content type if it is JSON. */
function jsonMessage({
  destination,
  payload,
  payloadBase64,
  headers: given,
}: JsonMessage): Message {
  const headers = new Map(Object.entries(given));
  if (payloadBase64 !== undefined)
    return { destination, headers, body: Buffer.from(payloadBase64, 'base64') };
  if (payload === undefined) return { destination, headers, body: noBody };
  const contentType = headers.get('content-type') ?? 'application/json';
  const body = Buffer.from(
    typeof payload === 'string' && !mediaTypeOf(contentType).json
      ? payload
      : JSON.stringify(payload),
  );
  return { destination, headers: headers.set('content-type', contentType), body };
}
