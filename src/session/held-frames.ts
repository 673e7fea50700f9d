// The frames that an outbox holds back for a slow reader, and the number of messages dropped from each subscription.
import type { MessageFrame, ServerFrame } from '../message/frame.js';
import type { SessionOwner } from './client-session.js';
import type { DropRule } from './slow-consumer.js';

interface HeldFrame {
  readonly frame: ServerFrame;
  /** In bytes. */
  readonly size: number;
  /** Undefined for a frame that must not be dropped. */
  readonly rule: DropRule | undefined;
}

/** Drop counts are kept for this many subscriptions, because a client can end any number of them without reading. */
const maxDropCounts = 1000;

export class HeldFrames {
  /** By position: a conflated message takes the position of the message that it replaces. */
  readonly #frames = new Map<number, HeldFrame>();
  readonly #positionOfKey = new Map<string, number>();
  readonly #dropCounts = new Map<string, number>();
  #lastPosition = 0;
  /** No message that may be dropped is held before this position: frames that must not be dropped are passed once, not at each drop. */
  #firstDroppable = 1;
  #size = 0;

  constructor(private readonly owner: SessionOwner) {}

  /** Bytes of all held frames. */
  get size(): number {
    return this.#size;
  }

  get empty(): boolean {
    return this.#frames.size === 0;
  }

  /** True when it holds neither frames nor drop counts, so that it can be discarded. */
  get disposable(): boolean {
    return this.empty && this.#dropCounts.size === 0;
  }

  add(frame: ServerFrame, size: number, rule: DropRule | undefined): void {
    const position = this.#positionOf(rule) ?? ++this.#lastPosition;
    const replaced = this.#frames.get(position);
    if (replaced !== undefined) {
      this.#size -= replaced.size;
      this.drop(replaced.frame as MessageFrame);
    }
    this.#frames.set(position, { frame, size, rule });
    if (rule?.key !== undefined) this.#positionOfKey.set(rule.key, position);
    this.#size += size;
  }

  /** Bytes of the frame that a frame with this rule would replace. */
  replacedSize(rule: DropRule | undefined): number {
    const position = this.#positionOf(rule);
    return position === undefined ? 0 : this.#frames.get(position)!.size;
  }

  /** Drops the oldest message that may be dropped; false when there is none. */
  dropOldest(): boolean {
    for (; this.#firstDroppable <= this.#lastPosition; this.#firstDroppable++) {
      const held = this.#frames.get(this.#firstDroppable);
      if (held?.rule === undefined) continue;
      this.#remove(this.#firstDroppable, held);
      this.drop(held.frame as MessageFrame);
      return true;
    }
    return false;
  }

  /** Counts a message as dropped that is not held. */
  drop(frame: MessageFrame): void {
    this.#dropCounts.set(frame.subscription, (this.#dropCounts.get(frame.subscription) ?? 0) + 1);
    if (this.#dropCounts.size > maxDropCounts) {
      const [oldest] = this.#dropCounts.keys();
      this.#dropCounts.delete(oldest!);
    }
    this.owner.messageDropped(frame);
  }

  /** Removes the messages of an ended subscription that may be dropped, and its drop count. */
  forget(subscription: string): void {
    for (const [position, held] of this.#frames) {
      // A queue without acknowledgement counts its messages as delivered, so they must be sent.
      if (held.rule === undefined) continue;
      if ((held.frame as MessageFrame).subscription === subscription) this.#remove(position, held);
    }
    this.#dropCounts.delete(subscription);
  }

  /** Removes and returns the oldest frame, with the drop count of its subscription. */
  take(): ServerFrame | undefined {
    for (const [position, held] of this.#frames) {
      this.#remove(position, held);
      if (this.#firstDroppable < position) this.#firstDroppable = position;
      return this.withDropCount(held.frame);
    }
    return undefined;
  }

  /** Adds to a message the number of messages of its subscription that were dropped before it. */
  withDropCount(frame: ServerFrame): ServerFrame {
    if (frame.kind !== 'message') return frame;
    const dropped = this.#dropCounts.get(frame.subscription);
    if (dropped === undefined) return frame;
    this.#dropCounts.delete(frame.subscription);
    return { ...frame, marks: { ...frame.marks, dropped } };
  }

  #positionOf(rule: DropRule | undefined): number | undefined {
    return rule?.key === undefined ? undefined : this.#positionOfKey.get(rule.key);
  }

  #remove(position: number, { size, rule }: HeldFrame): void {
    this.#frames.delete(position);
    this.#size -= size;
    if (rule?.key !== undefined) this.#positionOfKey.delete(rule.key);
  }
}
