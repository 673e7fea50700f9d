// One subscription of a queue: what it was handed and has not settled, and whether it can take more.
import type { Clock } from '../../../message/clock.js';
import { MessagingError } from '../../../message/error.js';
import type { DeliveryMarks } from '../../../message/frame.js';
import type { Subscriber, Subscription } from '../../broker.js';
import { AckDeadlines } from './ack-deadlines.js';
import type { Acknowledgements, Settler } from './acknowledgements.js';
import type { QueuedMessage } from './queued-message.js';

/** What a consumer tells its queue. */
export interface ConsumerOwner {
  /** It can take messages again. */
  ready(): void;
  /** Messages that are done with. */
  settled(messages: readonly QueuedMessage[]): void;
  /** Messages that were refused, or whose consumer has gone. */
  returned(messages: readonly QueuedMessage[]): void;
  /** A delivery threw. */
  failed(error: unknown): void;
}

export interface ConsumerParts {
  readonly subscriber: Subscriber;
  /** Whether what it were handed would reach nobody. */
  readonly gone: () => boolean;
  readonly subscription: Subscription;
  /** How many messages it may hold unsettled. */
  readonly prefetch: number;
  readonly acknowledgements: Acknowledgements;
  readonly clock: Clock;
  /** Milliseconds in which it has to settle a message; 0 is without end. */
  readonly ackTimeout: number;
}

export class Consumer implements Settler {
  /** By the ack that names the delivery, in the order of deliveries. */
  readonly #unsettled = new Map<string, QueuedMessage>();
  readonly #deadlines: AckDeadlines;
  /** More than half of its outbox waits. */
  #full = false;
  #closed = false;

  constructor(
    private readonly parts: ConsumerParts,
    private readonly owner: ConsumerOwner,
  ) {
    this.#deadlines = new AckDeadlines({
      clock: parts.clock,
      ackTimeout: parts.ackTimeout,
      busy: () => parts.subscriber.busy,
      missed: (acks) => this.#giveBack(acks),
    });
  }

  get subscriptionId(): string {
    return this.parts.subscription.id;
  }

  /** Whether it can take a message. */
  get canTake(): boolean {
    return (
      !this.#closed &&
      !this.#full &&
      this.#unsettled.size < this.parts.prefetch &&
      !this.parts.gone()
    );
  }

  /** Hands a message over; with ack auto it is settled by that. */
  take(queued: QueuedMessage): void {
    const ack =
      this.parts.subscription.ack === 'auto' ? undefined : this.parts.acknowledgements.open(this);
    const redelivered = queued.deliveries > 0 ? queued.deliveries : undefined;
    queued.deliveries++;
    if (ack !== undefined) {
      this.#unsettled.set(ack, queued);
      this.#deadlines.add(ack);
    }
    const room = this.#deliver(queued, { ack, redelivered, retained: queued.retained });
    if (ack === undefined) this.owner.settled([queued]);
    if (!room) void this.#awaitRoom();
  }

  /** ACK or NACK of one delivery; with ack client, of all before it too. False when it was settled before. */
  settle(kind: 'ack' | 'nack', ack: string): boolean {
    if (!this.#unsettled.has(ack)) return false;
    const messages = this.#takeOut(ack);
    if (kind === 'ack') this.owner.settled(messages);
    else this.owner.returned(messages);
    if (this.canTake) this.owner.ready();
    return true;
  }

  covered(ack: string): readonly QueuedMessage[] {
    return this.#upTo(ack).map(([, queued]) => queued);
  }

  /** Takes nothing more and gives back what it had not settled. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#deadlines.clear();
    this.parts.acknowledgements.close(this.#unsettled.keys());
    const messages = [...this.#unsettled.values()];
    this.#unsettled.clear();
    this.owner.returned(messages);
  }

  #deliver({ publication }: QueuedMessage, marks: DeliveryMarks): boolean {
    const { subscriber, subscription } = this.parts;
    try {
      return subscriber.deliver(subscription, publication, marks);
    } catch (error) {
      this.owner.failed(error);
      return true;
    }
  }

  #takeOut(ack: string): QueuedMessage[] {
    const taken = this.#upTo(ack);
    for (const [each] of taken) {
      this.#unsettled.delete(each);
      this.#deadlines.delete(each);
    }
    this.parts.acknowledgements.close(taken.map(([each]) => each));
    return taken.map(([, queued]) => queued);
  }

  /** What goes with an acknowledgement: with ack client, all before it too. */
  #upTo(ack: string): [ack: string, queued: QueuedMessage][] {
    const one = this.#unsettled.get(ack);
    if (one === undefined) return [];
    if (this.parts.subscription.ack !== 'client') return [[ack, one]];
    const all: [string, QueuedMessage][] = [];
    for (const [each, queued] of this.#unsettled) {
      all.push([each, queued]);
      if (each === ack) break;
    }
    return all;
  }

  /** What was not settled in time goes to others, or comes again. */
  #giveBack(acks: readonly string[]): void {
    const messages = acks.map((ack) => this.#unsettled.get(ack)!);
    for (const ack of acks) this.#unsettled.delete(ack);
    this.parts.acknowledgements.close(acks);
    this.owner.returned(messages);
    if (this.canTake) this.owner.ready();
  }

  async #awaitRoom(): Promise<void> {
    if (this.#full) return;
    this.#full = true;
    await this.parts.subscriber.room();
    this.#full = false;
    if (this.canTake) this.owner.ready();
  }
}

/** The header `prefetch-count` (RabbitMQ); undefined when it is absent. @throws {MessagingError} `header-invalid` */
export function prefetchOf({ headers }: Subscription): number | undefined {
  const text = headers.get('prefetch-count');
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw new MessagingError(
      'header-invalid',
      'The header prefetch-count takes a whole number from 1 to 999999.',
    );
  return Number(text);
}
