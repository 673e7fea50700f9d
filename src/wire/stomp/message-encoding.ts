// One message in the octets of one version of STOMP: what all its MESSAGE frames share, made once.
import { isUtf8 } from 'node:buffer';
import { EncodedFrame } from '../../message/encoded-frame.js';
import type { DeliveryMarks, MessageFrame } from '../../message/frame.js';
import type { Message } from '../../message/message.js';
import { mediaTypeOf } from '../../payload/media-type.js';
import type { MessageEncoding } from '../encoded-messages.js';
import type { Dialect } from './dialect.js';
import { ownHeaderLine } from './escaping.js';
import { frameOctets, headerLines } from './serializer.js';

export class StompMessageEncoding implements MessageEncoding {
  /** Everything from the destination to the closing NUL. */
  readonly #tail: Buffer;
  readonly #binary: boolean;
  readonly #idLine: string;

  constructor(
    { message, messageId }: MessageFrame,
    private readonly dialect: Dialect,
  ) {
    const { destination, headers, body } = message;
    const { escaping } = dialect;
    // The server's own headers stand first, because of a repeated header the first counts.
    this.#tail = frameOctets(
      ownHeaderLine('destination', destination, escaping) + headerLines(headers, escaping),
      body,
    );
    this.#binary = isBinary(message);
    this.#idLine = ownHeaderLine('message-id', messageId, escaping);
  }

  frame(subscription: string, marks: DeliveryMarks | undefined): EncodedFrame {
    const ids = `${ownHeaderLine('subscription', subscription, this.dialect.escaping)}${this.#idLines(marks?.ack)}`;
    const head = `MESSAGE\n${ids}${markLines(marks)}`;
    const size = Buffer.byteLength(head);
    const octets = Buffer.allocUnsafe(size + this.#tail.length);
    octets.write(head);
    octets.set(this.#tail, size);
    return new EncodedFrame(octets, this.#binary);
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
