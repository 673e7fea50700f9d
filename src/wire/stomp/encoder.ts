// The way out to all STOMP clients of one version: server frames to octets, equal ones once.
import { EncodedFrame } from '../../message/encoded-frame.js';
import type {
  ConnectedFrame,
  ErrorFrame,
  Heartbeat,
  ReceiptFrame,
  ServerFrame,
} from '../../message/frame.js';
import { noBody } from '../body.js';
import type { Encoder } from '../codec.js';
import { EncodedMessages } from '../encoded-messages.js';
import { versions, type Dialect } from './dialect.js';
import { headerLine, ownHeaderLine, plainOnly } from './escaping.js';
import { StompMessageText } from './message-text.js';
import { frameOctets, lengthLine } from './serializer.js';

const supported = versions.toReversed().join(',');
const lineEnd = Buffer.from('\n');

export class StompEncoder implements Encoder {
  readonly #messages: EncodedMessages;

  constructor(private readonly dialect: Dialect) {
    this.#messages = new EncodedMessages((frame) => new StompMessageText(frame, dialect));
  }

  encode(frame: ServerFrame | Heartbeat): EncodedFrame {
    switch (frame.kind) {
      case 'message':
        return this.#messages.encode(frame);
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

  #error({ code, message, detail, receipt, fields }: ErrorFrame): EncodedFrame {
    const { escaping } = this.dialect;
    let lines = `ERROR\n${ownHeaderLine('message', message, escaping)}code:${code}\n`;
    if (receipt !== undefined) lines += ownHeaderLine('receipt-id', receipt, escaping);
    if (code === 'version-unsupported') lines += `version:${supported}\n`;
    const more = detail ?? fields?.map((field) => `${field.path}: ${field.message}`).join('\n');
    if (more === undefined || more === '') return whole(lines);
    return whole(`${lines}content-type:text/plain\n`, Buffer.from(more));
  }
}

function whole(lines: string, body: Uint8Array = noBody): EncodedFrame {
  return new EncodedFrame(frameOctets(lines + lengthLine(body), body), false);
}
