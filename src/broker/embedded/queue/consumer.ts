// One subscription of a queue: its deliveries, and the acknowledgements that it waits for.
import type { Timer } from '../../../message/clock.js';
import { MessagingError } from '../../../message/error.js';
import type { DeliveryMarks } from '../../../message/frame.js';
import type { Settlement, Subscriber, Subscription } from '../../broker.js';
import type { QueuedMessage } from './message-list.js';
import type { MessageQueue, QueueConsumer } from './message-queue.js';
import type { QueueOptions } from './queue-memory.js';

export interface ConsumerParts {
  readonly subscriber: Subscriber;
  readonly subscription: Subscription;
  /** The acknowledgements of its connection. */
  readonly acknowledgements: Acknowledgements;
  /** Unacknowledged messages that it may hold. @default the option `prefetch` of queues */
  readonly prefetch: number | undefined;
}

/** Returns the messages that ACK or NACK of this delivery settles, without those that an earlier call has returned. */
export type Coverage = (ack: string) => readonly QueuedMessage[];

/** Begins to take messages of a queue. */
export function consume(queue: MessageQueue, parts: ConsumerParts): Consumer {
  const consumer = new Consumer(queue, parts);
  queue.attach(consumer);
  return consumer;
}

/** Number of checks in one acknowledgement timeout. An expired timeout is detected at the next check. */
const checksPerTimeout = 8;

export class Consumer implements QueueConsumer {
  /** By acknowledgement id, in the order of delivery. */
  readonly #unacknowledged = new Map<string, QueuedMessage>();
  /** More than half of the outbox limit of the subscriber waits. */
  #full = false;
  #closed = false;
  /** Milliseconds that count for the acknowledgement timeout, until the last check: the subscriber was not busy. */
  #countedTime = 0;
  #checkedAt = 0;
  #check: Timer | undefined;

  constructor(
    private readonly queue: MessageQueue,
    private readonly parts: ConsumerParts,
  ) {}

  get subscription(): Subscription {
    return this.parts.subscription;
  }

  /** Checks only the capacity; a selector will compare the message. */
  accepts(_message: QueuedMessage): boolean {
    return this.#hasCapacity;
  }

  /** With ack `auto` the delivery is the acknowledgement. */
  take(message: QueuedMessage): boolean {
    const ack =
      this.subscription.ack === 'auto'
        ? undefined
        : this.parts.acknowledgements.issue(this, message);
    const redelivered = message.deliveries > 0 ? message.deliveries : undefined;
    message.deliveries++;
    if (ack !== undefined) this.#awaitAcknowledgement(ack, message);
    const room = this.#deliver(message, { ack, redelivered, retained: message.retained });
    if (ack === undefined) this.queue.remove([message]);
    if (!room) void this.#awaitRoom();
    return this.#hasCapacity;
  }

  /** Applies ACK or NACK of one delivery; with ack `client` also to all earlier ones. */
  settle({ kind, id, requeue }: Settlement): void {
    const messages = this.#withdraw(this.#coveredBy(id), 'settled');
    if (kind === 'ack') this.queue.remove(messages);
    else if (requeue === false) this.queue.reject(messages);
    else this.queue.putBackLater(messages);
    this.#serve();
  }

