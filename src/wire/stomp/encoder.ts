// Encodes server frames for the STOMP clients of one version, which share one encoder.
import { isUtf8 } from 'node:buffer';
import { EncodedFrame } from '../../message/encoded-frame.js';
import type {
  ConnectedFrame,
  DeliveryMarks,
  ErrorFrame,
  Heartbeat,
  MessageFrame,
  ReceiptFrame,
  ServerFrame,
} from '../../message/frame.js';
import type { Message } from '../../message/message.js';
import type { Encoder } from '../codec.js';
import { EncodedMessages, type MessageText } from '../encoded-messages.js';
import { noBody } from '../received-bytes.js';
import { versions, type Dialect } from './dialect.js';
import {
  contentLengthLine,
  headerLine,
  headerLines,
  requiredHeaderLine,
  verbatim,
} from './header.js';
import { frameBytes } from './raw-frame.js';

const nul = 0x00;

const supportedVersions = versions.toReversed().join(',');
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
        // A new object for each heart-beat, because an encoded frame caches the batches that begin with it.
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
    const { escaping } = this.dialect;
    return encodeFrame(`RECEIPT\n${requiredHeaderLine('receipt-id', receipt, escaping)}`);
  }

  #connected({ session, server, heartbeat, user }: ConnectedFrame): EncodedFrame {
    return encodeFrame(
      `CONNECTED\nversion:${this.dialect.version}\n` +
        headerLine('session', session, verbatim) +
        headerLine('server', server, verbatim) +
        `heart-beat:${heartbeat[0]},${heartbeat[1]}\n` +
        (user === undefined ? '' : headerLine('user-name', user, verbatim)),
    );
  }

  #error({ code, message, detail, receipt, fields }: ErrorFrame): EncodedFrame {
    const { escaping } = this.dialect;
    let lines = `ERROR\n${requiredHeaderLine('message', message, escaping)}code:${code}\n`;
    if (receipt !== undefined) lines += requiredHeaderLine('receipt-id', receipt, escaping);
    if (code === 'version-unsupported') lines += `version:${supportedVersions}\n`;
    const body = detail ?? fields?.map((field) => `${field.path}: ${field.message}`).join('\n');
    if (body === undefined || body === '') return encodeFrame(lines);
    return encodeFrame(`${lines}content-type:text/plain\n`, Buffer.from(body));
  }
}

function encodeFrame(lines: string, body: Uint8Array = noBody): EncodedFrame {
  return new EncodedFrame(frameBytes(lines + contentLengthLine(body), body), false);
}

const frameEnd = Uint8Array.of(nul);

class StompMessageText implements MessageText {
  readonly before: string;
  readonly body: Uint8Array;
  readonly after = frameEnd;
  readonly binary: boolean;
  readonly #idLine: string;

  constructor(
    { message, messageId }: MessageFrame,
    private readonly dialect: Dialect,
  ) {
    const { destination, body } = message;
    const { escaping } = dialect;
    this.binary = isBinary(message);
    this.body = body;
    this.before =
      requiredHeaderLine('destination', destination, escaping) +
      contentLengthLine(body) +
      `${headerLines(message, escaping)}\n`;
    this.#idLine = requiredHeaderLine('message-id', messageId, escaping);
  }

  /** The headers of the server come first, because the first of repeated headers counts. */
  head(subscription: string, marks: DeliveryMarks | undefined): string {
    const first = `MESSAGE\n${requiredHeaderLine('subscription', subscription, this.dialect.escaping)}`;
    return marks === undefined
      ? first + this.#idLine
      : first + this.#idLines(marks.ack) + markLines(marks);
  }

  #idLines(ack: string | undefined): string {
    const { version, escaping } = this.dialect;
    if (ack === undefined) return this.#idLine;
    // Before 1.2, ACK contains the message id, so each delivery of a message needs its own.
    return version === '1.2'
      ? this.#idLine + requiredHeaderLine('ack', ack, escaping)
      : requiredHeaderLine('message-id', ack, escaping);
  }
}

/** Uses header names of RabbitMQ, ActiveMQ and MQTT if there are any. */
function markLines({ redelivered, retained, dropped }: DeliveryMarks): string {
  return (
    (redelivered === undefined ? '' : `redelivered:true\ndelivery-count:${redelivered + 1}\n`) +
    (retained === true ? 'retained:true\n' : '') +
    (dropped === undefined ? '' : `dropped:${dropped}\n`)
  );
}

const bytesType = /^\s*application\/octet-stream\s*(?:;|$)/i;

/**
 * A browser closes the connection with 1007 when a text message is not valid UTF-8. Bodies with the content type of bytes are
 * always binary, so that the kind of the WebSocket message does not depend on their content.
 */
function isBinary({ headers, body }: Message): boolean {
  const contentType = headers.get('content-type');
  return (contentType !== undefined && bytesType.test(contentType)) || !isUtf8(body);
}
