// The connection of one subscriber to the embedded broker, with the subscriptions that it has opened.
import { MessagingError } from '../../message/error.js';
import type {
  BrokerConnection,
  Operation,
  Settlement,
  Subscriber,
  Subscription,
} from '../broker.js';
import { Acknowledgements } from './queue/acknowledgements.js';
import type { Entry } from './topic/audience.js';
import type { Publication } from '../publication.js';
import type { Exchange } from './exchange.js';
import { prefetchOf, type ConsumerParts } from './queue/consumer.js';
import type { QueuedMessage } from './queue/queued-message.js';
import { TopicQueue } from './durable/topic-queue.js';

/** A live subscription, by its way to end: for good, or because its subscriber leaves. */
interface Open {
  end(): void;
  leave(): void;
}

export class EmbeddedConnection implements BrokerConnection {
  readonly #open = new Map<string, Entry | Open>();
  /** Made when first wanted: most subscriptions acknowledge nothing. */
  #acknowledgements: Acknowledgements | undefined;
  #closed = false;

  constructor(
    private readonly subscriber: Subscriber,
    private readonly exchange: Exchange,
  ) {}

  /** @throws MessagingError `subscription-exists`, `destination-invalid`, `header-invalid`, `pattern-limit`, `queue-limit`, `not-connected` (after `close`) */
  subscribe(subscription: Subscription): void {
    if (this.#closed)
      throw new MessagingError('not-connected', 'The subscriber has left the broker.');
    if (this.#open.has(subscription.id)) throw new MessagingError('subscription-exists');
    const open = this.#begin(subscription);
    this.#open.set(subscription.id, open);
    if (!('end' in open))
      this.exchange.retained.deliver(open, () => this.#open.get(subscription.id) === open);
  }

  /** @throws MessagingError `subscription-unknown` */
  unsubscribe(id: string): void {
    const open = this.#open.get(id);
    if (open === undefined) throw new MessagingError('subscription-unknown');
    this.#open.delete(id);
    if ('end' in open) open.end();
    else this.exchange.index.remove(open);
  }

  /** @throws MessagingError `queue-full`, `queue-limit`, `store-failed` */
  send(publication: Publication): void | Promise<void> {
    return this.exchange.send(publication);
  }

  /** @throws MessagingError `acknowledgement-unknown` */
  settle(settlement: Settlement): void {
    this.#line.settle(settlement);
  }

  /** Everything or nothing. @throws MessagingError `acknowledgement-unknown`, `queue-full`, `queue-limit`, `store-failed` */
  commit(operations: readonly Operation[]): void | Promise<void> {
    const publications = operations.flatMap((each) =>
      each.kind === 'send' ? [each.publication] : [],
    );
    const settlements = operations.flatMap((each) =>
      each.kind === 'settle' ? [each.settlement] : [],
    );
    return this.exchange.publish(publications, this.#acknowledged(settlements), () => {
      for (const settlement of settlements) this.#line.settle(settlement);
    });
  }

  close(): void {
    this.#closed = true;
    for (const open of this.#open.values()) {
      if ('leave' in open) open.leave();
      else this.exchange.index.remove(open);
    }
    this.#open.clear();
  }

  /** What these acknowledge when they take effect in order: of one message the first counts. */
  #acknowledged(settlements: readonly Settlement[]): readonly QueuedMessage[] {
    const first = new Map<QueuedMessage, Settlement['kind']>();
    for (const settlement of settlements)
      for (const queued of this.#line.find(settlement)?.covered(settlement.id) ?? [])
        if (!first.has(queued)) first.set(queued, settlement.kind);
    return [...first].filter(([, kind]) => kind === 'ack').map(([queued]) => queued);
  }

  get #line(): Acknowledgements {
    return (this.#acknowledgements ??= new Acknowledgements());
  }

  #begin(subscription: Subscription): Entry | Open {
    const isQueue = this.exchange.queues.serves(subscription.destination);
    const { ack, durable } = subscription;
    if (!isQueue && ack === 'auto' && durable === undefined) return this.#listen(subscription);
    // Asked for before anything is opened, which would stay open when it is refused.
    const prefetch = prefetchOf(subscription) ?? this.exchange.options.queue.prefetch;
    if (isQueue) return this.#consume(subscription, prefetch);
    return durable === undefined
      ? this.#gather(subscription, prefetch)
      : this.#resume(durable, subscription, prefetch);
  }

  /** A topic, straight from publication to delivery. */
  #listen(subscription: Subscription): Entry {
    return this.exchange.index.add(this.subscriber, subscription);
  }

  /** A share of a queue, which stores while nobody listens: there a name says nothing more. */
  #consume(subscription: Subscription, prefetch: number): Open {
    if (/[*?{}]/.test(subscription.destination))
      throw new MessagingError(
        'destination-invalid',
        'A queue is subscribed by its name, without wildcards.',
      );
    const queue = this.exchange.queues.open(subscription.destination);
    const consumer = queue.consume(this.#consumer(subscription, prefetch));
    const release = () => queue.release(consumer);
    return { end: release, leave: release };
  }

  /** A topic, through a queue of its own that keeps what is not settled. */
  #gather(subscription: Subscription, prefetch: number): Open {
    const topic = new TopicQueue(subscription, this.exchange);
    const consumer = topic.read(this.#consumer(subscription, prefetch));
    const end = () => {
      topic.forget();
      topic.leave(consumer);
    };
    return { end, leave: end };
  }

  /** A topic, through a queue that is kept while the subscriber is away. */
  #resume(name: string, subscription: Subscription, prefetch: number): Open {
    const { durables } = this.exchange;
    const topic = durables.open(
      name,
      subscription,
      () => new TopicQueue(subscription, this.exchange),
    );
    const consumer = topic.read(this.#consumer(subscription, prefetch));
    return {
      leave: () => durables.leave(name, topic, consumer),
      end: () => {
        durables.leave(name, topic, consumer);
        durables.giveUp(name, topic);
      },
    };
  }

  #consumer(subscription: Subscription, prefetch: number): ConsumerParts {
    const { subscriber } = this;
    const { clock } = this.exchange.context;
    const { ackTimeout } = this.exchange.options.queue;
    return {
      subscriber,
      // What one subscription of a line that ends gives back, another of it must not take.
      gone: () => this.#closed || subscriber.gone,
      subscription,
      prefetch,
      acknowledgements: this.#line,
      clock,
      ackTimeout,
    };
  }
}