  /** For the settlements of one transaction. Each delivery is read once, for any number of settlements that cover it. */
  coverage(): Coverage {
    const deliveries = this.#unacknowledged.entries();
    const covered = new Set<string>();
    return (ack) => {
      if (covered.has(ack)) return [];
      if (this.subscription.ack !== 'client') {
        covered.add(ack);
        return [this.#unacknowledged.get(ack)!];
      }
      const messages: QueuedMessage[] = [];
      while (!covered.has(ack)) {
        const [each, message] = deliveries.next().value!;
        covered.add(each);
        messages.push(message);
      }
      return messages;
    };
  }

  /** Leaves the queue, which takes back the unacknowledged messages. */
  close(): void {
    this.#closed = true;
    this.queue.detach(this, this.#withdraw([...this.#unacknowledged.keys()], 'taken-back'));
  }

  /** Ends the session of the subscriber with this error. */
  fail(error: MessagingError): void {
    this.parts.subscriber.fail(error);
  }

  get #hasCapacity(): boolean {
    const { acknowledgements, subscriber } = this.parts;
    const { prefetch = this.queue.memory.parts.options.prefetch } = this.parts;
    return (
      !this.#closed &&
      !this.#full &&
      this.#unacknowledged.size < prefetch &&
      !acknowledgements.closed &&
      !subscriber.gone
    );
  }

  #serve(): void {
    if (this.#hasCapacity) this.queue.serve(this);
  }

  #deliver({ publication }: QueuedMessage, marks: DeliveryMarks): boolean {
    const { subscriber, subscription } = this.parts;
    try {
      return subscriber.deliver(subscription, publication, marks);
    } catch (error) {
      this.queue.memory.parts.logger.error(
        `A delivery to the subscriber ${subscriber.id} failed.`,
        error,
      );
      return true;
    }
  }

  #coveredBy(ack: string): readonly string[] {
    if (this.subscription.ack !== 'client') return [ack];
    const acks: string[] = [];
    for (const each of this.#unacknowledged.keys()) {
      acks.push(each);
      if (each === ack) break;
    }
    return acks;
  }

  /** Takes messages out of the unacknowledged ones. */
  #withdraw(acks: readonly string[], end: DeliveryEnd): readonly QueuedMessage[] {
    const messages = acks.map((ack) => this.#unacknowledged.get(ack)!);
    for (const ack of acks) {
      this.#unacknowledged.delete(ack);
      this.parts.acknowledgements.remove(ack, end);
    }
    if (this.#unacknowledged.size === 0) this.#cancelCheck();
    return messages;
  }

  async #awaitRoom(): Promise<void> {
    if (this.#full) return;
    this.#full = true;
    await this.parts.subscriber.room();
    this.#full = false;
    this.#serve();
  }

  #awaitAcknowledgement(ack: string, message: QueuedMessage): void {
    const { options, clock } = this.queue.memory.parts;
    this.#unacknowledged.set(ack, message);
    if (options.ackTimeout === 0) return;
    this.#scheduleCheck();
    // The time since the last check will be counted, but it is not time of this message.
    message.ackDue = this.#countedTime + (clock.now() - this.#checkedAt) + options.ackTimeout;
  }

  #scheduleCheck(): void {
    if (this.#check !== undefined) return;
    const { options, clock } = this.queue.memory.parts;
    const interval = Math.ceil(options.ackTimeout / checksPerTimeout);
    this.#checkedAt = clock.now();
    this.#check = clock.after(interval, () => {
      this.#check = undefined;
      if (!this.parts.subscriber.busy) this.#countedTime += interval;
      this.#giveBackOverdue();
      if (this.#unacknowledged.size > 0) this.#scheduleCheck();
    });
  }

  #giveBackOverdue(): void {
    const overdue: string[] = [];
    for (const [ack, { ackDue }] of this.#unacknowledged)
      if (ackDue <= this.#countedTime) overdue.push(ack);
    if (overdue.length === 0) return;
    this.queue.putBackLater(this.#withdraw(overdue, 'taken-back'));
    this.#serve();
  }

  #cancelCheck(): void {
    this.#check?.cancel();
    this.#check = undefined;
  }
}

/** How a delivery ended: the client settled it, or the server took it back because of a timeout or the end of its subscription. */
type DeliveryEnd = 'settled' | 'taken-back';

/** The least number of ended deliveries that a connection remembers, so that a second ACK is not an error. */
const rememberedEnds = 1024;

/**
 * The acknowledgement ids of one connection. An id is the id of the message, because STOMP 1.0 and 1.1 send it as `message-id`:
 * there, messages are compared by it across sessions.
 */
