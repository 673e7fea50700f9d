// Frames that wait in the outbox of a reader that is behind, and how many of each subscription had to give way.
import type { MessageFrame, ServerFrame } from '../message/frame.js';
import type { Treatment } from './slow-consumer.js';

interface HeldFrame {
  readonly frame: ServerFrame;
  readonly size: number;
  /** Absent where the frame may not be left out. */
  readonly treatment: Treatment | undefined;
}

/** Subscriptions whose lost messages are counted: a client may leave behind any number that nothing comes for any more. */
const countedSubscriptions = 1000;

export class HeldFrames {
  /** By a number that grows, so that a newer message takes the place of the one it replaces. */
  readonly #frames = new Map<number, HeldFrame>();
  readonly #places = new Map<string, number>();
  readonly #dropped = new Map<string, number>();
  #count = 0;
  #size = 0;

  /** @param onDropped called for each message that is left out */
  constructor(private readonly onDropped: (frame: MessageFrame) => void) {}

  /** Octets of the frames. */
  get size(): number {
    return this.#size;
  }

  get empty(): boolean {
    return this.#frames.size === 0;
  }

  /** Nothing waits, and nothing is left to be told. */
  get idle(): boolean {
    return this.empty && this.#dropped.size === 0;
  }

  add(frame: ServerFrame, size: number, treatment: Treatment | undefined): void {
    const place = this.#placeOf(treatment) ?? ++this.#count;
    const before = this.#frames.get(place);
    if (before !== undefined) this.#drop(before);
    this.#frames.set(place, { frame, size, treatment });
    if (treatment?.key !== undefined) this.#places.set(treatment.key, place);
    this.#size += size;
  }

  /** What a frame of this treatment would replace, in octets. */
  replaced(treatment: Treatment | undefined): number {
    const place = this.#placeOf(treatment);
    return place === undefined ? 0 : this.#frames.get(place)!.size;
  }

  /** Leaves out the oldest message that may be; false when there is none. */
  dropOldest(): boolean {
    for (const [place, held] of this.#frames) {
      if (held.treatment === undefined) continue;
      this.#remove(place, held);
      this.#countDropped(held.frame as MessageFrame);
      return true;
    }
    return false;
  }

  /** A message that is left out without having been held. */
  drop(frame: MessageFrame): void {
    this.#countDropped(frame);
  }

  /** Leaves out what waits for a subscription and may be, and what was to be told to it: it has ended. */
  forget(subscription: string): void {
    for (const [place, held] of this.#frames) {
      // A queue that asks for no acknowledgement counts its messages as delivered.
      if (held.treatment === undefined) continue;
      if ((held.frame as MessageFrame).subscription === subscription) this.#remove(place, held);
    }
    this.#dropped.delete(subscription);
  }

  /** The oldest frame, ready to be sent. */
  take(): ServerFrame | undefined {
    for (const [place, held] of this.#frames) {
      this.#remove(place, held);
      return this.told(held.frame);
    }
    return undefined;
  }

  /** The frame, which also tells its subscriber how many messages before it were left out. */
  told(frame: ServerFrame): ServerFrame {
    if (frame.kind !== 'message') return frame;
    const dropped = this.#dropped.get(frame.subscription);
    if (dropped === undefined) return frame;
    this.#dropped.delete(frame.subscription);
    return { ...frame, marks: { ...frame.marks, dropped } };
  }

  #placeOf(treatment: Treatment | undefined): number | undefined {
    return treatment?.key === undefined ? undefined : this.#places.get(treatment.key);
  }

  #remove(place: number, { size, treatment }: HeldFrame): void {
    this.#frames.delete(place);
    this.#size -= size;
    if (treatment?.key !== undefined) this.#places.delete(treatment.key);
  }

  #drop({ frame, size }: HeldFrame): void {
    this.#size -= size;
    this.#countDropped(frame as MessageFrame);
  }

  #countDropped(frame: MessageFrame): void {
    this.#dropped.set(frame.subscription, (this.#dropped.get(frame.subscription) ?? 0) + 1);
    if (this.#dropped.size > countedSubscriptions) {
      const [oldest] = this.#dropped.keys();
      this.#dropped.delete(oldest!);
    }
    this.onDropped(frame);
  }
}
