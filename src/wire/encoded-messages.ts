// MESSAGE frames in octets: what all frames of one message share is made once, and equal frames are one object.
import type { EncodedFrame } from '../message/encoded-frame.js';
import type { DeliveryMarks, MessageFrame } from '../message/frame.js';

/** One message in a protocol's octets, which only the subscription is added to. */
export interface MessageEncoding {
  frame(subscription: string, marks: DeliveryMarks | undefined): EncodedFrame;
}

/** Frames of one message, by subscription id. */
interface Shared {
  readonly message: MessageFrame['message'];
  readonly messageId: string;
  readonly encoding: MessageEncoding;
  readonly frames: Map<string, EncodedFrame>;
}

export class EncodedMessages {
  #lastFrame: MessageFrame | undefined;
  #lastEncoded: EncodedFrame | undefined;
  /** Held weakly: with a thousand subscription ids it holds a thousand copies of a body. */
  #last: WeakRef<Shared> | undefined;

  constructor(private readonly encodingOf: (frame: MessageFrame) => MessageEncoding) {}

  /** The same object for equal frames, so that what a transport made of it is shared too. */
  encode(frame: MessageFrame): EncodedFrame {
    if (frame === this.#lastFrame) return this.#lastEncoded!;
    const { encoding, frames } = this.#sharedOf(frame);
    const { subscription, marks } = frame;
    // Nothing is kept of what is true of one delivery alone.
    if (marks !== undefined) return encoding.frame(subscription, marks);
    let encoded = frames.get(subscription);
    if (encoded === undefined)
      frames.set(subscription, (encoded = encoding.frame(subscription, undefined)));
    this.#lastFrame = frame;
    return (this.#lastEncoded = encoded);
  }

  #sharedOf(frame: MessageFrame): Shared {
    const last = this.#last?.deref();
    const { message, messageId } = frame;
    if (last !== undefined && last.message === message && last.messageId === messageId) return last;
    const shared = { message, messageId, encoding: this.encodingOf(frame), frames: new Map() };
    this.#last = new WeakRef(shared);
    return shared;
  }
}
