// One subscriber's line to the embedded broker: its own subscriptions, so that closing costs no more than they do.
import { MessagingError } from '../../message/error.js';
import type { Message } from '../../message/message.js';
import type {
  BrokerConnection,
  Operation,
  Settlement,
  Subscriber,
  Subscription,
} from '../broker.js';
import { Acknowledgements } from './acknowledgements.js';
import type { Entry } from './audience.js';
import type { Consumer } from './consumer.js';
import type { MessageQueue } from './message-queue.js';
import type { Queues } from './queues.js';
import type { RetainedMessages } from './retained-messages.js';
import type { SubscriptionIndex } from './subscription-index.js';

/** What a broker's lines share. */
export interface ConnectionParts {
  readonly index: SubscriptionIndex;
  readonly queues: Queues;
  readonly retained: RetainedMessages;
  /** Messages that a subscription may hold unsettled when it does not say. */
  readonly prefetch: number;
  readonly publish: (messages: readonly Message[]) => void;
}

/** A subscription that gets its messages through a queue: a shared one, or one of its own that a topic fills. */
interface Consumption {
  readonly queue: MessageQueue;
  readonly consumer: Consumer;
  /** What fills the queue, where it is the subscription's own. */
  readonly entry: Entry | undefined;
}

export class EmbeddedConnection implements BrokerConnection {
  readonly #open = new Map<string, Entry | Consumption>();
  /** Made when first wanted: most subscriptions acknowledge nothing. */
  #acknowledgements: Acknowledgements | undefined;
  #closed = false;

  constructor(
    private readonly subscriber: Subscriber,
    private readonly parts: ConnectionParts,
  ) {}

  /** @throws MessagingError `subscription-exists`, `destination-invalid`, `header-invalid`, `queue-limit`, `not-connected` (after `close`) */
  subscribe(subscription: Subscription): void {
    if (this.#closed)
      throw new MessagingError('not-connected', 'The subscriber has left the broker.');
    if (this.#open.has(subscription.id)) throw new MessagingError('subscription-exists');
    this.#open.set(subscription.id, this.#begin(subscription));
  }

  /** @throws MessagingError `subscription-unknown` */
  unsubscribe(id: string): void {
    const open = this.#open.get(id);
    if (open === undefined) throw new MessagingError('subscription-unknown');
    this.#open.delete(id);
    this.#end(open);
  }

  /** @throws MessagingError `queue-full`, `queue-limit` */
  send(message: Message): void {
    this.parts.publish([message]);
  }

  /** @throws MessagingError `acknowledgement-unknown` */
  settle(settlement: Settlement): void {
    this.#line.settle(settlement);
  }

  /** Everything or nothing. @throws MessagingError `acknowledgement-unknown`, `queue-full`, `queue-limit` */
  commit(operations: readonly Operation[]): void {
    const settlements = operations.flatMap((each) =>
      each.kind === 'settle' ? [each.settlement] : [],
    );
    for (const settlement of settlements) this.#line.find(settlement);
    this.parts.publish(operations.flatMap((each) => (each.kind === 'send' ? [each.message] : [])));
    for (const settlement of settlements) this.#line.settle(settlement);
  }

  close(): void {
    this.#closed = true;
    for (const open of this.#open.values()) this.#end(open);
    this.#open.clear();
  }

  get #line(): Acknowledgements {
    return (this.#acknowledgements ??= new Acknowledgements());
  }

  #begin(subscription: Subscription): Entry | Consumption {
    const isQueue = this.parts.queues.serves(subscription.destination);
    if (!isQueue && subscription.ack === 'auto') return this.#listen(subscription);
    // Asked for before anything is opened, which would stay open when it is refused.
    const prefetch = prefetchOf(subscription) ?? this.parts.prefetch;
    return isQueue ? this.#consume(subscription, prefetch) : this.#gather(subscription, prefetch);
  }

  /** A topic, straight from publication to delivery. */
  #listen(subscription: Subscription): Entry {
    const { index, retained } = this.parts;
    const entry = refusingPatterns(() => index.add(this.subscriber, subscription));
    for (const { id, message } of retained.matching(subscription.destination))
      this.subscriber.deliver(subscription, id, message, { retained: true });
    return entry;
  }

  /** A share of a queue. */
  #consume(subscription: Subscription, prefetch: number): Consumption {
    if (/[*?{}]/.test(subscription.destination))
      throw new MessagingError(
        'destination-invalid',
        'A queue is subscribed by its name, without wildcards.',
      );
    const queue = this.parts.queues.open(subscription.destination);
    return { queue, consumer: this.#consumer(queue, subscription, prefetch), entry: undefined };
  }

  /** A topic, through a queue of its own that keeps what is not settled. */
  #gather(subscription: Subscription, prefetch: number): Consumption {
    const { index, queues, retained } = this.parts;
    const { subscriber } = this;
    const queue = queues.openPrivate();
    const entry = refusingPatterns(() =>
      index.add(
        {
          id: subscriber.id,
          deliver(_subscription, messageId, message) {
            if (queues.hasRoom(queue, message)) queue.add(messageId, message);
            else subscriber.fail(new MessagingError('slow-consumer'));
            return true;
          },
          room: () => subscriber.room(),
          fail: (error) => subscriber.fail(error),
        },
        subscription,
      ),
    );
    for (const { id, message } of retained.matching(subscription.destination))
      queue.add(id, message, true);
    return { queue, consumer: this.#consumer(queue, subscription, prefetch), entry };
  }

  #consumer(queue: MessageQueue, subscription: Subscription, prefetch: number): Consumer {
    return queue.consume({
      subscriber: this.subscriber,
      subscription,
      prefetch,
      acknowledgements: this.#line,
    });
  }

  #end(open: Entry | Consumption): void {
    if (!('queue' in open)) return this.parts.index.remove(open);
    open.queue.release(open.consumer);
    if (open.entry === undefined) return;
    this.parts.index.remove(open.entry);
    open.queue.discard();
  }
}

/** A pattern that an application wrote wrong stops it at start; a client's is a bad destination. */
function refusingPatterns(add: () => Entry): Entry {
  try {
    return add();
  } catch (cause) {
    if (!(cause instanceof MessagingError)) throw cause;
    throw new MessagingError('destination-invalid', cause.message, { cause });
  }
}

/** The header `prefetch-count`, as RabbitMQ has it. */
function prefetchOf({ headers }: Subscription): number | undefined {
  const said = headers.get('prefetch-count');
  if (said === undefined) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(said))
    throw new MessagingError(
      'header-invalid',
      'The header prefetch-count takes a whole number from 1 to 999999.',
    );
  return Number(said);
}
