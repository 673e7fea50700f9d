// The topics, queues and durable subscriptions of one running embedded broker, and the path of a publication to them.
import type { BrokerContext } from '../broker.js';
import { publicationOf, type Publication } from '../publication.js';
import type { BrokerOptions } from './broker-options.js';
import { DurableSubscriptions } from './durable/durable-subscriptions.js';
import { DeadLetters } from './queue/dead-letters.js';
import type { QueuedMessage } from './queue/queued-message.js';
import { Queues } from './queue/queues.js';
import { Journal } from './store/journal.js';
import type { StoreChange } from './store/message-store.js';
import type { Entry } from './topic/audience.js';
import { RetainedMessages } from './topic/retained-messages.js';
import { SubscriptionIndex } from './topic/subscription-index.js';

/** A publication and its place in the store. */
interface Routed {
  readonly publication: Publication;
  /** Undefined when the message is not stored. */
  readonly storedAs: number | undefined;
}

export class Exchange {
  readonly index: SubscriptionIndex;
  readonly queues: Queues;
  readonly retained: RetainedMessages;
  readonly durables: DurableSubscriptions;
  readonly #journal: Journal | undefined;
  readonly #waiting: Routed[] = [];
  #delivering = false;

  /** @throws {MessagingError} `pattern-invalid` when a pattern of `retain.destinations` is malformed */
  constructor(
    readonly options: BrokerOptions,
    readonly context: BrokerContext,
  ) {
    const { clock, logger, separator } = context;
    this.index = new SubscriptionIndex(separator, options.topic);
    this.#journal = options.store && new Journal(options.store, logger);
    const done = (storedAs: number) => this.#journal?.remove(storedAs);
    const deadLetters = new DeadLetters({
      destination: options.queue.deadLetters,
      publish: (message, settled) =>
        this.publish([publicationOf(message, undefined, context)], [settled]),
      done,
      logger,
    });
    this.queues = new Queues({ clock, options: options.queue, logger, deadLetters, done });
    this.retained = new RetainedMessages(options.retain, separator, logger);
    this.durables = new DurableSubscriptions(options.durable, clock);
  }

  /** Loads the messages of the store. @throws {MessagingError} `store-failed`, `store-damaged` */
  open(): void | Promise<void> {
    if (this.#journal !== undefined) return this.#restore(this.#journal);
  }

  /** Drops all subscriptions and messages; the store keeps its messages. */
  close(): void | Promise<void> {
    if (this.#journal === undefined) return this.#clear();
    return this.#journal.close().finally(() => this.#clear());
  }

  /**
   * Publishes one message.
   *
   * @throws {MessagingError} `queue-full`, `queue-limit`, `store-failed`
   */
  send(publication: Publication): void | Promise<void> {
    // Most publications go to topics and need none of the work for queues.
    if (this.queues.serves(publication.message.destination)) return this.publish([publication]);
    this.#waiting.push({ publication, storedAs: undefined });
    this.#deliverWaiting();
  }

  /**
   * Publishes all messages, or none of them when a queue or the store refuses one.
   *
   * @param settled messages that leave the store in the same write
   * @param effect runs after the publications were delivered
   * @throws {MessagingError} `queue-full`, `queue-limit`, `store-failed`
   */
  publish(
    publications: readonly Publication[],
    settled: readonly QueuedMessage[] = [],
    effect?: () => void,
  ): void | Promise<void> {
    const queued = publications
      .map(({ message }) => message)
      .filter(({ destination }) => this.queues.serves(destination));
    if (queued.length > 0) this.queues.admit(queued);
    const journal = this.#journal;
    const routed = publications.map((publication) => this.#routed(publication, journal));
    if (journal === undefined) return this.#take(routed, effect);
    const changes = changesOf(routed, settled);
    // A message of a queue waits for earlier ones that are still being written; it would overtake them.
    if (changes.length === 0 && !this.queues.expects(queued)) return this.#take(routed, effect);
    const arrived = this.queues.expect(queued);
    return journal.write(changes, {
      written: () => {
        // The store has removed them with this write.
        for (const each of settled) each.storedAs = undefined;
        this.#take(routed, effect);
        arrived();
      },
      failed: arrived,
    });
  }

  #clear(): void {
    this.durables.clear();
    this.index.clear();
    this.queues.clear();
    this.retained.clear();
    this.#waiting.length = 0;
  }

  #routed(publication: Publication, journal: Journal | undefined): Routed {
    const { destination, headers } = publication.message;
    const stored =
      journal !== undefined &&
      headers.get('persistent') === 'true' &&
      this.queues.serves(destination);
    return { publication, storedAs: stored ? journal.nextSequence() : undefined };
  }

  #take(routed: readonly Routed[], effect?: () => void): void {
    this.#waiting.push(...routed);
    this.#deliverWaiting();
    effect?.();
  }

  #deliverWaiting(): void {
    // A delivery that publishes must not overtake the publication that is being delivered.
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      for (const next of this.#waiting) this.#deliver(next);
    } finally {
      this.#waiting.length = 0;
      this.#delivering = false;
    }
  }

  #deliver({ publication, storedAs }: Routed): void {
    const { destination } = publication.message;
    if (this.queues.serves(destination)) {
      this.queues.open(destination).add({ publication, storedAs });
      return;
    }
    this.retained.consider(publication);
    this.index.each(destination, this.#deliverTo, publication);
  }

  /** Marks stored messages as delivered once, because a delivery before the restart may have reached a client. */
  async #restore(journal: Journal): Promise<void> {
    for (const { sequence, id, message } of await journal.open()) {
      const publication = { ...publicationOf(message, undefined, this.context), id };
      this.queues.open(message.destination).add({ publication, deliveries: 1, storedAs: sequence });
    }
  }

  readonly #deliverTo = ({ subscriber, subscription }: Entry, publication: Publication): void => {
    try {
      subscriber.deliver(subscription, publication);
    } catch (error) {
      this.context.logger.error(`A delivery to the subscriber ${subscriber.id} failed.`, error);
    }
  };
}

/** The changes of the store that add the publications and remove the settled messages. */
function changesOf(
  routed: readonly Routed[],
  settled: readonly QueuedMessage[],
): readonly StoreChange[] {
  return [
    ...routed.flatMap(({ publication: { id, message }, storedAs }): StoreChange[] =>
      storedAs === undefined ? [] : [{ kind: 'put', stored: { sequence: storedAs, id, message } }],
    ),
    ...settled.flatMap(({ storedAs }): StoreChange[] =>
      storedAs === undefined ? [] : [{ kind: 'remove', sequence: storedAs }],
    ),
  ];
}
