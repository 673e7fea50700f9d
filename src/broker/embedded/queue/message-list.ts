// The messages of a queue that wait for a consumer, oldest first, those that came back before all others.
import type { QueuedMessage } from './queued-message.js';

/** From this many taken messages on, the space before the head is given back. */
const slack = 1024;

const bySequence = (a: QueuedMessage, b: QueuedMessage) => a.sequence - b.sequence;

export class MessageList {
  /** By sequence; those before the head were taken. */
  #items: (QueuedMessage | undefined)[] = [];
  #head = 0;
  #octets = 0;

  /** Of all its messages. */
  get octets(): number {
    return this.#octets;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  add(message: QueuedMessage): void {
    this.#items.push(message);
    this.#octets += message.size;
  }

  /** Puts back what was taken, each in the place that it had. */
  putBack(messages: readonly QueuedMessage[]): void {
    const back = messages.toSorted(bySequence);
    const [first] = back;
    if (first === undefined) return;
    for (const { size } of back) this.#octets += size;
    const place = this.#placeOf(first);
    const next = this.#items[place];
    const together = next === undefined || next.sequence > back.at(-1)!.sequence;
    if (together && place === this.#head && back.length <= place) this.#refill(back);
    else if (back.length === 1) this.#items.splice(place, 0, first);
    else this.#merge(place, back);
  }

  /** The oldest, which it then no longer holds. */
  take(): QueuedMessage | undefined {
    if (this.length === 0) return undefined;
    const taken = this.#items[this.#head]!;
    this.#items[this.#head++] = undefined;
    this.#octets -= taken.size;
    const wasted = this.#head >= slack && this.#head * 2 >= this.#items.length;
    if (wasted || this.length === 0) this.#replace(this.#rest());
    return taken;
  }

  /** Takes out those that match, and gives them. */
  extract(matches: (message: QueuedMessage) => boolean): readonly QueuedMessage[] {
    const extracted: QueuedMessage[] = [];
    const left: QueuedMessage[] = [];
    for (const each of this.#rest()) (matches(each) ? extracted : left).push(each);
    this.#replace(left);
    for (const { size } of extracted) this.#octets -= size;
    return extracted;
  }

  clear(): void {
    this.#replace([]);
    this.#octets = 0;
  }

  /** Where a message belongs, found by halving: a queue may have many that came back. */
  #placeOf({ sequence }: QueuedMessage): number {
    let [from, to] = [this.#head, this.#items.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.#items[middle]!.sequence < sequence) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  /** Into the space that they left: most come back before all that wait. */
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
