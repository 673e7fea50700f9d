// A message in a queue, and the list of the messages of a queue that wait for a consumer.
import type { Message } from '../../../message/message.js';
import type { Publication } from '../../publication.js';

export interface QueuedMessage {
  /** Grows with each message of the queue; a returned message is put back in its old place. */
  readonly sequence: number;
  readonly publication: Publication;
  /** The account whose share of the memory it uses; undefined for the application. */
  readonly account: string | undefined;
  /** Bytes that count for the limits. */
  readonly size: number;
  /** Milliseconds since 1970; Infinity when the message does not expire. */
  readonly expires: number;
  /** True for a retained message that was published before its subscription began. */
  readonly retained: boolean;
  /** Deliveries so far. */
  deliveries: number;
  /** Its sequence number in the store; undefined when it is not stored. */
  storedAs: number | undefined;
  /** The end of the time in which its consumer must acknowledge it; each consumer counts its own time. */
  ackDue: number;
}

/** The header `expires` in milliseconds since 1970 (ActiveMQ, Artemis); Infinity when it is absent, 0 or not a whole decimal number. */
export function expiryOf({ headers }: Message): number {
  const expires = headers.get('expires');
  if (expires === undefined || !/^\d+$/.test(expires)) return Infinity;
  return Number(expires) || Infinity;
}

/** From this many taken messages on, the space before the head is freed. */
const slack = 1024;

const bySequence = (a: QueuedMessage, b: QueuedMessage) => a.sequence - b.sequence;

/** The waiting messages of a queue, oldest first. */
export class MessageList {
  /** By sequence; the places before the head are empty. */
  #items: (QueuedMessage | undefined)[] = [];
  #head = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** The oldest message; it stays in the list. */
  get first(): QueuedMessage | undefined {
    return this.#items[this.#head];
  }

  add(message: QueuedMessage): void {
    this.#items.push(message);
    this.#bytes += message.size;
  }

  /**
   * Puts back messages that were taken, each in its old place. The cost depends on the number of messages up to the last of these
   * places, not on the length of the list: few messages wait before one that was taken.
   */
  putBack(messages: readonly QueuedMessage[]): void {
    const back = messages.toSorted(bySequence);
    if (this.#head < back.length) this.#makeSpace(back.length);
    let from = this.#head;
    this.#head -= back.length;
    let to = this.#head;
    for (const message of back) {
      while (from < this.#items.length && this.#items[from]!.sequence < message.sequence)
        this.#items[to++] = this.#items[from++];
      this.#items[to++] = message;
      this.#bytes += message.size;
    }
  }

  /** Removes and returns the oldest message. */
  take(): QueuedMessage | undefined {
    if (this.length === 0) return undefined;
    const taken = this.#items[this.#head]!;
    this.#items[this.#head++] = undefined;
    this.#bytes -= taken.size;
    const wasted = this.#head >= slack && this.#head * 2 >= this.#items.length;
    if (wasted || this.length === 0) this.#replace(this.#rest());
    return taken;
  }

  /** Removes and returns all messages that match. */
  extract(matches: (message: QueuedMessage) => boolean): readonly QueuedMessage[] {
    const extracted: QueuedMessage[] = [];
    const rest: QueuedMessage[] = [];
    for (const each of this.#rest()) (matches(each) ? extracted : rest).push(each);
    this.#replace(rest);
    for (const { size } of extracted) this.#bytes -= size;
    return extracted;
  }

  /** Adds empty places before the head: half as many as messages, so that not every return copies the list. */
  #makeSpace(least: number): void {
    const rest = this.#rest();
    this.#head = Math.max(least, rest.length >>> 1);
    this.#items = Array.from<QueuedMessage | undefined>({ length: this.#head }).concat(rest);
  }

  #rest(): QueuedMessage[] {
    return this.#items.slice(this.#head) as QueuedMessage[];
  }

  #replace(items: QueuedMessage[]): void {
    this.#items = items;
    this.#head = 0;
  }
}
