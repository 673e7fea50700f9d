// Reads client frames from raw frames, and checks the headers that STOMP requires of each command.
import { longestDelay } from '../../message/clock.js';
import { MessagingError } from '../../message/error.js';
import type {
  AckMode,
  ClientFrame,
  HeartbeatPair,
  SettleFrame,
  SubscribeFrame,
  TransactionFrame,
  UnsubscribeFrame,
} from '../../message/frame.js';
import { booleanOf, noHeaders, type Headers, type RepeatedHeaders } from '../../message/message.js';
import { withheld } from '../../message/withheld-header.js';
import { commandsWithBody, type Version } from './dialect.js';
import type { RawFrame } from './raw-frame.js';

const carriageReturn = 0x0d;
const lineFeed = 0x0a;

type Reader = (raw: RawFrame, version: Version) => ClientFrame;

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['CONNECT', readConnect],
  ['STOMP', readConnect],
  ['SEND', readSend],
  ['SUBSCRIBE', readSubscribe],
  ['UNSUBSCRIBE', readUnsubscribe],
  ['ACK', (raw, version) => readSettle('ack', raw, version)],
  ['NACK', (raw, version) => readSettle('nack', raw, version)],
  ['BEGIN', (raw) => readTransaction('begin', raw)],
  ['COMMIT', (raw) => readTransaction('commit', raw)],
  ['ABORT', (raw) => readTransaction('abort', raw)],
  ['DISCONNECT', ({ headers }) => ({ kind: 'disconnect', receipt: headers.get('receipt') })],
]);

/** Does not repeat the command, because malformed bytes can be any data. */
const unknownCommand = `The command is unknown; the known ones are ${[...readers.keys()].join(', ')}.`;

/** @throws {MessagingError} `command-unknown`, `body-unexpected`, `header-missing`, `header-invalid` */
export function readClientFrame(raw: RawFrame, version: Version): ClientFrame {
  const reader = readers.get(raw.command);
  if (reader === undefined) throw new MessagingError('command-unknown', unknownCommand);
  if (version !== '1.0' && !commandsWithBody.has(raw.command) && !raw.body.every(isLineEnd))
    throw new MessagingError('body-unexpected');
  return reader(raw, version);
}

/**
 * The id of a STOMP 1.0 subscription without an id header. It contains NUL, which headers cannot contain: no client can
 * send it, and no frame transmits it.
 */
function implicitSubscriptionId(destination: string): string {
  return `\0${destination}`;
}

/** Some clients write a line end before the NUL of every frame. */
function isLineEnd(byte: number): boolean {
  return byte === lineFeed || byte === carriageReturn;
}

function readConnect({ headers }: RawFrame, version: Version): ClientFrame {
  return {
    kind: 'connect',
    host: headers.get('host'),
    login: headers.get('login'),
    passcode: headers.get('passcode'),
    heartbeat: version === '1.0' ? [0, 0] : heartbeatPair(headers.get('heart-beat') ?? '0,0'),
    headers: without(headers, withheld.connect),
  };
}

function readSend(raw: RawFrame): ClientFrame {
  const { headers, body } = raw;
  const destination = required(raw, 'destination');
  const repeatedHeaders =
    raw.repeatedHeaders && withoutRepeated(raw.repeatedHeaders, withheld.send);
  return {
    kind: 'send',
    message: { destination, headers: without(headers, withheld.send), repeatedHeaders, body },
    receipt: headers.get('receipt'),
    transaction: headers.get('transaction'),
  };
}

function readSubscribe(raw: RawFrame, version: Version): SubscribeFrame {
  const { headers, repeatedHeaders } = raw;
  const destination = required(raw, 'destination');
  const id =
    version === '1.0'
      ? (headers.get('id') ?? implicitSubscriptionId(destination))
      : required(raw, 'id');
  return {
    kind: 'subscribe',
    id,
    destination,
    ack: ackMode(headers.get('ack') ?? 'auto', version),
    headers: without(headers, withheld.subscribe),
    repeatedHeaders: repeatedHeaders && withoutRepeated(repeatedHeaders, withheld.subscribe),
    receipt: headers.get('receipt'),
  };
}

function readUnsubscribe(raw: RawFrame, version: Version): UnsubscribeFrame {
  const { headers } = raw;
  const receipt = headers.get('receipt');
  const id = headers.get('id');
  if (version === '1.0' && id === undefined) {
    return { kind: 'unsubscribe', destination: required(raw, 'destination'), receipt };
  }
  return { kind: 'unsubscribe', id: required(raw, 'id'), receipt };
}

function readSettle(kind: 'ack' | 'nack', raw: RawFrame, version: Version): SettleFrame {
  const { headers } = raw;
  if (kind === 'nack' && version === '1.0')
    throw new MessagingError('command-unknown', 'STOMP 1.0 has no NACK.');
  return {
    kind,
    // Before STOMP 1.2, MESSAGE contains the acknowledgement id as its message id.
    id: required(raw, version === '1.2' ? 'id' : 'message-id'),
    subscription: version === '1.1' ? required(raw, 'subscription') : headers.get('subscription'),
    transaction: headers.get('transaction'),
    receipt: headers.get('receipt'),
    ...(kind === 'nack' ? requeue(headers.get('requeue')) : undefined),
  };
}

/** The header `requeue` of NACK, as in RabbitMQ. STOMP does not define it, so a wrong value does not break the protocol. */
function requeue(text: string | undefined): Pick<SettleFrame, 'requeue' | 'refusal'> {
  const value = booleanOf(text);
  if (text === undefined || value !== undefined) return { requeue: value };
  return {
    refusal: new MessagingError('header-refused', 'The header requeue must be true or false.'),
  };
}

function readTransaction(kind: TransactionFrame['kind'], raw: RawFrame): TransactionFrame {
  return { kind, transaction: required(raw, 'transaction'), receipt: raw.headers.get('receipt') };
}

function ackMode(mode: string, version: Version): AckMode {
  if (mode === 'auto' || mode === 'client') return mode;
  if (mode === 'client-individual' && version !== '1.0') return mode;
  throw new MessagingError(
    'header-invalid',
    version === '1.0'
      ? 'The header ack must be auto or client in STOMP 1.0.'
      : 'The header ack must be auto, client or client-individual.',
  );
}

/** STOMP 1.2, "Heart-beating". Longer intervals than a timer supports are reduced. */
function heartbeatPair(value: string): HeartbeatPair {
  const [, send, expect] = /^ *(\d+) *, *(\d+) *$/.exec(value) ?? [];
  if (send === undefined || expect === undefined) {
    throw new MessagingError(
      'header-invalid',
      'The header heart-beat must be two whole numbers, such as 10000,10000.',
    );
  }
  return [Math.min(Number(send), longestDelay), Math.min(Number(expect), longestDelay)];
}

/** The error message contains only known texts: the command has been checked before. */
function required({ command, headers }: RawFrame, name: string): string {
  const value = headers.get(name);
  if (value === undefined)
    throw new MessagingError('header-missing', `${command} needs the header ${name}.`);
  return value;
}

function without(headers: Headers, names: RegExp): Headers {
  let rest: Map<string, string> | undefined;
  for (const [name, value] of headers) if (!names.test(name)) (rest ??= new Map()).set(name, value);
  return rest ?? noHeaders;
}

function withoutRepeated(repeated: RepeatedHeaders, names: RegExp): RepeatedHeaders | undefined {
  const rest = [...repeated].filter(([name]) => !names.test(name));
  return rest.length === 0 ? undefined : new Map(rest);
}
