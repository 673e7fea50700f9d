// The topics, queues and durable subscriptions of one running embedded broker, and the path of a publication to them.
import { MessagingError } from '../../message/error.js';
import type { BrokerContext } from '../broker.js';
import { LimitedLog } from '../../message/logger.js';
import { booleanOf } from '../../message/message.js';
import { Quota } from '../../message/quota.js';
import { publicationOf, type Publication } from '../publication.js';
import type { BrokerOptions } from './broker-options.js';
import { DurableSubscriptions } from './durable/durable-subscriptions.js';
import { DeadLetterQueue } from './queue/dead-letters.js';
import type { QueuedMessage } from './queue/message-list.js';
import type { Arrival } from './queue/message-queue.js';
import { SeparateBytes, SharedBytes } from './queue/held-bytes.js';
import { QueueMemory } from './queue/queue-memory.js';
import { Queues } from './queue/queues.js';
import { Journal } from './store/journal.js';
import type { StoreChange } from './store/message-store.js';
import { RetainedMessages } from './topic/retained-messages.js';
import { SubscriptionIndex, type Entry } from './topic/subscription-index.js';

/** A publication that waits for its delivery. */
interface Waiting extends Arrival {
  readonly isQueued: boolean;
}

/**
 * Deliveries to subscriptions of topics after which the publications that still wait continue in the next turn of the event loop:
 * about 20 milliseconds of work. One COMMIT can cause a million deliveries. With 5,000 deliveries, the whole COMMIT takes three times
 * as long, because each turn writes to each socket. A single publication is never divided.
 */
export const deliveriesPerTurn = 50_000;

/** A call whose publications are delivered in later turns. */
interface Unfinished {
  /** The number of its last publication. */
  readonly last: number;
  readonly finish: () => void;
}

export class Exchange {
  readonly index: SubscriptionIndex;
  readonly queues: Queues;
  /** The memory of topic subscriptions with acknowledgement, and of durable ones. */
  readonly topicMemory: QueueMemory;
  readonly topicBytes: SharedBytes;
  readonly retained: RetainedMessages;
  readonly durables: DurableSubscriptions;
  readonly #journal: Journal | undefined;
  readonly #queueMemory: QueueMemory;
  /** Publications in the order of their delivery. */
  readonly #waiting: Waiting[] = [];
  #delivering = false;
  /** Number of publications that were delivered. */
  #delivered = 0;
  /** Deliveries of this turn. */
  #deliveries = 0;
  /** The waiting publications continue in a later turn. Further ones come behind them, so that the order is the same for all. */
  #paused = false;
  readonly #unfinished: Unfinished[] = [];
  #closed = false;
  readonly #deadLetters: DeadLetterQueue;

