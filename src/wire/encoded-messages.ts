// MESSAGE frames in octets: what all frames of one message share is made once, and equal frames are one object.
import { EncodedFrame } from '../message/encoded-frame.js';
import type { DeliveryMarks, MessageFrame } from '../message/frame.js';

/** One message as a protocol says it: a head of each frame's own, then text and octets that all of them share. */
export interface MessageText {
  head(subscription: string, marks: DeliveryMarks | undefined): string;
  readonly before: string;
  readonly body: Uint8Array;
  readonly after: Uint8Array;
  /** Whether the octets may only travel as binary, being no text. */
  readonly binary: boolean;
}

/** Octets of the latest message's frames that are kept at the most: with a thousand subscription ids it has a thousand. */
const keptOctets = 1024 * 1024;

export class EncodedMessages {
  #lastFrame: MessageFrame | undefined;
  #lastEncoded: EncodedFrame | undefined;
  #last: EncodedMessage | undefined;

  constructor(private readonly textOf: (frame: MessageFrame) => MessageText) {}

  /** The same object for equal frames, so that what a transport made of it is shared too. */
  encode(frame: MessageFrame): EncodedFrame {
    if (frame === this.#lastFrame) return this.#lastEncoded!;
    const { subscription, marks } = frame;
    if (this.#last?.isOf(frame) !== true)
      this.#last = new EncodedMessage(frame, this.textOf(frame));
    // Nothing is kept of what is true of one delivery alone.
    if (marks !== undefined) return this.#last.encode(subscription, marks);
    this.#lastFrame = frame;
    return (this.#lastEncoded = this.#last.frame(subscription));
  }
}

class EncodedMessage {
  readonly #message: MessageFrame['message'];
  readonly #messageId: string;
  readonly #frames = new Map<string, EncodedFrame>();
  #kept = 0;
  /** The first frame's octets, of which those behind its head are in all others too. */
  #octets: Buffer | undefined;
  #headSize = 0;

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
    const known = this.#frames.get(subscription);
    if (known !== undefined) return known;
    const encoded = this.encode(subscription, undefined);
    this.#kept += encoded.bytes.length;
    if (this.#kept <= keptOctets) this.#frames.set(subscription, encoded);
    return encoded;
  }

  encode(subscription: string, marks: DeliveryMarks | undefined): EncodedFrame {
    const head = this.text.head(subscription, marks);
    const octets =
      this.#octets === undefined ? this.#first(head) : this.#further(head, this.#octets);
    return new EncodedFrame(octets, this.text.binary);
  }

  #first(head: string): Buffer {
    const { before, body, after } = this.text;
    this.#headSize = Buffer.byteLength(head);
    const size = this.#headSize + Buffer.byteLength(before);
    const octets = Buffer.allocUnsafe(size + body.length + after.length);
    octets.write(head + before);
    octets.set(body, size);
    octets.set(after, size + body.length);
    return (this.#octets = octets);
  }

  #further(head: string, first: Buffer): Buffer {
    const size = Buffer.byteLength(head);
    const octets = Buffer.allocUnsafe(size + first.length - this.#headSize);
    octets.write(head);
    first.copy(octets, size, this.#headSize);
    return octets;
  }
}
