// A message in a queue, and the list of the messages of a queue that wait for a consumer.
import type { Message } from '../../../message/message.js';
import type { Publication } from '../../publication.js';

export interface QueuedMessage {
  /** Grows with each message of the queue; a returned message goes back to its old place. */
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

/** The header `expires` in milliseconds since 1970 (ActiveMQ, Artemis); Infinity when it is absent, 0 or not a number. */
export function expiryOf({ headers }: Message): number {
  const expires = Number(headers.get('expires') ?? 0);
  return expires > 0 ? expires : Infinity;
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

  /** Puts back messages that were taken, each in its old place. */
  putBack(messages: readonly QueuedMessage[]): void {
    const back = messages.toSorted(bySequence);
    const [first] = back;
    if (first === undefined) return;
    for (const { size } of back) this.#bytes += size;
    const place = this.#placeOf(first);
    const next = this.#items[place];
    const adjacent = next === undefined || next.sequence > back.at(-1)!.sequence;
    if (adjacent && place === this.#head && back.length <= place) this.#refill(back);
    else if (back.length === 1) this.#items.splice(place, 0, first);
    else this.#merge(place, back);
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

  clear(): void {
    this.#replace([]);
    this.#bytes = 0;
  }

  /** The place of a message, by binary search: many messages may return to a long list. */
  #placeOf({ sequence }: QueuedMessage): number {
    let [from, to] = [this.#head, this.#items.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.#items[middle]!.sequence < sequence) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  /** Fills the empty places before the head: most messages return before all waiting ones. */
  #refill(back: readonly QueuedMessage[]): void {
    this.#head -= back.length;
    for (const [i, message] of back.entries()) this.#items[this.#head + i] = message;
  }

  #merge(place: number, back: readonly QueuedMessage[]): void {
    const rest = this.#rest();
    const behind = rest.splice(place - this.#head);
    this.#replace([...rest, ...[...behind, ...back].toSorted(bySequence)]);
  }

  #rest(): QueuedMessage[] {
    return this.#items.slice(this.#head) as QueuedMessage[];
  }

  #replace(items: QueuedMessage[]): void {
    this.#items = items;
    this.#head = 0;
  }
}
