// A client that speaks STOMP 1.2.
import type { ErrorCode } from '../message/error.js';
import type { ClientFrame, DeliveryMarks, HeartbeatPair, ServerFrame } from '../message/frame.js';
import type { Headers } from '../message/message.js';
import { noBody } from '../wire/body.js';
import { dialects } from '../wire/stomp/dialect.js';
import { Parser } from '../wire/stomp/parser.js';
import type { RawFrame } from '../wire/stomp/raw-frame.js';
import { serialize } from '../wire/stomp/serializer.js';
import type { ClientProtocol } from './client-protocol.js';

const dialect = dialects['1.2'];
const lineEnd = Buffer.from('\n');
const unlimited = {
  maxFrameBytes: Infinity,
  maxHeaders: Infinity,
  maxHeaderBytes: Infinity,
  maxConnectHeaderBytes: Infinity,
};

/** What the server says of a MESSAGE beside the application's headers. */
const own = [
  'message-id',
  'subscription',
  'destination',
  'ack',
  'redelivered',
  'delivery-count',
  'retained',
  'dropped',
];

export function stompClientProtocol(): ClientProtocol {
  const parser = new Parser(unlimited);
  parser.dialect = dialect;
  return {
    subprotocol: 'v12.stomp',
    say: (frame) => (frame.kind === 'heartbeat' ? lineEnd : serialize(rawFrame(frame), dialect)),
    hear(chunk) {
      const heard = [];
      parser.feed(chunk);
      for (let raw = parser.next(); raw !== undefined; raw = parser.next())
        heard.push(raw === 'eol' ? ({ kind: 'heartbeat' } as const) : serverFrame(raw));
      return heard;
    },
  };
}

function rawFrame(frame: ClientFrame): RawFrame {
  switch (frame.kind) {
    case 'connect': {
      const { host = 'test', login, passcode, heartbeat, headers } = frame;
      const said = { 'accept-version': '1.2', host, login, passcode };
      return raw('CONNECT', { ...said, 'heart-beat': heartbeat.join(',') }, headers);
    }
    case 'send': {
      const { message, receipt, transaction } = frame;
      const { destination, headers, body } = message;
      return raw('SEND', { destination, receipt, transaction }, headers, body);
    }
    case 'subscribe': {
      const { id, destination, ack, receipt, headers } = frame;
      return raw('SUBSCRIBE', { id, destination, ack, receipt }, headers);
    }
    case 'unsubscribe':
      return raw('UNSUBSCRIBE', { id: frame.id, receipt: frame.receipt });
    case 'ack':
    case 'nack': {
      const { kind, id, transaction, receipt } = frame;
      return raw(kind.toUpperCase(), { id, transaction, receipt });
    }
    case 'begin':
    case 'commit':
    case 'abort': {
      const { kind, transaction, receipt } = frame;
      return raw(kind.toUpperCase(), { transaction, receipt });
    }
    case 'disconnect':
      return raw('DISCONNECT', { receipt: frame.receipt });
    default:
      return frame satisfies never;
  }
}

/** What the frame's fields say stands first, and counts; the application's headers follow. */
function raw(
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

function serverFrame({ command, headers, body }: RawFrame): ServerFrame {
  const said = (name: string) => headers.get(name) ?? '';
  switch (command) {
    case 'CONNECTED':
      return {
        kind: 'connected',
        session: said('session'),
        server: said('server'),
        heartbeat: said('heart-beat').split(',').map(Number) as unknown as HeartbeatPair,
        user: headers.get('user-name'),
      };
    case 'MESSAGE':
      return {
        kind: 'message',
        subscription: said('subscription'),
        messageId: said('message-id'),
        marks: marksOf(headers),
        message: { destination: said('destination'), headers: withoutOwn(headers), body },
      };
    case 'RECEIPT':
      return { kind: 'receipt', receipt: said('receipt-id') };
    case 'ERROR':
      return {
        kind: 'error',
        code: said('code') as ErrorCode,
        message: said('message'),
        receipt: headers.get('receipt-id'),
        detail: body.length === 0 ? undefined : Buffer.from(body).toString(),
        fatal: true,
      };
    default:
      throw new Error(`The server said ${command}, which is no command of a STOMP server.`);
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

function withoutOwn(headers: Headers): Headers {
  return new Map([...headers].filter(([name]) => !own.includes(name)));
}