export class Acknowledgements {
  readonly #consumers = new Map<string, Consumer>();
  /** The latest ended deliveries by the hashes of their ids, in two parts: when the second one is full, it replaces the first. */
  #endedBefore: ReadonlyMap<number, DeliveryEnd> = new Map();
  #ended = new Map<number, DeliveryEnd>();
  #repeats = 0;
  #closed = false;

  /** @param prefix begins every id, so that ids of two sources differ */
  constructor(private readonly prefix = '') {}

  /** Issues the id of a delivery. A message that this connection receives twice has a second id. */
  issue(consumer: Consumer, { publication }: QueuedMessage): string {
    const id = this.prefix + publication.id;
    let ack = id;
    // Repeatedly, because the id of another message may end like a second id.
    while (this.#isTaken(ack)) ack = `${id}@${++this.#repeats}`;
    this.#consumers.set(ack, consumer);
    return ack;
  }

  remove(ack: string, end: DeliveryEnd): void {
    this.#consumers.delete(ack);
    this.#ended.set(hashOf(ack), end);
    if (this.#ended.size < rememberedEnds) return;
    this.#endedBefore = this.#ended;
    this.#ended = new Map();
  }

  /** Has no effect when the client has settled the delivery before. @throws {MessagingError} `acknowledgement-unknown` */
  settle(settlement: Settlement): void {
    this.find(settlement)?.settle(settlement);
  }

  /** Applies a settlement that `find` has checked. Has no effect when the server has taken the delivery back since then. */
  settleChecked(settlement: Settlement): void {
    this.#consumers.get(settlement.id)?.settle(settlement);
  }

  /**
   * The consumer that waits for this acknowledgement; undefined when the client has settled the delivery before.
   *
   * @throws {MessagingError} `acknowledgement-unknown`, also when the server has taken the delivery back
   */
  find({ id, subscription }: Settlement): Consumer | undefined {
    const consumer = this.#consumers.get(id);
    if (consumer === undefined) {
      const end = this.#endOf(id);
      if (end === 'settled') return undefined;
      throw new MessagingError(
        'acknowledgement-unknown',
        end === 'taken-back'
          ? 'The server has taken this delivery back, because its subscription ended or it was not acknowledged in time.'
          : undefined,
      );
    }
    if (subscription !== undefined && subscription !== consumer.subscription.id)
      throw new MessagingError('acknowledgement-unknown');
    return consumer;
  }

  /** The connection closes: messages that one of its subscriptions returns must not go to another of them. */
  close(): void {
    this.#closed = true;
  }

  get closed(): boolean {
    return this.#closed;
  }

  #isTaken(ack: string): boolean {
    return this.#consumers.has(ack) || this.#endOf(ack) !== undefined;
  }

  #endOf(ack: string): DeliveryEnd | undefined {
    const hash = hashOf(ack);
    return this.#ended.get(hash) ?? this.#endedBefore.get(hash);
  }
}

/**
 * A hash of 32 bits (FNV-1a), because the ids of one session would take 200 KB. In one of two million deliveries the hash equals a
 * remembered one: the delivery then has an id with a suffix. An unknown id with such a hash is treated as the remembered one.
 */
function hashOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return hash;
}

/** The header `prefetch-count` (RabbitMQ); undefined when it is absent. @throws {MessagingError} `header-refused` */
export function prefetchOf(
  { headers }: Subscription,
  { maxPrefetch }: Pick<QueueOptions, 'maxPrefetch'>,
): number | undefined {
  const text = headers.get('prefetch-count')?.trim();
  if (text === undefined) return undefined;
  // With a smaller number than requested, a client that acknowledges only complete batches would wait forever.
  if (!/^[1-9]\d*$/.test(text) || Number(text) > maxPrefetch)
    throw new MessagingError(
      'header-refused',
      `The header prefetch-count must be a whole number from 1 to ${maxPrefetch}.`,
    );
  return Number(text);
}
