// The messages of a queue that wait for a consumer, oldest first, those that came back before all others.
import type { Message } from '../../message/message.js';

/** One message on its way through a queue. */
export interface QueuedMessage {
  /** Grows with each message of the queue: what came back takes its old place by it. */
  readonly sequence: number;
  readonly id: string;
  readonly message: Message;
  /** Octets that it is counted with. */
  readonly size: number;
  /** On the scale of `Clock.date`; Infinity is never. */
  readonly expires: number;
  /** Whether it was published before its subscription began, and kept. */
  readonly retained: boolean;
  /** How often it was handed to a consumer. */
  deliveries: number;
  /** Its place in the store, where it has one. */
  storedAs: number | undefined;
}

/** From this many taken messages on, the space before the head is given back. */
const slack = 1024;

export class MessageList {
  /** In order; whatever was delivered once is older than anything that was not. */
  #returned: QueuedMessage[] = [];
  #fresh: (QueuedMessage | undefined)[] = [];
  #head = 0;
  #octets = 0;

  /** Of all its messages. */
  get octets(): number {
    return this.#octets;
  }

  get length(): number {
    return this.#returned.length + this.#fresh.length - this.#head;
  }

  add(message: QueuedMessage): void {
    this.#fresh.push(message);
    this.#octets += message.size;
  }

  /** Puts back what was taken, each in the place that it had. */
  putBack(messages: readonly QueuedMessage[]): void {
    if (messages.length === 0) return;
    for (const { size } of messages) this.#octets += size;
    this.#returned = [...this.#returned, ...messages].toSorted((a, b) => a.sequence - b.sequence);
  }

  /** The oldest, which it then no longer holds. */
  take(): QueuedMessage | undefined {
    const taken = this.#returned.length > 0 ? this.#returned.shift() : this.#takeFresh();
    if (taken !== undefined) this.#octets -= taken.size;
    return taken;
  }

  /** Takes out those that match, and gives them. */
  extract(matches: (message: QueuedMessage) => boolean): readonly QueuedMessage[] {
    const all = [...this.#returned, ...this.#fresh.slice(this.#head)] as QueuedMessage[];
    const extracted = all.filter((each) => matches(each));
    const returned = this.#returned.length;
    this.#returned = all.slice(0, returned).filter((each) => !matches(each));
    this.#fresh = all.slice(returned).filter((each) => !matches(each));
    this.#head = 0;
    for (const { size } of extracted) this.#octets -= size;
    return extracted;
  }

  clear(): void {
    this.#returned = [];
    this.#fresh = [];
    this.#head = 0;
    this.#octets = 0;
  }

  #takeFresh(): QueuedMessage | undefined {
    if (this.#head === this.#fresh.length) return undefined;
    const taken = this.#fresh[this.#head];
    this.#fresh[this.#head++] = undefined;
    if (this.#head === this.#fresh.length) this.#forget(this.#head);
    else if (this.#head >= slack && this.#head * 2 >= this.#fresh.length) this.#forget(this.#head);
    return taken;
  }

  #forget(count: number): void {
    this.#fresh = this.#fresh.slice(count);
    this.#head = 0;
  }
}
