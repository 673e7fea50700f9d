// The messages of a topic in a queue of one subscription's own, so that they can be acknowledged, or wait for whoever is away.
import { MessagingError } from '../../../message/error.js';
import type { Publication } from '../../publication.js';
import type { Subscriber, Subscription } from '../../broker.js';
import type { Entry } from '../topic/audience.js';
import type { Consumer, ConsumerParts } from '../queue/consumer.js';
import type { MessageQueue } from '../queue/message-queue.js';
import type { Queues } from '../queue/queues.js';
import type { RetainedMessages } from '../topic/retained-messages.js';
import type { SubscriptionIndex } from '../topic/subscription-index.js';

export interface TopicQueueParts {
  readonly index: SubscriptionIndex;
  readonly queues: Queues;
  readonly retained: RetainedMessages;
}

export class TopicQueue {
  readonly #queue: MessageQueue;
  readonly #entry: Entry;
  #reader: { readonly subscriber: Subscriber; readonly consumer: Consumer } | undefined;

  /** Begins to gather. @throws {MessagingError} `destination-invalid`, `pattern-limit` */
  constructor(
    readonly subscription: Subscription,
    private readonly parts: TopicQueueParts,
  ) {
    this.#queue = parts.queues.openPrivate();
    this.#entry = parts.index.add(this.#gatherer(), subscription);
    for (const publication of parts.retained.matching(subscription.destination))
      this.#queue.add({ publication, retained: true });
  }

  /** Hands on what was gathered and what comes; whoever read before is sent away. */
  read(given: ConsumerParts): Consumer {
    this.#sendAway();
    const consumer = this.#queue.consume(given);
    this.#reader = { subscriber: given.subscriber, consumer };
    return consumer;
  }

  /** Whoever read has gone; what it had not settled is gathered again. */
  leave(consumer: Consumer): void {
    if (this.#reader?.consumer === consumer) this.#reader = undefined;
    this.#queue.release(consumer);
  }

  get isRead(): boolean {
    return this.#reader !== undefined;
  }

  /** Gathers nothing more, and forgets what was and what its reader holds. */
  forget(): void {
    this.parts.index.remove(this.#entry);
    this.#queue.discard();
  }

  /** Forgets all, and sends its reader away. */
  end(): void {
    this.forget();
    this.#sendAway();
  }

  #sendAway(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    this.leave(reader.consumer);
    reader.subscriber.fail(new MessagingError('subscription-taken'));
  }

  #gatherer(): Subscriber {
    return {
      id: this.subscription.durable ?? this.subscription.id,
      busy: false,
      gone: false,
      deliver: (_subscription, publication) => {
        this.#gather(publication);
        return true;
      },
      room: () => Promise.resolve(),
      fail: (error) => this.#reader?.subscriber.fail(error),
    };
  }

  /** Nobody can be told to read faster who is away: there the oldest gives way. */
  #gather(publication: Publication): void {
    const { queues } = this.parts;
    while (!queues.hasRoom(this.#queue, publication.message)) {
      if (this.#reader !== undefined)
        return this.#reader.subscriber.fail(new MessagingError('slow-consumer'));
      if (!this.#queue.dropOldest()) return;
    }
    this.#queue.add({ publication });
  }
}
