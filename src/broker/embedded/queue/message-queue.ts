// One queue: each message goes to one consumer, and returns to its old place when the consumer does not acknowledge it.
import { sizeOf } from '../../../message/kept-message.js';
import type { Timer } from '../../../message/clock.js';
import { Quota, type Excess } from '../../../message/quota.js';
import { keptPublication, type Publication } from '../../publication.js';
import type { RetainedMatches } from '../topic/retained-matches.js';
import { deliveriesPerSlice } from '../turn-queue.js';
import { expiryOf, MessageList, type QueuedMessage } from './message-list.js';
import { SearchBudget, type QueueMemory, type RedeliveryDelay } from './queue-memory.js';

/** A message that is added to a queue. */
export interface Arrival {
  readonly publication: Publication;
  /** True for a retained message that was published before the subscription began. @default false */
  readonly retained?: boolean;
  /** Earlier deliveries. @default 0 */
  readonly deliveries?: number;
  /** Its sequence number in the store; undefined when it is not stored. */
  readonly storedAs?: number | undefined;
  /** Bytes that count for the limits, if the message comes from another queue. @default its size */
  readonly movedSize?: number | undefined;
}

/** A subscription that takes messages of a queue. */
export interface QueueConsumer {
  /** True when the consumer can take this message now. The message still waits in the queue. */
  accepts(message: QueuedMessage): boolean;
  /** Delivers a message that the consumer accepts. Returns true when the consumer can take another one. */
  take(message: QueuedMessage): boolean;
}

/** A number of messages and their bytes. */
export interface Load {
  messages: number;
  bytes: number;
}

/** Milliseconds before the next delivery of a message that was delivered this many times. */
function delayBefore(deliveries: number, { initial, multiplier, max }: RedeliveryDelay): number {
  return Math.min(max, Math.round(initial * multiplier ** (deliveries - 1)));
}

export class MessageQueue {
  readonly #waiting = new MessageList();
  readonly #consumers = new Set<QueueConsumer>();
  /** Consumers that may take a message, the one that has waited longest first. */
  readonly #ready = new Set<QueueConsumer>();
  #sequence = 0;
  /** Waiting, unacknowledged and reserved messages. */
  #messages = 0;
  #bytes = 0;
  #reserved = 0;
  /** Messages that wait for their redelivery, by their timer; most queues have none. */
  #returning: Map<Timer, readonly QueuedMessage[]> | undefined;
  /** Messages before all others, which are not in the list yet; most queues have none. */
  #backlog: RetainedMatches | undefined;
  #onBacklogEnd: (() => void) | undefined;
  /** Sequence of the latest message of the backlog. */
  #backlogSequence = 0;
  #pumping = false;
  /** The rest of the waiting messages is delivered in a later turn. */
  #paused = false;
  #discarded = false;
  /** No waiting message expires before this time. */
  #nextExpiry = Infinity;
  readonly #searches = new SearchBudget();
  /** Counts the messages of each sender; undefined when all messages count for the account of the queue. */
  readonly #senders: Quota | undefined;

  /**
   * @param account holds all messages of the queue; undefined when the sender of each message does
   * @param onIdle called when the queue has neither messages nor consumers
   */
  constructor(
    readonly memory: QueueMemory,
    private readonly account?: string,
    private readonly onIdle?: () => void,
  ) {
    const { options, shares } = memory.parts;
    if (account === undefined) this.#senders = new Quota(options.maxMessages, shares);
  }

  add(arrival: Arrival): void {
    this.#waiting.add(this.#queued(arrival, ++this.#sequence));
    this.#pump();
  }

  /**
   * Begins a new queue with retained messages. One that was taken by its consumer counts like any other message.
   *
   * @param onEnd called when the last message of the backlog was read
   */
  begin(backlog: RetainedMatches, onEnd: () => void): void {
    this.#backlog = backlog;
    this.#onBacklogEnd = onEnd;
    // Messages that are added later come behind.
    this.#sequence = backlog.length;
  }

  attach(consumer: QueueConsumer): void {
    this.#consumers.add(consumer);
    this.serve(consumer);
  }

  /** Delivers to a consumer that can take messages again. */
  serve(consumer: QueueConsumer): void {
    this.#ready.add(consumer);
    this.#pump();
  }

  /** Detaches a consumer; its unacknowledged messages go to the others. */
  detach(consumer: QueueConsumer, unacknowledged: readonly QueuedMessage[]): void {
    this.#consumers.delete(consumer);
    this.#ready.delete(consumer);
    this.putBack(unacknowledged);
  }

  /** Removes messages that a consumer has acknowledged. */
  remove(messages: readonly QueuedMessage[]): void {
    for (const message of messages) this.#forget(message);
    this.#reportIdle();
  }

