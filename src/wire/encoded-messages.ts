// Encodes MESSAGE frames: shared parts of the frames of one message are encoded once, and equal frames are one object.
import { EncodedFrame } from '../message/encoded-frame.js';
import type { DeliveryMarks, MessageFrame } from '../message/frame.js';

/** A message in the syntax of a protocol: a head for each frame, then a text and bytes that are equal in all frames. */
export interface MessageText {
  head(subscription: string, marks: DeliveryMarks | undefined): string;
  readonly before: string;
  readonly body: Uint8Array;
  readonly after: Uint8Array;
  /** True when the bytes are not valid text, so that WebSocket must send them in a binary message. */
  readonly binary: boolean;
}

/**
 * Bytes of the cached frames of the latest message. Limited, because a message has as many frames as different subscription ids.
 */
const maxCachedBytes = 1024 * 1024;

/** The encoded frames of the latest message. */
export class EncodedMessages {
  #lastFrame: MessageFrame | undefined;
  #lastEncoded: EncodedFrame | undefined;
  #last: EncodedMessage | undefined;

  constructor(private readonly textOf: (frame: MessageFrame) => MessageText) {}

  /** Returns the same object for equal frames, so that their framed bytes are shared too. */
  encode(frame: MessageFrame): EncodedFrame {
    if (frame === this.#lastFrame) return this.#lastEncoded!;
    const encoded = this.#encode(frame);
    // Marks belong to one delivery, so a frame with marks is not cached.
    if (frame.marks === undefined) {
      this.#lastFrame = frame;
      this.#lastEncoded = encoded;
    }
    return encoded;
  }

  #encode(frame: MessageFrame): EncodedFrame {
    if (this.#last?.isOf(frame) === true) return this.#last.encode(frame);
    this.#last = new EncodedMessage(frame, this.textOf);
    return this.#last.first;
  }
}

/** The encoded frames of one message, which is created together with its first frame. */
class EncodedMessage {
  readonly first: EncodedFrame;
  readonly #firstFrame: MessageFrame;
  /** The head of the first frame. */
  readonly #firstHead: string;
  /** The bytes after the head, which all frames share; set for the second frame. */
  #tail: Uint8Array | undefined;
  readonly #text: MessageText;
  /** Frames of further subscriptions; created for the second frame, because most messages have only one. */
  #others: Map<string, EncodedFrame> | undefined;
  #cachedBytes = 0;

  constructor(frame: MessageFrame, textOf: (frame: MessageFrame) => MessageText) {
    const text = textOf(frame);
    const head = text.head(frame.subscription, frame.marks);
    const { before, body, after, binary } = text;
    const start = head + before;
    const size = Buffer.byteLength(start);
    const bytes = Buffer.allocUnsafe(size + body.length + after.length);
    bytes.write(start);
    bytes.set(body, size);
    bytes.set(after, size + body.length);
    this.first = new EncodedFrame(bytes, binary);
    this.#firstFrame = frame;
    this.#firstHead = head;
    this.#text = text;
  }

  isOf({ message, messageId }: MessageFrame): boolean {
    return this.#firstFrame.message === message && this.#firstFrame.messageId === messageId;
  }

  /** The encoded form of another frame of this message. */
  encode({ subscription, marks }: MessageFrame): EncodedFrame {
    if (marks !== undefined) return this.#encodeNext(subscription, marks);
    const { subscription: firstSubscription, marks: firstMarks } = this.#firstFrame;
    if (subscription === firstSubscription && firstMarks === undefined) return this.first;
    const cached = this.#others?.get(subscription);
    if (cached !== undefined) return cached;
    const encoded = this.#encodeNext(subscription, undefined);
    this.#cachedBytes += encoded.bytes.length;
    if (this.#cachedBytes <= maxCachedBytes)
      (this.#others ??= new Map()).set(subscription, encoded);
    return encoded;
  }

  #encodeNext(subscription: string, marks: DeliveryMarks | undefined): EncodedFrame {
    const tail = (this.#tail ??= this.first.bytes.subarray(Buffer.byteLength(this.#firstHead)));
    const head = this.#text.head(subscription, marks);
    const size = Buffer.byteLength(head);
    const bytes = Buffer.allocUnsafe(size + tail.length);
    bytes.write(head);
    bytes.set(tail, size);
    return new EncodedFrame(bytes, this.#text.binary);
  }
}
