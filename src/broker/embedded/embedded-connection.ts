// The connection of one subscriber to the embedded broker, with its subscriptions.
import { MessagingError } from '../../message/error.js';
import type {
  BrokerConnection,
  Operation,
  Settlement,
  Subscriber,
  Subscription,
} from '../broker.js';
import type { Publication } from '../publication.js';
import { TopicQueue } from './durable/topic-queue.js';
import type { Exchange } from './exchange.js';
import { checkSupported } from './unsupported.js';
import {
  Acknowledgements,
  consume,
  prefetchOf,
  type Consumer,
  type ConsumerParts,
  type Coverage,
} from './queue/consumer.js';
import type { QueuedMessage } from './queue/message-list.js';
import type { RetainedMatches } from './topic/retained-matches.js';
import type { Entry } from './topic/subscription-index.js';

/** A subscription that takes its messages from a queue. */
interface QueueSubscription {
  unsubscribe(): void;
  /** Called when the connection closes; only a durable subscription is kept. */
  disconnect(): void;
}

const noSubscription: QueueSubscription = { unsubscribe() {}, disconnect() {} };

export class EmbeddedConnection implements BrokerConnection {
  /** By id; a plain topic subscription is only an entry, because there may be very many. */
  readonly #subscriptions = new Map<string, Entry | QueueSubscription>();
  /** Created on first use: most connections acknowledge no message. */
  #acknowledgements: Acknowledgements | undefined;
  #closed = false;

  constructor(
    private readonly subscriber: Subscriber,
    private readonly exchange: Exchange,
  ) {}

  /**
   * Begins a subscription; later, when its pattern has to be compared with many retained messages.
   *
   * @throws {MessagingError} `subscription-exists`, `subscription-limit`, `destination-invalid`, `header-refused`,
   *   `pattern-limit`, `queue-full` for too many retained messages, `queue-limit`, `not-supported`; `not-connected` after `close`;
   *   `broker-unavailable` when the broker has stopped
   */
  subscribe(subscription: Subscription): void | Promise<void> {
    if (this.#closed)
      throw new MessagingError('not-connected', 'The connection to the broker is closed.');
    this.exchange.checkOpen();
    const { id, destination, durable } = subscription;
    if (this.#subscriptions.has(id)) throw new MessagingError('subscription-exists');
    checkSupported(subscription);
    const { retained, durables } = this.exchange;
    // A durable subscription that is kept has received the retained messages before.
    if (durable !== undefined && durables.keeps(durable, subscription))
      this.#begin(subscription, retained.none);
    else if (retained.needsScan(destination)) return this.#beginAfterScan(subscription);
    else this.#begin(subscription, retained.matching(destination));
  }

  /** @throws {MessagingError} `subscription-unknown` */
  unsubscribe(id: string): void {
    const subscription = this.#subscriptions.get(id);
    if (subscription === undefined) throw new MessagingError('subscription-unknown');
    this.#subscriptions.delete(id);
    if (isEntry(subscription)) this.exchange.index.remove(subscription);
    else subscription.unsubscribe();
  }

  /** @throws {MessagingError} `queue-full`, `queue-limit`, `store-failed`; `broker-unavailable` when the broker has stopped */
  send(publication: Publication): void | Promise<void> {
    return this.exchange.send(publication);
  }

  /** @throws {MessagingError} `acknowledgement-unknown` */
  settle(settlement: Settlement): void {
    this.#issued.settle(settlement);
  }

  /**
   * All operations take effect, or none.
   *
   * @throws {MessagingError} `acknowledgement-unknown`, `queue-full`, `queue-limit`, `store-failed`; `broker-unavailable` when the
   *   broker has stopped
   */
  commit(operations: readonly Operation[]): void | Promise<void> {
    const publications = operations.flatMap((each) =>
      each.kind === 'send' ? [each.publication] : [],
    );
    const settlements = operations.flatMap((each) =>
      each.kind === 'settle' ? [each.settlement] : [],
    );
    return this.exchange.publish(publications, this.#acknowledgedBy(settlements), () => {
      for (const settlement of settlements) this.#issued.settleChecked(settlement);
    });
  }

  close(): void {
    this.#closed = true;
    this.#acknowledgements?.close();
    for (const subscription of this.#subscriptions.values()) {
      if (isEntry(subscription)) this.exchange.index.remove(subscription);
      else subscription.disconnect();
    }
    this.#subscriptions.clear();
  }

  /** The messages that these settlements acknowledge in this order: the first settlement of a message counts. */
  #acknowledgedBy(settlements: readonly Settlement[]): readonly QueuedMessage[] {
    const acknowledged: QueuedMessage[] = [];
    const coverages = new Map<Consumer, Coverage>();
    for (const settlement of settlements) {
      const consumer = this.#issued.find(settlement);
      if (consumer === undefined) continue;
      let coverage = coverages.get(consumer);
      if (coverage === undefined) coverages.set(consumer, (coverage = consumer.coverage()));
      for (const message of coverage(settlement.id))
        if (settlement.kind === 'ack') acknowledged.push(message);
    }
    return acknowledged;
  }

