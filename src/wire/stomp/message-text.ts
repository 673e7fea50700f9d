// One message in the words of one version of STOMP.
import { isUtf8 } from 'node:buffer';
import type { DeliveryMarks, MessageFrame } from '../../message/frame.js';
import type { Message } from '../../message/message.js';
import { mediaTypeOf } from '../../payload/media-type.js';
import type { MessageText } from '../encoded-messages.js';
import type { Dialect } from './dialect.js';
import { ownHeaderLine } from './escaping.js';
import { headerLines, lengthLine } from './serializer.js';

const nul = Uint8Array.of(0);

export class StompMessageText implements MessageText {
  readonly before: string;
  readonly body: Uint8Array;
  readonly after = nul;
  readonly binary: boolean;
  readonly #idLine: string;

  constructor(
    { message, messageId }: MessageFrame,
    private readonly dialect: Dialect,
  ) {
    const { destination, headers, body } = message;
    const { escaping } = dialect;
    this.before =
      ownHeaderLine('destination', destination, escaping) +
      lengthLine(body) +
      `${headerLines(headers, escaping)}\n`;
    this.body = body;
    this.binary = isBinary(message);
    this.#idLine = ownHeaderLine('message-id', messageId, escaping);
  }

  /** The server's own headers stand first, because of a repeated header the first counts. */
  head(subscription: string, marks: DeliveryMarks | undefined): string {
    const { escaping } = this.dialect;
    return `MESSAGE\n${ownHeaderLine('subscription', subscription, escaping)}${this.#idLines(marks?.ack)}${markLines(marks)}`;
  }

  #idLines(ack: string | undefined): string {
    const { version, escaping } = this.dialect;
    if (ack === undefined) return this.#idLine;
    // Before 1.2 ACK names the message id, which has to tell the deliveries of one message apart.
    return version === '1.2'
      ? this.#idLine + ownHeaderLine('ack', ack, escaping)
      : ownHeaderLine('message-id', ack, escaping);
  }
}

/** The names that RabbitMQ, ActiveMQ and MQTT use, where they have one. */
function markLines(marks: DeliveryMarks | undefined): string {
  if (marks === undefined) return '';
  const { redelivered, retained, dropped } = marks;
  return (
    (redelivered === undefined ? '' : `redelivered:true\ndelivery-count:${redelivered + 1}\n`) +
    (retained === true ? 'retained:true\n' : '') +
    (dropped === undefined ? '' : `dropped:${dropped}\n`)
  );
}

/** Text that is none would end a browser's connection with 1007. */
function isBinary({ headers, body }: Message): boolean {
  const contentType = headers.get('content-type');
  if (contentType !== undefined && mediaTypeOf(contentType).name === 'application/octet-stream')
    return true;
  return !isUtf8(body);
}
