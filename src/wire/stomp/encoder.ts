// STOMP to the clients of one version: what the server says to octets, once for all who hear the same.
import { isUtf8 } from 'node:buffer';
import { EncodedFrame } from '../../message/encoded-frame.js';
import type { ConnectedFrame, ErrorFrame, Heartbeat, MessageFrame, ServerFrame } from '../../message/frame.js';
import type { Message } from '../../message/message.js';
import type { Encoder } from '../codec.js';
import { unescaped } from './escaping.js';
import { headText, headerLine, joinFrame } from './serializer.js';
import { supported, type Version } from './version.js';

/** Written by the encoder itself, whatever the message says. */
const ours = new Set(['subscription', 'message-id', 'destination', 'ack', 'content-length']);

const empty = new Uint8Array(0);

/** A message's octets but for the subscription: what every subscriber's frame shares. */
interface Shared {
  readonly message: Message;
  readonly messageId: string;
  /** Everything behind the value of the `subscription` header, the NUL too. */
  readonly rest: Buffer;
  readonly binary: boolean;
  /** The frames made of it, by subscription id. */
  readonly frames: Map<string, EncodedFrame>;
}

export class StompEncoder implements Encoder {
  /** Of the message that goes out now; the next one takes its place. */
  #shared: Shared | undefined;
  #lastFrame: ServerFrame | undefined;
  #lastEncoded: EncodedFrame | undefined;

  constructor(private readonly version: Version) {}

  encode(frame: ServerFrame | Heartbeat): EncodedFrame {
    switch (frame.kind) {
      case 'message':
        return this.#message(frame);
      case 'receipt':
        return this.#head('RECEIPT', ['receipt-id', frame.receipt]);
      case 'connected':
        return this.#connected(frame);
      case 'error':
        return this.#error(frame);
      case 'heartbeat':
        // A new one each time: an encoded frame remembers what followed it in a batch.
        return new EncodedFrame(Buffer.from('\n'), false);
      default:
        return frame satisfies never;
    }
  }

  #message(frame: MessageFrame): EncodedFrame {
    if (frame === this.#lastFrame) return this.#lastEncoded!;
    const { message, messageId, subscription, ack } = frame;
    let shared = this.#shared;
    if (shared === undefined || shared.message !== message || shared.messageId !== messageId) {
      shared = this.#shared = this.#share(message, messageId);
    }
    const encoded = ack === undefined ? this.#sharedFrame(shared, subscription) : this.#ownFrame(shared, subscription, ack);
    this.#lastFrame = frame;
    return (this.#lastEncoded = encoded);
  }

  #sharedFrame(shared: Shared, subscription: string): EncodedFrame {
    let encoded = shared.frames.get(subscription);
    if (encoded === undefined) {
      encoded = this.#ownFrame(shared, subscription, undefined);
      shared.frames.set(subscription, encoded);
    }
    return encoded;
  }

  #ownFrame({ rest, binary }: Shared, subscription: string, ack: string | undefined): EncodedFrame {
    const { escaping } = this.version;
    // A subscription of STOMP 1.0 whose client gave no id is named by none.
    const named = subscription.startsWith('\0') ? '' : headerLine('subscription', subscription, escaping);
    const own = `MESSAGE\n${named}${ack === undefined ? '' : headerLine('ack', ack, escaping)}`;
    const ownLength = Buffer.byteLength(own);
    const octets = Buffer.allocUnsafeSlow(ownLength + rest.length);
    octets.write(own, 0);
    octets.set(rest, ownLength);
    return new EncodedFrame(octets, binary);
  }

  #share(message: Message, messageId: string): Shared {
    const { escaping } = this.version;
    const { destination, headers, body } = message;
    let lines = headerLine('message-id', messageId, escaping) + headerLine('destination', destination, escaping);
    for (const [name, value] of headers) if (!ours.has(name)) lines += this.#line(name, value);
    if (body.length > 0) lines += `content-length:${body.length}\n`;
    const rest = joinFrame(`${lines}\n`, body);
    // Text that is no UTF-8 would end every browser's connection with 1007.
    const binary = headers.get('content-type') === 'application/octet-stream' || !isUtf8(body);
    return { message, messageId, rest, binary, frames: new Map() };
  }

  /** Towards 1.0 a name that holds a colon cannot be written. */
  #line(name: string, value: string): string {
    return this.version.name === '1.0' && name.includes(':') ? '' : headerLine(name, value, this.version.escaping);
  }

  #connected({ session, server, heartbeat, user }: ConnectedFrame): EncodedFrame {
    const headers = ['version', this.version.name, 'session', session, 'server', server, 'heart-beat', heartbeat.join(',')];
    if (user !== undefined) headers.push('user-name', user);
    return new EncodedFrame(joinFrame(headText('CONNECTED', headers, unescaped), empty), false);
  }

  #error({ code, message, detail, receipt }: ErrorFrame): EncodedFrame {
    const headers = ['message', message, 'code', code];
    if (receipt !== undefined) headers.push('receipt-id', receipt);
    if (code === 'version-unsupported') headers.push('version', supported);
    const body = Buffer.from(detail ?? '');
    if (body.length > 0) headers.push('content-type', 'text/plain', 'content-length', `${body.length}`);
    return new EncodedFrame(joinFrame(headText('ERROR', headers, this.version.escaping), body), false);
  }

  #head(command: string, headers: readonly string[]): EncodedFrame {
    return new EncodedFrame(joinFrame(headText(command, headers, this.version.escaping), empty), false);
  }
}
