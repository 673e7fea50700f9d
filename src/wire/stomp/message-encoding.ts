// One message in the octets of one version: what all its MESSAGE frames share, made once.
import { isUtf8 } from 'node:buffer';
import { EncodedFrame } from '../../message/encoded-frame.js';
import type { MessageFrame } from '../../message/frame.js';
import type { Message } from '../../message/message.js';
import { mediaTypeOf } from '../../payload/media-type.js';
import type { Dialect } from './dialect.js';
import { ownHeaderLine } from './escaping.js';
import { frameOctets, headerLines } from './serializer.js';

export class MessageEncoding {
  /** Everything from the destination to the closing NUL. */
  readonly #tail: Buffer;
  readonly #binary: boolean;
  readonly #idLine: string;
  readonly #frames = new Map<string, EncodedFrame>();

  constructor(
    private readonly message: Message,
    private readonly messageId: string,
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

  isOf({ message, messageId }: MessageFrame): boolean {
    return this.message === message && this.messageId === messageId;
  }

  /** The same object for equal subscription ids, so that what a transport made of it is shared too. */
  frame(subscription: string): EncodedFrame {
    let encoded = this.#frames.get(subscription);
    if (encoded === undefined)
      this.#frames.set(subscription, (encoded = this.#encode(subscription, this.#idLine)));
    return encoded;
  }

  /** A delivery that is to be acknowledged: its ack is its own, so nothing of it is kept. */
  delivery(subscription: string, ack: string): EncodedFrame {
    const { version, escaping } = this.dialect;
    // Before 1.2 ACK names the message id, which has to tell the deliveries of one message apart.
    if (version !== '1.2')
      return this.#encode(subscription, ownHeaderLine('message-id', ack, escaping));
    return this.#encode(subscription, this.#idLine + ownHeaderLine('ack', ack, escaping));
  }

  #encode(subscription: string, idLines: string): EncodedFrame {
    const head = `MESSAGE\n${ownHeaderLine('subscription', subscription, this.dialect.escaping)}${idLines}`;
    const size = Buffer.byteLength(head);
    const octets = Buffer.allocUnsafe(size + this.#tail.length);
    octets.write(head);
    octets.set(this.#tail, size);
    return new EncodedFrame(octets, this.#binary);
  }
}

/** Text that is none would end a browser's connection with 1007. */
function isBinary({ headers, body }: Message): boolean {
  const contentType = headers.get('content-type');
  if (contentType !== undefined && mediaTypeOf(contentType).name === 'application/octet-stream')
    return true;
  return !isUtf8(body);
}
