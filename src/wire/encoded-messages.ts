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
  /** The subscription of the first frame, and that frame: a message for one session needs no map. */
  #subscription: string | undefined;
  #frame: EncodedFrame | undefined;
  /** Frames of further subscriptions. */
  #frames: Map<string, EncodedFrame> | undefined;
  #kept = 0;
  /** What was written first, and the head that it begins with. */
  #octets: Buffer | undefined;
  #head = '';
  /** The octets behind that head, which all frames share; wanted by the second. */
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
    const known = this.#frames?.get(subscription);
    if (known !== undefined) return known;
    const encoded = this.encode(subscription, undefined);
    this.#keep(subscription, encoded);
    return encoded;
  }

  encode(subscription: string, marks: DeliveryMarks | undefined): EncodedFrame {
    const head = this.text.head(subscription, marks);
    const octets =
      this.#octets === undefined ? this.#first(head) : this.#further(head, this.#octets);
    return new EncodedFrame(octets, this.text.binary);
  }

  #keep(subscription: string, encoded: EncodedFrame): void {
    if (this.#subscription === undefined) {
      this.#subscription = subscription;
      this.#frame = encoded;
      return;
    }
    this.#kept += encoded.bytes.length;
    if (this.#kept <= keptOctets) (this.#frames ??= new Map()).set(subscription, encoded);
  }

  #first(head: string): Buffer {
    const { before, body, after } = this.text;
    const start = head + before;
    const size = Buffer.byteLength(start);
    const octets = Buffer.allocUnsafe(size + body.length + after.length);
    octets.write(start);
    octets.set(body, size);
    octets.set(after, size + body.length);
    this.#head = head;
    return (this.#octets = octets);
  }

  #further(head: string, first: Buffer): Buffer {
    const tail = (this.#tail ??= first.subarray(Buffer.byteLength(this.#head)));
    const size = Buffer.byteLength(head);
    const octets = Buffer.allocUnsafe(size + tail.length);
    octets.write(head);
    octets.set(tail, size);
    return octets;
  }
}
