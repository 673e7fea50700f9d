// The broker inside of the server: topics, each publication to every subscription there is at that moment, and queues.
import type { Ids } from '../../message/ids.js';
import type { Logger } from '../../message/logger.js';
import type { Message } from '../../message/message.js';
import type { Broker, BrokerConnection, Subscriber } from '../broker.js';
import type { Entry } from './topic/audience.js';
import { resolveBrokerOptions, type EmbeddedBrokerOptions } from './broker-options.js';
import { DeadLetters } from './queue/dead-letters.js';
import { DurableSubscriptions } from './durable/durable-subscriptions.js';
import { EmbeddedConnection, type ConnectionParts } from './embedded-connection.js';
import { Journal } from './store/journal.js';
import type { QueuedMessage } from './queue/queued-message.js';
import type { StoreChange } from './store/message-store.js';
import { Queues } from './queue/queues.js';
import { RetainedMessages } from './topic/retained-messages.js';
import { SubscriptionIndex } from './topic/subscription-index.js';

interface Publication {
  readonly id: string;
  readonly message: Message;
  /** Its place in the store, where it has one. */
  readonly storedAs: number | undefined;
}

/**
 * In memory, synchronous from `publish` to `deliver` (Spring: SimpleBrokerMessageHandler, which knows neither queues nor
 * acknowledgement). Every subscriber sees publications in one order; what two subscriptions of a subscriber match arrives
 * twice.
 */
export class EmbeddedBroker implements Broker {
  readonly #ids: Pick<Ids, 'message'>;
  readonly #logger: Logger;
  readonly #index: SubscriptionIndex;
  readonly #queues: Queues;
  readonly #retained: RetainedMessages;
  readonly #durables: DurableSubscriptions;
  readonly #parts: ConnectionParts;
  readonly #journal: Journal | undefined;
  readonly #waiting: Publication[] = [];
  #delivering = false;

  /** Errors: `option-invalid`, `pattern-invalid`. */
  constructor(options: EmbeddedBrokerOptions = {}) {
    const { ids, clock, separator, logger, store, topic, queue, retain, durable } =
      resolveBrokerOptions(options);
    this.#ids = ids;
    this.#logger = logger;
    this.#index = new SubscriptionIndex(separator, topic);
    this.#journal = store && new Journal(store, logger);
    const done = (storedAs: number) => this.#journal?.remove(storedAs);
    const deadLetters = new DeadLetters({
      destination: queue.deadLetters,
      publish: this.#publish,
      done,
      logger,
    });
    this.#queues = new Queues({ clock, options: queue, logger, deadLetters, done });
    this.#retained = new RetainedMessages(retain, separator, logger);
    this.#durables = new DurableSubscriptions(durable, clock);
    this.#parts = {
      index: this.#index,
      queues: this.#queues,
      retained: this.#retained,
      durables: this.#durables,
      prefetch: queue.prefetch,
      ackTimeout: queue.ackTimeout,
      clock,
      send: this.#send,
      publish: this.#publish,
    };
  }

  /** Takes back what the store has kept. @throws MessagingError `store-failed`, `store-damaged` */
  start(): void | Promise<void> {
    if (this.#journal !== undefined) return this.#restore(this.#journal);
  }

  /** Drops all subscriptions and all messages; the store keeps what it has. */
  stop(): void | Promise<void> {
    if (this.#journal === undefined) return this.#clear();
    return this.#journal.close().finally(() => this.#clear());
  }

  connect(subscriber: Subscriber): BrokerConnection {
    return new EmbeddedConnection(subscriber, this.#parts);
  }

  /** @throws MessagingError `queue-full`, `queue-limit`, `store-failed` */
  publish(message: Message): void | Promise<void> {
    return this.#send(message);
  }

  readonly #send = (message: Message): void | Promise<void> => {
    // Most go to topics, and need nothing of what is done for queues.
    if (this.#queues.serves(message.destination)) return this.#publish([message]);
    this.#waiting.push({ id: this.#ids.message(), message, storedAs: undefined });
    this.#deliverWaiting();
  };

  /** All of them, or none where a queue or the store refuses one. */
  readonly #publish = (
    messages: readonly Message[],
    settled: readonly QueuedMessage[] = [],
    effect?: () => void,
  ): void | Promise<void> => {
    const queued = messages.filter(({ destination }) => this.#queues.serves(destination));
    if (queued.length > 0) this.#queues.admit(queued);
    const journal = this.#journal;
    const publications = messages.map((message) => this.#publication(message, journal));
    if (journal === undefined) return this.#take(publications, effect);
    const changes = changesOf(publications, settled);
    // A message of a queue waits behind what is on its way there, as it would overtake it.
    if (changes.length === 0 && !this.#queues.expects(queued))
      return this.#take(publications, effect);
    const arrived = this.#queues.expect(queued);
    return journal.write(changes, {
      written: () => {
        // It is removed already.
        for (const each of settled) each.storedAs = undefined;
        this.#take(publications, effect);
        arrived();
      },
      failed: arrived,
    });
  };

  #clear(): void {
    this.#durables.clear();
    this.#index.clear();
    this.#queues.clear();
    this.#retained.clear();
    this.#waiting.length = 0;
  }

  #publication(message: Message, journal?: Journal): Publication {
    const { destination, headers } = message;
    const stored =
      journal !== undefined &&
      headers.get('persistent') === 'true' &&
      this.#queues.serves(destination);
    return {
      id: this.#ids.message(),
      message,
      storedAs: stored ? journal.nextSequence() : undefined,
    };
  }

  #take(publications: readonly Publication[], effect?: () => void): void {
    this.#waiting.push(...publications);
    this.#deliverWaiting();
    effect?.();
  }

  #deliverWaiting(): void {
    // A delivery that publishes would overtake the publication under way for those still to get it.
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      for (const next of this.#waiting) this.#deliver(next);
    } finally {
      this.#waiting.length = 0;
      this.#delivering = false;
    }
  }

  #deliver(publication: Publication): void {
    const { id, message } = publication;
    if (this.#queues.serves(message.destination)) {
      this.#queues.open(message.destination).add(publication);
      return;
    }
    this.#retained.consider(id, message);
    this.#index.each(message.destination, this.#deliverTo, publication);
  }

  /** Nobody knows whether they were delivered: they count as if, so that whoever gets one twice can tell. */
  async #restore(journal: Journal): Promise<void> {
    for (const { sequence, id, message } of await journal.open())
      this.#queues
        .open(message.destination)
        .add({ id, message, deliveries: 1, storedAs: sequence });
  }

  readonly #deliverTo = (
    { subscriber, subscription }: Entry,
    { id, message }: Publication,
  ): void => {
    try {
      subscriber.deliver(subscription, id, message);
    } catch (error) {
      this.#logger.error(`A delivery to the subscriber ${subscriber.id} failed.`, error);
    }
  };
}

/** What the store has to do for these to survive, and for those to be gone. */
function changesOf(
  publications: readonly Publication[],
  settled: readonly QueuedMessage[],
): readonly StoreChange[] {
  return [
    ...publications.flatMap(({ id, message, storedAs }): StoreChange[] =>
      storedAs === undefined ? [] : [{ kind: 'put', stored: { sequence: storedAs, id, message } }],
    ),
    ...settled.flatMap(({ storedAs }): StoreChange[] =>
      storedAs === undefined ? [] : [{ kind: 'remove', sequence: storedAs }],
    ),
  ];
}