  /** Returns unacknowledged messages to their old places, or moves them to the dead letters after too many deliveries. */
  putBack(messages: readonly QueuedMessage[]): void {
    if (this.#discarded) return this.remove(messages);
    const { maxDeliveries } = this.memory.parts.options;
    const again = messages.filter(({ deliveries }) => deliveries < maxDeliveries);
    this.#waiting.putBack(again);
    for (const { expires } of again) if (expires < this.#nextExpiry) this.#watchExpiry(expires);
    this.reject(messages.filter(({ deliveries }) => deliveries >= maxDeliveries));
  }

  /** Puts messages back after the redelivery delay, because the subscriber has failed to process them. */
  putBackLater(messages: readonly QueuedMessage[]): void {
    if (this.#discarded) return this.remove(messages);
    const { redeliveryDelay, maxDeliveries } = this.memory.parts.options;
    if (redeliveryDelay.initial === 0) return this.putBack(messages);
    // One timer for all messages with the same delay: one NACK may return a thousand.
    const delayed = new Map<number, QueuedMessage[]>();
    for (const message of messages) {
      if (message.deliveries >= maxDeliveries) continue;
      const delay = delayBefore(message.deliveries, redeliveryDelay);
      const group = delayed.get(delay);
      if (group === undefined) delayed.set(delay, [message]);
      else group.push(message);
    }
    for (const [delay, group] of delayed) this.#putBackAfter(delay, group);
    this.reject(messages.filter(({ deliveries }) => deliveries >= maxDeliveries));
  }

  /** Moves unacknowledged messages to the dead letters. */
  reject(messages: readonly QueuedMessage[]): void {
    if (this.#discarded) return this.remove(messages);
    this.memory.parts.deadLetters.add(messages, this);
    this.#reportIdle();
    this.#pump();
  }

  /** Called when a message leaves for the dead letters; its `storedAs` stays, because the store removes it when it is moved. */
  release(message: QueuedMessage): void {
    this.#release(message);
    this.#reportIdle();
  }

  /** Drops all messages, because their only subscription has ended; unacknowledged ones when its consumer leaves. */
  discard(): void {
    this.#discarded = true;
    this.#backlog = undefined;
    const returning = [...(this.#returning ?? [])];
    for (const [timer] of returning) timer.cancel();
    this.remove([...returning.flatMap(([, group]) => group), ...this.#waiting.extract(() => true)]);
    this.#returning = undefined;
  }

  /** Counts a message that is still being written to the store. */
  reserve(publication: Publication): void {
    this.#reserved++;
    this.#hold(this.#accountOf(publication), sizeOf(publication.message), publication);
  }

  /** Ends a reservation: the message was added, or the store has failed. */
  unreserve(publication: Publication): void {
    const account = this.#accountOf(publication);
    this.#reserved--;
    this.#release({ account, size: sizeOf(publication.message), publication });
    this.#reportIdle();
  }

  get hasReservations(): boolean {
    return this.#reserved > 0;
  }

  /** True when one more message exceeds neither the limits of this queue nor those of all queues. */
  hasRoom(publication: Publication): boolean {
    const load = { messages: 1, bytes: sizeOf(publication.message) };
    if (this.#overflows(load)) this.#makeRoomByExpiry();
    if (this.#overflows(load)) return false;
    const account = this.#accountOf(publication);
    return this.memory.excess(account, load.bytes, keptPublication(publication)) === undefined;
  }

  /**
   * Undefined when this queue can hold a load of one account, after `makeRoom` where the oldest messages may be dropped. Drops only
   * expired ones.
   */
  excess(account: string | undefined, load: Load): Excess | undefined {
    if (this.#excess(account, load) === undefined) return undefined;
    this.#makeRoomByExpiry();
    if (this.memory.parts.options.whenFull === 'refuse') return this.#excess(account, load);
    const { length, bytes } = this.#waiting;
    const rest = { messages: load.messages - length, bytes: load.bytes - bytes };
    return this.#overflows(rest) ? 'limit' : undefined;
  }

  /** Drops the oldest waiting messages until the load fits. */
  makeRoom(load: Load): void {
    while (this.#overflows(load) && this.dropOldest());
  }

  /** Drops the oldest waiting message. Returns false when no message waits. */
  dropOldest(): boolean {
    const oldest = this.#waiting.take();
    if (oldest === undefined) return false;
    this.#forget(oldest);
    return true;
  }

  /** Drops expired messages. Returns false when no waiting message will expire. */
  dropExpired(): boolean {
    const date = this.memory.parts.clock.date();
    if (this.#waiting.length === 0) this.#nextExpiry = Infinity;
    if (this.#nextExpiry <= date) {
      this.#nextExpiry = Infinity;
      this.#searches.pay(this.#waiting.length);
      const expired = this.#waiting.extract((each) => {
        if (each.expires > date) this.#nextExpiry = Math.min(this.#nextExpiry, each.expires);
        return each.expires <= date;
      });
      this.remove(expired);
    }
    return this.#nextExpiry < Infinity;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /**
   * Delivers waiting messages; many of them in several turns of the event loop. A consumer that acknowledges during its delivery calls
   * this again; the outer call continues.
   */
  #pump(): void {
    if (this.#pumping || this.#paused || this.memory.closed) return;
    this.#pumping = true;
    try {
      for (let taken = 0; ; taken++) {
        if (taken === deliveriesPerSlice) return void this.#pumpLater();
        if (this.#backlog !== undefined && !this.#readBacklog(this.#backlog)) return;
        const next = this.#waiting.first;
        const consumer = next && this.#consumerFor(next);
        if (next === undefined || consumer === undefined) return;
        this.#waiting.take();
        // An expired message does not use up a consumer's turn.
        if (next.expires <= this.memory.parts.clock.date()) this.remove([next]);
        else this.#handOver(next, consumer);
      }
    } finally {
      this.#pumping = false;
    }
  }

  async #pumpLater(): Promise<void> {
    this.#paused = true;
    await this.memory.turns.turn(this.account, () => !this.#discarded);
    this.#paused = false;
    this.#pump();
  }

  /** Reads one message of the backlog, unless one waits already. Returns false when it has to wait for a consumer or for room. */
  #readBacklog(backlog: RetainedMatches): boolean {
    if (this.#ready.size === 0) return false;
    const waiting = this.#waiting.first;
    if (waiting !== undefined && waiting.sequence <= this.#backlogSequence) return true;
    const { first } = backlog;
    if (first === undefined) {
      this.#backlog = undefined;
      this.#onBacklogEnd?.();
      return true;
    }
    // An acknowledgement of this queue makes room. Without messages, none would come, so one message always fits.
    if (this.#messages > 0 && !this.hasRoom(first)) return false;
    backlog.take();
    const message = this.#queued({ publication: first, retained: true }, ++this.#backlogSequence);
    this.#waiting.putBack([message]);
    return true;
  }

  #putBackAfter(delay: number, messages: readonly QueuedMessage[]): void {
    const timer = this.memory.after(delay, () => {
      this.#returning?.delete(timer);
      this.putBack(messages);
    });
    (this.#returning ??= new Map()).set(timer, messages);
  }

  #consumerFor(message: QueuedMessage): QueueConsumer | undefined {
    for (const consumer of this.#ready) {
      if (consumer.accepts(message)) return consumer;
      this.#ready.delete(consumer);
    }
    return undefined;
  }

  /** Puts the consumer behind the other ready ones, so that all get equal shares. */
  #handOver(message: QueuedMessage, consumer: QueueConsumer): void {
    this.#ready.delete(consumer);
    if (consumer.take(message)) this.#ready.add(consumer);
  }

  /** Without shares where the oldest messages are dropped: each client can then add a message. */
  #excess(account: string | undefined, load: Load): Excess | undefined {
    if (this.#overflows(load)) return 'limit';
    if (this.memory.parts.options.whenFull === 'drop-oldest') return undefined;
    return this.#senders?.excess(account, load.messages);
  }

  #overflows({ messages, bytes }: Load): boolean {
    const { maxMessages, maxBytes } = this.memory.parts.options;
    return this.#messages + messages > maxMessages || this.#bytes + bytes > maxBytes;
  }

  /** Drops expired messages, unless a search of a long queue has been too recent. */
  #makeRoomByExpiry(): void {
    if (this.#searches.allow()) this.dropExpired();
  }

  #watchExpiry(expires: number): void {
    this.#nextExpiry = Math.min(this.#nextExpiry, expires);
    this.memory.watchExpiry(this);
  }

  #forget(message: QueuedMessage): void {
    this.#release(message);
    if (message.storedAs !== undefined) this.memory.parts.journal?.remove(message.storedAs);
  }

  /** The account that holds a message of this queue. */
  #accountOf(publication: Publication): string | undefined {
    return this.account ?? publication.account;
  }

  /** Makes the entry of a message, and counts it. */
  #queued(
    { publication: given, retained = false, deliveries = 0, storedAs, movedSize }: Arrival,
    sequence: number,
  ): QueuedMessage {
    const publication = keptPublication(given);
    const account = this.#accountOf(publication);
    const size = movedSize ?? sizeOf(publication.message);
    const expires = expiryOf(publication.message);
    this.#hold(account, size, publication);
    if (expires < Infinity) this.#watchExpiry(expires);
    return {
      sequence,
      publication,
      account,
      size,
      expires,
      retained,
      deliveries,
      storedAs,
      ackDue: 0,
    };
  }

  #hold(account: string | undefined, size: number, publication: Publication): void {
    this.#messages++;
    this.#bytes += size;
    this.#senders?.add(account, 1);
    this.memory.bytes.hold(account, size, publication);
  }

  #release({
    account,
    size,
    publication,
  }: Pick<QueuedMessage, 'account' | 'size' | 'publication'>): void {
    this.#messages--;
    this.#bytes -= size;
    this.#senders?.add(account, -1);
    this.memory.bytes.release(account, size, publication);
  }

  #reportIdle(): void {
    if (this.#messages === 0 && this.#consumers.size === 0) this.onIdle?.();
  }
}
