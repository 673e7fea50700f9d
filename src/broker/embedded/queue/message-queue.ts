// One queue: each message to one consumer, stored while nobody can take it, back in its place when it was not settled.
import type { Publication } from '../../publication.js';
import { Consumer, type ConsumerParts } from './consumer.js';
import { MessageList } from './message-list.js';
import { expiryOf, sizeOf, type QueuedMessage } from './queued-message.js';

/** What a queue asks of the broker that it belongs to. */
export interface QueueOwner {
  /** Milliseconds since 1970, which expiry counts by. */
  date(): number;
  /** Octets came, or went when it is negative. */
  counted(octets: number): void;
  /** A message is done with that the store has under this number. */
  done(storedAs: number): void;
  /** It holds a message that expires. */
  expiring(): void;
  /** Handed over as often as may be, and never settled: it is the owner's now, with its place in the store. */
  undeliverable(message: QueuedMessage): void;
  /** A delivery threw. */
  failed(error: unknown): void;
  /** It holds nothing and nobody listens. */
  idle(): void;
}

/** A message on its way into a queue. */
export interface Arrival {
  readonly publication: Publication;
  /** Whether it was published before its subscription began, and kept. */
  readonly retained?: boolean;
  /** How often it was handed to a consumer before. */
  readonly deliveries?: number;
  /** Its place in the store, where it has one. */
  readonly storedAs?: number | undefined;
}

export class MessageQueue {
  readonly #waiting = new MessageList();
  readonly #consumers = new Set<Consumer>();
  /** Those that can take a message, the one that waited longest first. */
  readonly #ready = new Set<Consumer>();
  #sequence = 0;
  #messages = 0;
  #octets = 0;
  #expected = 0;
  #pumping = false;
  #discarded = false;
  /** When the first of those that wait expires, or earlier. */
  #expires = Infinity;

  constructor(
    /** How often a message is handed over before it is undeliverable. */
    private readonly maxDeliveries: number,
    private readonly owner: QueueOwner,
  ) {}

  /** Messages that it holds, those that are handed over and not settled and those that are expected included. */
  get messages(): number {
    return this.#messages;
  }

  get octets(): number {
    return this.#octets;
  }

  /** Those of them that nobody holds, and their octets. */
  get waiting(): Pick<MessageList, 'length' | 'octets'> {
    return this.#waiting;
  }

  /** Whether messages are on their way to it. */
  get expects(): boolean {
    return this.#expected > 0;
  }

  /** A message of this size is on its way, and counts already. */
  expect(size: number): void {
    this.#expected++;
    this.#count(1, size);
  }

  /** What was expected has come, or never will. */
  expected(size: number): void {
    this.#expected--;
    this.#count(-1, -size);
    this.#tellIdle();
  }

  add({ publication, retained = false, deliveries = 0, storedAs }: Arrival): void {
    const size = sizeOf(publication.message);
    const expires = expiryOf(publication.message);
    this.#waiting.add({
      sequence: ++this.#sequence,
      publication,
      size,
      expires,
      retained,
      deliveries,
      storedAs,
    });
    this.#count(1, size);
    if (expires < Infinity) this.#watch(expires);
    this.#pump();
  }

  /** Takes the oldest waiting message out; false when none waits. */
  dropOldest(): boolean {
    const oldest = this.#waiting.take();
    if (oldest === undefined) return false;
    this.#forget(oldest);
    return true;
  }

  /** Drops what has expired; false when nothing is left that ever will. */
  dropExpired(): boolean {
    const date = this.owner.date();
    if (this.#waiting.length === 0) this.#expires = Infinity;
    if (this.#expires <= date) {
      this.#expires = Infinity;
      const expired = this.#waiting.extract((each) => {
        if (each.expires > date) this.#expires = Math.min(this.#expires, each.expires);
        return each.expires <= date;
      });
      this.#settled(expired);
    }
    return this.#expires < Infinity;
  }

  consume(parts: ConsumerParts): Consumer {
    const consumer: Consumer = new Consumer(parts, {
      ready: () => this.#makeReady(consumer),
      settled: (messages) => this.#settled(messages),
      returned: (messages) => this.#returned(messages),
      failed: (error) => this.owner.failed(error),
    });
    this.#consumers.add(consumer);
    this.#makeReady(consumer);
    return consumer;
  }

  /** Ends a consumer; what it had not settled goes to the others. */
  release(consumer: Consumer): void {
    this.#consumers.delete(consumer);
    this.#ready.delete(consumer);
    consumer.close();
    this.#pump();
    this.#tellIdle();
  }

  /** Forgets every message, also those that somebody holds: whom they were for has gone. */
  discard(): void {
    this.#discarded = true;
    this.#waiting.clear();
    this.#expires = Infinity;
    this.#count(-this.#messages, -this.#octets);
  }

  #makeReady(consumer: Consumer): void {
    this.#ready.add(consumer);
    this.#pump();
  }

  #settled(messages: readonly QueuedMessage[]): void {
    if (this.#discarded) return;
    for (const message of messages) this.#forget(message);
    this.#tellIdle();
  }

  #returned(messages: readonly QueuedMessage[]): void {
    if (this.#discarded) return;
    const again = messages.filter(({ deliveries }) => deliveries < this.maxDeliveries);
    const given = messages.filter(({ deliveries }) => deliveries >= this.maxDeliveries);
    this.#waiting.putBack(again);
    for (const { expires } of again) if (expires < this.#expires) this.#watch(expires);
    for (const { size } of given) this.#count(-1, -size);
    this.#tellIdle();
    for (const each of given) this.owner.undeliverable(each);
    this.#pump();
  }

  /** Hands over what can be; a consumer that answers at once comes back here while it runs. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#waiting.length > 0) {
        const consumer = this.#nextReady();
        if (consumer === undefined) return;
        this.#handOver(consumer);
      }
    } finally {
      this.#pumping = false;
    }
  }

  #handOver(consumer: Consumer): void {
    const queued = this.#waiting.take()!;
    // What has expired costs nobody its turn.
    if (queued.expires <= this.owner.date()) return this.#settled([queued]);
    this.#ready.delete(consumer);
    consumer.take(queued);
    // Behind the others, so that all get alike.
    if (consumer.canTake) this.#ready.add(consumer);
  }

  #nextReady(): Consumer | undefined {
    for (const consumer of this.#ready) {
      if (consumer.canTake) return consumer;
      this.#ready.delete(consumer);
    }
    return undefined;
  }

  #watch(expires: number): void {
    this.#expires = Math.min(this.#expires, expires);
    this.owner.expiring();
  }

  #forget({ size, storedAs }: QueuedMessage): void {
    this.#count(-1, -size);
    if (storedAs !== undefined) this.owner.done(storedAs);
  }

  #count(messages: number, octets: number): void {
    this.#messages += messages;
    this.#octets += octets;
    this.owner.counted(octets);
  }

  #tellIdle(): void {
    if (this.#messages === 0 && this.#consumers.size === 0) this.owner.idle();
  }
}
