// The way out to all STOMP clients of one version: server frames to octets, equal ones once.
import { EncodedFrame } from '../../message/encoded-frame.js';
import type {
  ConnectedFrame,
  ErrorFrame,
  Heartbeat,
  MessageFrame,
  ReceiptFrame,
  ServerFrame,
} from '../../message/frame.js';
import type { Encoder } from '../codec.js';
import { versions, type Dialect } from './dialect.js';
import { headerLine, ownHeaderLine, plainOnly } from './escaping.js';
import { MessageEncoding } from './message-encoding.js';
import { noBody } from './raw-frame.js';
import { frameOctets } from './serializer.js';

const supported = versions.toReversed().join(',');
const lineEnd = Buffer.from('\n');

export class StompEncoder implements Encoder {
  #lastFrame: MessageFrame | undefined;
  #lastEncoded: EncodedFrame | undefined;
  /** Held weakly: with a thousand subscription ids it holds a thousand copies of a body. */
  #lastMessage: WeakRef<MessageEncoding> | undefined;

  constructor(private readonly dialect: Dialect) {}

  encode(frame: ServerFrame | Heartbeat): EncodedFrame {
    switch (frame.kind) {
      case 'message':
        return this.#message(frame);
      case 'heartbeat':
        // Not shared: an encoded frame keeps what was written after it.
        return new EncodedFrame(lineEnd, false);
      case 'receipt':
        return this.#receipt(frame);
      case 'connected':
        return this.#connected(frame);
      case 'error':
        return this.#error(frame);
      default:
        return frame satisfies never;
    }
  }

  #message(frame: MessageFrame): EncodedFrame {
    if (frame === this.#lastFrame) return this.#lastEncoded!;
    const encoding = this.#encodingOf(frame);
    if (frame.ack !== undefined) return encoding.delivery(frame.subscription, frame.ack);
    this.#lastFrame = frame;
    return (this.#lastEncoded = encoding.frame(frame.subscription));
  }

  #encodingOf(frame: MessageFrame): MessageEncoding {
    const last = this.#lastMessage?.deref();
    if (last?.isOf(frame) === true) return last;
    const encoding = new MessageEncoding(frame.message, frame.messageId, this.dialect);
    this.#lastMessage = new WeakRef(encoding);
    return encoding;
  }

  #receipt({ receipt }: ReceiptFrame): EncodedFrame {
    return whole(`RECEIPT\n${ownHeaderLine('receipt-id', receipt, this.dialect.escaping)}`);
  }

  #connected({ session, server, heartbeat, user }: ConnectedFrame): EncodedFrame {
    return whole(
      `CONNECTED\nversion:${this.dialect.version}\n` +
        headerLine('session', session, plainOnly) +
        headerLine('server', server, plainOnly) +
        `heart-beat:${heartbeat[0]},${heartbeat[1]}\n` +
        (user === undefined ? '' : headerLine('user-name', user, plainOnly)),
    );
  }

  #error({ code, message, detail, receipt }: ErrorFrame): EncodedFrame {
    const { escaping } = this.dialect;
    let lines = `ERROR\n${ownHeaderLine('message', message, escaping)}code:${code}\n`;
    if (receipt !== undefined) lines += ownHeaderLine('receipt-id', receipt, escaping);
    if (code === 'version-unsupported') lines += `version:${supported}\n`;
    if (detail === undefined || detail === '') return whole(lines);
    return whole(`${lines}content-type:text/plain\n`, Buffer.from(detail));
  }
}

function whole(lines: string, body: Uint8Array = noBody): EncodedFrame {
  return new EncodedFrame(frameOctets(lines, body), false);
}
