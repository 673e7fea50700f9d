// STOMP of one client: octets to what the client says.
import { longestDelay } from '../../message/clock.js';
import type { ErrorCode } from '../../message/error.js';
import type { AckMode, ClientFrame, Heartbeat, HeartbeatPair, Malformed } from '../../message/frame.js';
import type { Decoder, DecoderLimits } from '../codec.js';
import { Parser } from './parser.js';
import { headerOf, type RawFrame, type RawHeaders } from './raw-frame.js';
import { chooseVersion, supported, versions, type Version } from './version.js';

/** Headers that only the server gives; a client's are dropped, and those that address the frame with them. */
const consumed = new Set([
  'destination',
  'message-id',
  'subscription',
  'receipt',
  'receipt-id',
  'ack',
  'redelivered',
  'content-length',
  'transaction',
  'session',
  'user-name',
  'dropped',
]);

const ackModes: readonly string[] = ['auto', 'client', 'client-individual'] satisfies AckMode[];
const heartbeat: Heartbeat = { kind: 'heartbeat' };

/** What a frame is refused with, as a value: broken input is nothing exceptional. */
interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly detail?: string;
}

type Decoded = ClientFrame | Refusal;

/** The id of a subscription that a STOMP 1.0 client gave none. No client can name it: NUL is refused in headers. */
export function impliedSubscription(destination: string): string {
  return `\0${destination}`;
}

export class StompDecoder implements Decoder {
  readonly #parser: Parser;
  /** 1.0 until CONNECT has settled it. */
  #version: Version = versions.at(-1)!;
  #ended = false;

  constructor(limits: DecoderLimits) {
    this.#parser = new Parser(limits);
  }

  get version(): string {
    return this.#version.name;
  }

  *push(chunk: Uint8Array): Generator<ClientFrame | Heartbeat | Malformed> {
    if (this.#ended) return;
    this.#parser.feed(chunk);
    let frames = 0;
    for (let next = this.#parser.next(); next !== undefined; next = this.#parser.next()) {
      frames++;
      const decoded = 'broken' in next ? { code: next.broken, message: next.message } : this.#decode(next);
      if ('kind' in decoded) {
        yield decoded;
        continue;
      }
      this.#ended = true;
      yield { kind: 'malformed', ...decoded, receipt: headerOf(next.headers, 'receipt') };
      return;
    }
    if (frames === 0 && this.#parser.betweenFrames) yield heartbeat;
  }

  #decode(raw: RawFrame): Decoded {
    const { command, headers } = raw;
    if (command !== 'SEND' && raw.body.length > 0) {
      return { code: commands.has(command) ? 'body-unexpected' : 'command-unknown', message: `Only SEND carries a body.` };
    }
    switch (command) {
      case 'SEND':
        return this.#send(raw);
      case 'SUBSCRIBE':
        return this.#subscribe(headers);
      case 'UNSUBSCRIBE':
        return this.#unsubscribe(headers);
      case 'ACK':
      case 'NACK':
        return this.#settle(command === 'ACK' ? 'ack' : 'nack', headers);
      case 'BEGIN':
        return transaction('begin', headers);
      case 'COMMIT':
        return transaction('commit', headers);
      case 'ABORT':
        return transaction('abort', headers);
      case 'CONNECT':
      case 'STOMP':
        return this.#connect(headers);
      case 'DISCONNECT':
        return { kind: 'disconnect', receipt: headerOf(headers, 'receipt') };
      default:
        return { code: 'command-unknown', message: 'The command is not one that a client of STOMP may send.' };
    }
  }

  #connect(headers: RawHeaders): Decoded {
    const version = chooseVersion(headerOf(headers, 'accept-version'));
    if (version === undefined) {
      return { code: 'version-unsupported', message: 'None of the offered versions is supported.', detail: `Supported versions are ${supported}.` };
    }
    this.#version = version;
    this.#parser.carriageReturns = version.carriageReturns;
    this.#parser.escaping = version.escaping;
    this.#parser.trims = version.name === '1.0';
    // STOMP 1.0 has no heart-beats; texts of its time write `login: x`.
    const read = (name: string) => (version.name === '1.0' ? headerOf(headers, name)?.trim() : headerOf(headers, name));
    const pair = version.name === '1.0' ? ([0, 0] as const) : heartbeatPair(headerOf(headers, 'heart-beat') ?? '0,0');
    if (pair === undefined) return { code: 'header-invalid', message: 'heart-beat must be two whole numbers, as 10000,10000.' };
    return {
      kind: 'connect',
      host: read('host'),
      login: read('login'),
      passcode: read('passcode'),
      heartbeat: pair,
      headers: collect(headers, (name) => name !== 'passcode'),
    };
  }