  /** @throws {MessagingError} `pattern-invalid` when a pattern of `retain.destinations` is malformed */
  constructor(
    readonly options: BrokerOptions,
    readonly context: BrokerContext,
  ) {
    const { clock, logger, separator, shares } = context;
    const { topic, queue, retain, durable, store } = options;
    const journal = store && new Journal(store, logger);
    this.#journal = journal;
    const destination = queue.deadLetters;
    this.#deadLetters = new DeadLetterQueue({
      destination,
      context,
      journal,
      log: new LimitedLog(clock, logger, 'error'),
      hasRoom: (dead) => this.queues.hasRoom(destination, dead),
      // It counts as before: with the new header, the dead letters of a client that has used its share would not fit.
      publish: (moved, dead) => this.publish([moved], [dead], undefined, dead.size),
    });
    const parts = {
      clock,
      logger,
      options: queue,
      shares,
      deadLetters: this.#deadLetters,
      journal,
    };
    const queueBytes = new SeparateBytes(new Quota(queue.maxTotalBytes, shares));
    this.topicBytes = new SharedBytes(new Quota(topic.maxUnacknowledgedBytes, shares));
    this.#queueMemory = new QueueMemory({ ...parts, bytes: queueBytes });
    this.topicMemory = new QueueMemory({ ...parts, bytes: this.topicBytes });
    this.queues = new Queues(queue, this.#queueMemory);
    this.index = new SubscriptionIndex(separator, topic, shares);
    this.retained = new RetainedMessages(retain, separator, clock, logger, shares);
    this.durables = new DurableSubscriptions(durable, clock, this, shares);
  }

  /** Loads the messages of the store. @throws {MessagingError} `store-failed`, `store-damaged` */
  open(): void | Promise<void> {
    if (this.#journal !== undefined) return this.#restore(this.#journal);
  }

  /** Drops all subscriptions and messages; the store keeps its messages. */
  close(): void | Promise<void> {
    this.#deadLetters.finish();
    if (this.#journal === undefined) return this.#clear();
    return this.#journal.close().finally(() => this.#clear());
  }

  /** @throws {MessagingError} `broker-unavailable` when the broker has stopped */
  checkOpen(): void {
    if (this.#closed) throw new MessagingError('broker-unavailable');
  }

  /**
   * Publishes one message. Returns a promise if it waits for the deliveries of earlier publications.
   *
   * @throws {MessagingError} `queue-full`, `queue-limit`, `store-failed`, `broker-unavailable`
   */
  send(publication: Publication): void | Promise<void> {
    if (this.queues.serves(publication.message.destination)) return this.publish([publication]);
    this.checkOpen();
    this.#waiting.push({ publication, isQueued: false });
    this.#deliverWaiting();
    if (this.#paused) return this.#delivery(this.#delivered + this.#waiting.length);
  }

  /**
   * Publishes all messages, or none of them when a queue or the store refuses one.
   *
   * @param acknowledged messages that leave the store in the same write
   * @param effect runs after the deliveries of this turn; the promise resolves after all of them
   * @param movedSize bytes that a single message counts, if it comes from another queue
   * @throws {MessagingError} `queue-full`, `queue-limit`, `store-failed`, `broker-unavailable`
   */
  publish(
    publications: readonly Publication[],
    acknowledged: readonly QueuedMessage[] = [],
    effect?: () => void,
    movedSize?: number,
  ): void | Promise<void> {
    this.checkOpen();
    const journal = this.#journal;
    const routed: Waiting[] = [];
    const queued: Publication[] = [];
    for (const publication of publications) {
      const each = this.#route(publication, journal, movedSize);
      routed.push(each);
      if (each.isQueued) queued.push(publication);
    }
    if (queued.length > 0) this.queues.admit(queued, movedSize);
    if (journal === undefined) return this.#deliverAll(routed, effect);
    const changes = changesOf(routed, acknowledged);
    // A message that is not stored must not overtake earlier ones of its queue that are still being written.
    if (changes.length === 0 && !this.queues.hasReservations(queued))
      return this.#deliverAll(routed, effect);
    return this.#storeFirst(journal.write(changes), queued, () => {
      // The store has removed them with this write.
      for (const each of acknowledged) each.storedAs = undefined;
      return this.#deliverAll(routed, effect);
    });
  }

  #clear(): void {
    this.#closed = true;
    this.durables.clear();
    this.index.clear();
    this.#queueMemory.close();
    this.topicMemory.close();
    this.retained.clear();
    this.#waiting.length = 0;
    for (const { finish } of this.#unfinished.splice(0)) finish();
  }

  #route(
    publication: Publication,
    journal: Journal | undefined,
    movedSize: number | undefined,
  ): Waiting {
    const { destination, headers } = publication.message;
    const isQueued = this.queues.serves(destination);
    const isStored = isQueued && booleanOf(headers.get('persistent')) === true;
    const storedAs = isStored ? journal?.nextSequence() : undefined;
    return { publication, isQueued, storedAs, movedSize };
  }

  async #storeFirst(
    stored: Promise<void>,
    queued: readonly Publication[],
    deliver: () => void | Promise<void>,
  ): Promise<void> {
    const endReservation = this.queues.reserve(queued);
    let delivery: void | Promise<void>;
    try {
      await stored;
      delivery = deliver();
    } finally {
      endReservation();
    }
    // Without a delivery in later turns, the call ends in this one.
    if (delivery !== undefined) await delivery;
  }

  #deliverAll(routed: readonly Waiting[], effect: (() => void) | undefined): void | Promise<void> {
    for (const each of routed) this.#waiting.push(each);
    const last = this.#delivered + this.#waiting.length;
    this.#deliverWaiting();
    effect?.();
    if (this.#paused && last > this.#delivered) return this.#deliverLater(routed, last);
  }

  /** The messages for queues count for the limits until they are added. */
  async #deliverLater(routed: readonly Waiting[], last: number): Promise<void> {
    const waiting = routed.slice(Math.max(0, routed.length - (last - this.#delivered)));
    const endReservation = this.queues.reserve(
      waiting.filter(({ isQueued }) => isQueued).map(({ publication }) => publication),
    );
    await this.#delivery(last);
    endReservation();
  }

  /** Resolves when the publication with this number is delivered, or the broker has stopped. */
  #delivery(last: number): Promise<void> {
    return new Promise((finish) => this.#unfinished.push({ last, finish }));
  }

  #deliverWaiting(): void {
    // A delivery that publishes must not overtake the publication that is being delivered.
    if (this.#delivering || this.#paused) return;
    this.#delivering = true;
    this.#deliveries = 0;
    let done = 0;
    try {
      while (done < this.#waiting.length && this.#deliveries < deliveriesPerTurn)
        this.#deliver(this.#waiting[done++]!);
    } finally {
      this.#delivering = false;
      this.#delivered += done;
      if (done === this.#waiting.length) this.#waiting.length = 0;
      else this.#pause(done);
    }
  }

  #pause(done: number): void {
    this.#waiting.splice(0, done);
    this.#paused = true;
    this.context.clock.soon(this.#resume);
  }

  readonly #resume = (): void => {
    this.#paused = false;
    this.#deliverWaiting();
    const unfinished = this.#unfinished.findIndex(({ last }) => last > this.#delivered);
    const count = unfinished < 0 ? this.#unfinished.length : unfinished;
    for (const { finish } of this.#unfinished.splice(0, count)) finish();
  };

  #deliver(waiting: Waiting): void {
    const { publication } = waiting;
    const { destination } = publication.message;
    if (waiting.isQueued) {
      this.queues.open(destination, publication.account).add(waiting);
      return;
    }
    if (this.retained.enabled) this.retained.consider(publication);
    this.index.each(destination, this.#deliverTo, publication);
  }

  /**
   * Marks stored messages as delivered once, because a delivery before the restart may have reached a client. They count for no
   * account, because the store does not keep it.
   */
  async #restore(journal: Journal): Promise<void> {
    for (const { sequence, id, message } of await journal.open()) {
      const publication = { ...publicationOf(message, this.context), id };
      const queue = this.queues.open(message.destination, undefined);
      queue.add({ publication, deliveries: 1, storedAs: sequence });
    }
  }

  /** One function for all publications, so that no closure is created for each publication. */
  readonly #deliverTo = ({ subscriber, subscription }: Entry, publication: Publication): void => {
    this.#deliveries++;
    try {
      subscriber.deliver(subscription, publication);
    } catch (error) {
      this.context.logger.error(`A delivery to the subscriber ${subscriber.id} failed.`, error);
    }
  };
}

/** The changes of the store that add the arrivals and remove the acknowledged messages. */
function changesOf(
  arrivals: readonly Arrival[],
  acknowledged: readonly QueuedMessage[],
): readonly StoreChange[] {
  return [
    ...arrivals.flatMap(({ publication: { id, message }, storedAs }): StoreChange[] =>
      storedAs === undefined ? [] : [{ kind: 'put', stored: { sequence: storedAs, id, message } }],
    ),
    ...acknowledged.flatMap(({ storedAs }): StoreChange[] =>
      storedAs === undefined ? [] : [{ kind: 'remove', sequence: storedAs }],
    ),
  ];
}
