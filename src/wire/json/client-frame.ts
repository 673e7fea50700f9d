// What a client means: JSON objects to client frames, each field of the type that the schema says.
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
import { withheld } from '../../message/withheld-header.js';
import type { DecoderLimits } from '../codec.js';
import { readBody } from './client-body.js';
import { headers, required, text, type Fields, type Source } from './field.js';

type Reader = (source: Source) => ClientFrame | Heartbeat;

const ping: Heartbeat = { kind: 'heartbeat', wantsAnswer: true };
const pong: Heartbeat = { kind: 'heartbeat' };

const readers: ReadonlyMap<unknown, Reader> = new Map<string, Reader>([
  ['connect', readConnect],
  ['send', readSend],
  ['subscribe', readSubscribe],
  ['unsubscribe', readUnsubscribe],
  ['ack', (source) => readSettle('ack', source)],
  ['nack', (source) => readSettle('nack', source)],
  ['begin', (source) => readTransaction('begin', source)],
  ['commit', (source) => readTransaction('commit', source)],
  ['abort', (source) => readTransaction('abort', source)],
  ['disconnect', (source) => ({ kind: 'disconnect', receipt: text(source, 'receipt') })],
  ['ping', () => ping],
  ['pong', () => pong],
]);

/**
 * @param octets the text of the object, in which the payload stands as the client wrote it
 * @throws MessagingError `command-unknown`, `header-missing`, `header-invalid` or `frame-too-large`
 */
export function readClientFrame(
  fields: Fields,
  octets: Buffer,
  limits: DecoderLimits,
): ClientFrame | Heartbeat {
  const { type } = fields;
  const reader = readers.get(type);
  if (reader === undefined)
    throw new MessagingError('command-unknown', 'The field type names no known type.');
  return reader({ type: type as string, fields, octets, limits });
}

function readConnect(source: Source): ClientFrame {
  const { limits } = source;
  const wide = { ...source, limits: { ...limits, maxHeaderBytes: limits.maxConnectHeaderBytes } };
  return {
    kind: 'connect',
    host: text(wide, 'host'),
    login: text(wide, 'login'),
    passcode: text(wide, 'passcode'),
    heartbeat: heartbeatPair(source.fields['heartbeat']),
    headers: headers(wide, withheld.connect),
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
  };
}

function readTransaction(kind: TransactionFrame['kind'], source: Source): ClientFrame {
  return {
    kind,
    transaction: required(source, 'transaction'),
    receipt: text(source, 'receipt'),
  };
}

function ackMode(mode: unknown): AckMode {
  if (mode === undefined) return 'auto';
  if (mode === 'auto' || mode === 'client' || mode === 'client-individual') return mode;
  throw new MessagingError(
    'header-invalid',
    'The field ack takes auto, client or client-individual.',
  );
}

/** As the header of STOMP; beyond what a timer holds is as good as what it holds. */
function heartbeatPair(value: unknown): HeartbeatPair {
  if (value === undefined) return [0, 0];
  if (!Array.isArray(value) || value.length !== 2 || !value.every(isDelay)) {
    throw new MessagingError(
      'header-invalid',
      'The field heartbeat takes two whole numbers, as [10000, 10000].',
    );
  }
  const [canSend, wants] = value as [number, number];
  return [Math.min(canSend, longestDelay), Math.min(wants, longestDelay)];
}

function isDelay(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0;
}