  #send({ headers, body }: RawFrame): Decoded {
    const destination = headerOf(headers, 'destination');
    if (destination === undefined) return missing('SEND', 'destination');
    const message = { destination, headers: collect(headers, (name) => !consumed.has(name)), body };
    return { kind: 'send', message, transaction: headerOf(headers, 'transaction'), receipt: headerOf(headers, 'receipt') };
  }

  #subscribe(headers: RawHeaders): Decoded {
    const destination = headerOf(headers, 'destination');
    if (destination === undefined) return missing('SUBSCRIBE', 'destination');
    const id = headerOf(headers, 'id') ?? (this.version === '1.0' ? impliedSubscription(destination) : undefined);
    if (id === undefined) return missing('SUBSCRIBE', 'id');
    const ack = headerOf(headers, 'ack') ?? 'auto';
    if (!isAckMode(ack) || (ack === 'client-individual' && this.version === '1.0')) {
      return { code: 'header-invalid', message: `ack must be one of ${ackModes.join(', ')}.` };
    }
    return { kind: 'subscribe', id, destination, ack, headers: collect(headers, () => true), receipt: headerOf(headers, 'receipt') };
  }

  #unsubscribe(headers: RawHeaders): Decoded {
    const id = headerOf(headers, 'id');
    const destination = this.version === '1.0' ? headerOf(headers, 'destination') : undefined;
    if (id === undefined && destination === undefined) return missing('UNSUBSCRIBE', 'id');
    return { kind: 'unsubscribe', id, destination, receipt: headerOf(headers, 'receipt') };
  }

  #settle(kind: 'ack' | 'nack', headers: RawHeaders): Decoded {
    const command = kind.toUpperCase();
    if (kind === 'nack' && this.version === '1.0') return { code: 'command-unknown', message: 'STOMP 1.0 has no NACK.' };
    const name = this.version === '1.2' ? 'id' : 'message-id';
    const id = headerOf(headers, name);
    if (id === undefined) return missing(command, name);
    const subscription = headerOf(headers, 'subscription');
    if (this.version === '1.1' && subscription === undefined) return missing(command, 'subscription');
    return { kind, id, subscription, transaction: headerOf(headers, 'transaction'), receipt: headerOf(headers, 'receipt') };
  }
}

const commands = new Set(['CONNECT', 'STOMP', 'SUBSCRIBE', 'UNSUBSCRIBE', 'ACK', 'NACK', 'BEGIN', 'COMMIT', 'ABORT', 'DISCONNECT']);

function transaction(kind: 'begin' | 'commit' | 'abort', headers: RawHeaders): Decoded {
  const id = headerOf(headers, 'transaction');
  if (id === undefined) return missing(kind.toUpperCase(), 'transaction');
  return { kind, transaction: id, receipt: headerOf(headers, 'receipt') };
}

function missing(command: string, name: string): Refusal {
  return { code: 'header-missing', message: `${command} needs the header '${name}'.` };
}

function isAckMode(text: string): text is AckMode {
  return ackModes.includes(text);
}

/** The first value of each header that is kept. */
function collect(headers: RawHeaders, keep: (name: string) => boolean): Map<string, string> {
  const kept = new Map<string, string>();
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    if (keep(name) && !kept.has(name)) kept.set(name, headers[i + 1]!);
  }
  return kept;
}

/** Larger values are clamped to what a timer can hold. */
function heartbeatPair(text: string): HeartbeatPair | undefined {
  const match = /^ *(\d{1,15}) *, *(\d{1,15}) *$/.exec(text);
  if (match === null) return undefined;
  return [Math.min(Number(match[1]), longestDelay), Math.min(Number(match[2]), longestDelay)];
}