  get #issued(): Acknowledgements {
    return (this.#acknowledgements ??= new Acknowledgements());
  }

  async #beginAfterScan(subscription: Subscription): Promise<void> {
    const { id, destination, durable } = subscription;
    // Takes the id meanwhile; UNSUBSCRIBE or the end of the connection removes it. A copy, because it is compared below.
    const waiting: QueueSubscription = { ...noSubscription };
    this.#subscriptions.set(id, waiting);
    try {
      await this.exchange.retained.scan(
        destination,
        this.subscriber.account,
        // A durable subscription is kept for a client that has left.
        () =>
          this.#subscriptions.get(id) === waiting &&
          (durable !== undefined || !this.subscriber.gone),
        (matching) => {
          this.exchange.checkOpen();
          this.#begin(subscription, matching);
        },
      );
    } finally {
      if (this.#subscriptions.get(id) === waiting) this.#subscriptions.delete(id);
    }
  }

  #begin(subscription: Subscription, retained: RetainedMatches): void {
    const begun = this.#open(subscription, retained);
    this.#subscriptions.set(subscription.id, begun);
    if (isEntry(begun))
      this.exchange.retained.deliver(
        retained,
        begun,
        () => this.#subscriptions.get(subscription.id) === begun,
      );
  }

  #open(subscription: Subscription, retained: RetainedMatches): Entry | QueueSubscription {
    const { destination, ack, durable } = subscription;
    const isQueue = this.exchange.queues.serves(destination);
    if (!isQueue && ack === 'auto' && durable === undefined)
      return this.exchange.index.add(this.subscriber, subscription);
    // Checked first: a rejected subscription leaves no queue open.
    const parts = this.#consumerParts(subscription);
    if (isQueue) return this.#openQueue(parts);
    return durable === undefined
      ? this.#openTopic(parts, retained)
      : this.#openDurable(durable, parts, retained);
  }

  /** A queue keeps its messages while it has no subscriber, so a durable name makes no difference. */
  #openQueue(parts: ConsumerParts): QueueSubscription {
    const { destination } = parts.subscription;
    if (/[*?{}]/.test(destination))
      throw new MessagingError(
        'destination-invalid',
        'A subscription of a queue names one queue, without wildcards.',
      );
    const consumer = consume(
      this.exchange.queues.open(destination, this.subscriber.account),
      parts,
    );
    return { unsubscribe: () => consumer.close(), disconnect: () => consumer.close() };
  }

  /** A topic subscription with acknowledgement: its messages wait in a queue until they are acknowledged. */
  #openTopic(parts: ConsumerParts, retained: RetainedMatches): QueueSubscription {
    const { account } = this.subscriber;
    const topicQueue = new TopicQueue(parts.subscription, account, retained, this.exchange);
    topicQueue.attach(parts);
    return { unsubscribe: () => topicQueue.close(), disconnect: () => topicQueue.close() };
  }

  #openDurable(name: string, parts: ConsumerParts, retained: RetainedMatches): QueueSubscription {
    const { durables } = this.exchange;
    // A SUBSCRIBE may be processed after its connection is lost, and the client may have subscribed again by another session.
    if (this.subscriber.gone && durables.has(name)) return noSubscription;
    const topicQueue = durables.open(name, parts.subscription, this.subscriber.account, retained);
    const consumer = topicQueue.attach(parts);
    return {
      unsubscribe: () => durables.unsubscribe(name, topicQueue, consumer),
      disconnect: () => durables.disconnect(name, topicQueue, consumer),
    };
  }

  #consumerParts(subscription: Subscription): ConsumerParts {
    return {
      subscriber: this.subscriber,
      subscription,
      acknowledgements: this.#issued,
      prefetch: prefetchOf(subscription, this.exchange.options.queue),
    };
  }
}

function isEntry(subscription: Entry | QueueSubscription): subscription is Entry {
  return 'since' in subscription;
}
