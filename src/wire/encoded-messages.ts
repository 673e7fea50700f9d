// Encoding of MESSAGE frames: the parts that all frames of a message share are encoded once, and equal frames are one object.
import { EncodedFrame } from '../message/encoded-frame.js';
import type { DeliveryMarks, MessageFrame } from '../message/frame.js';

/** A message in the syntax of a protocol: a head for each frame, then a text and bytes that all frames share. */
export interface MessageText {
  head(subscription: string, marks: DeliveryMarks | undefined): string;
  readonly before: string;
  readonly body: Uint8Array;
  readonly after: Uint8Array;
  /** True when the bytes are not valid text, so that WebSocket must send them in a binary message. */
  readonly binary: boolean;
}

/** Limit of the cached frames of the latest message, in bytes: with a thousand subscription ids there are a thousand frames. */
const maxCachedBytes = 1024 * 1024;

/** The encoded frames of the latest message. */
export class EncodedMessages {
  #lastFrame: MessageFrame | undefined;
  #lastEncoded: EncodedFrame | undefined;
  #last: EncodedMessage | undefined;

  constructor(private readonly textOf: (frame: MessageFrame) => MessageText) {}

  /** Returns the same object for equal frames, so that their framing is shared too. */
  encode(frame: MessageFrame): EncodedFrame {
    if (frame === this.#lastFrame) return this.#lastEncoded!;
    const { subscription, marks } = frame;
    if (this.#last?.isOf(frame) !== true)
      this.#last = new EncodedMessage(frame, this.textOf(frame));
    // Marks belong to one delivery, so a frame with marks is not cached.
    if (marks !== undefined) return this.#last.encode(subscription, marks);
    this.#lastFrame = frame;
    return (this.#lastEncoded = this.#last.frame(subscription));
  }
}

class EncodedMessage {
  readonly #message: MessageFrame['message'];
  readonly #messageId: string;
  /** The subscription of the first frame, and that frame: a message for one session needs no map. */
  #subscription: string | undefined;
  #frame: EncodedFrame | undefined;
  /** Frames of further subscriptions. */
  #frames: Map<string, EncodedFrame> | undefined;
  #cachedBytes = 0;
  /** The bytes of the first frame, and the head that they begin with. */
  #firstBytes: Buffer | undefined;
  #firstHead = '';
  /** The bytes after that head, which all frames share; set for the second frame. */
  #tail: Buffer | undefined;

  constructor(
    { message, messageId }: MessageFrame,
    private readonly text: MessageText,
  ) {
    this.#message = message;
    this.#messageId = messageId;
  }

  isOf({ message, messageId }: MessageFrame): boolean {
    return this.#message === message && this.#messageId === messageId;
  }

  frame(subscription: string): EncodedFrame {
    if (subscription === this.#subscription) return this.#frame!;
    const cached = this.#frames?.get(subscription);
    if (cached !== undefined) return cached;
    const encoded = this.encode(subscription, undefined);
    this.#cache(subscription, encoded);
    return encoded;
  }

  encode(subscription: string, marks: DeliveryMarks | undefined): EncodedFrame {
    const head = this.text.head(subscription, marks);
    const bytes =
      this.#firstBytes === undefined
        ? this.#encodeFirst(head)
        : this.#encodeNext(head, this.#firstBytes);
    return new EncodedFrame(bytes, this.text.binary);
  }

  #cache(subscription: string, encoded: EncodedFrame): void {
    if (this.#subscription === undefined) {
      this.#subscription = subscription;
      this.#frame = encoded;
      return;
    }
    this.#cachedBytes += encoded.bytes.length;
    if (this.#cachedBytes <= maxCachedBytes)
      (this.#frames ??= new Map()).set(subscription, encoded);
  }

  #encodeFirst(head: string): Buffer {
    const { before, body, after } = this.text;
    const start = head + before;
    const size = Buffer.byteLength(start);
    const bytes = Buffer.allocUnsafe(size + body.length + after.length);
    bytes.write(start);
    bytes.set(body, size);
    bytes.set(after, size + body.length);
    this.#firstHead = head;
    return (this.#firstBytes = bytes);
  }

  #encodeNext(head: string, first: Buffer): Buffer {
    const tail = (this.#tail ??= first.subarray(Buffer.byteLength(this.#firstHead)));
    const size = Buffer.byteLength(head);
    const bytes = Buffer.allocUnsafe(size + tail.length);
    bytes.write(head);
    bytes.set(tail, size);
    return bytes;
  }
}
