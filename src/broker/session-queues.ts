// The queues of one session (`/user/queue/x`, `/temp-queue/x`): its subscriptions to them, and deliveries from the server itself.
import { MessagingError } from '../message/error.js';
import { ownPrefix } from '../message/ids.js';
import { LimitedLog } from '../message/limited-log.js';
import type { Logger } from '../message/logger.js';
import { quote } from '../message/quote.js';
import type { Clock, NextPart } from '../message/clock.js';
import { noHeaders } from '../message/message.js';
import { Quota } from '../message/quota.js';
import type { Settlement, Subscriber, Subscription } from './broker.js';
import { Acknowledgements, consume, prefetchOf, type Consumer } from './embedded/queue/consumer.js';
import { SharedBytes } from './embedded/queue/held-bytes.js';
import { MessageQueue } from './embedded/queue/message-queue.js';
import { QueueMemory, type QueueOptions } from './embedded/queue/queue-memory.js';
import { checkSupported } from './embedded/unsupported.js';
import type { Publication, SessionPublication } from './publication.js';

/** The memory and limits that the acknowledged session queues of a server share. */
export function sessionQueueMemory(
  clock: Clock,
  logger: Logger,
  options: QueueOptions,
  shares: number,
): QueueMemory {
  const lost = new LimitedLog(clock, logger, 'error');
  return new QueueMemory({
    bytes: new SharedBytes(new Quota(options.maxTotalBytes, shares)),
    clock,
    logger,
    options,
    shares,
    journal: undefined,
    deadLetters: {
      add: (messages, source) => {
        for (const dead of messages) {
          source.release(dead);
          const { destination } = dead.publication.message;
          if (lost.admits())
            lost.write(`A message of ${quote(destination)} could not be delivered and is lost.`);
        }
      },
    },
  });
}

/** A subscription of a session queue. */
interface Live {
  readonly subscription: Subscription;
  /** Keeps messages until they are acknowledged; undefined with ack `auto`. */
  readonly pending: { readonly queue: MessageQueue; readonly consumer: Consumer } | undefined;
}

export class SessionQueues {
  /** By the ids of the subscriptions. */
  readonly #live = new Map<string, Live>();
  #acknowledgements: Acknowledgements | undefined;
  /** Queues whose answers need no subscription, the oldest first; most sessions have none. */
  #replyQueues: Set<string> | undefined;
  #delivering = false;
  /** Messages that were published during a delivery; most sessions never have one. */
  #waiting: { readonly queue: string; readonly publication: Publication }[] | undefined;
  /** Resolves when a transaction whose deliveries continue in later turns is delivered. */
  #divided: Promise<void> | undefined;

  constructor(
    private readonly subscriber: Subscriber,
    private readonly memory: QueueMemory,
  ) {}

  /** True for the id of a delivery from a session queue. */
  static delivered(ack: string): boolean {
    return ack.startsWith(ownPrefix);
  }

  /** @throws {MessagingError} `header-refused` for a malformed `prefetch-count`; `not-supported` */
  subscribe(subscription: Subscription): void {
    checkSupported(subscription);
    const pending = subscription.ack === 'auto' ? undefined : this.#pending(subscription);
    this.#live.set(subscription.id, { subscription, pending });
    this.#replyQueues?.delete(subscription.destination);
  }

  /**
   * Starts to deliver messages of a queue without subscription, with the name of the queue as `subscription`, as in RabbitMQ. Ends
   * with UNSUBSCRIBE, and when the client subscribes to the queue.
   *
   * @param limit number of such queues; a new one replaces the oldest
   */
  acceptReplies(queue: string, limit: number): void {
    if (this.has(queue)) return;
    const queues = (this.#replyQueues ??= new Set());
    queues.add(queue);
    if (queues.size > limit) {
      const [oldest] = queues;
      queues.delete(oldest!);
    }
  }

  /** Ends the deliveries that `acceptReplies` has started. Returns false when they were not started. */
  refuseReplies(queue: string): boolean {
    return this.#replyQueues?.delete(queue) === true;
  }

  unsubscribe(id: string): void {
    const live = this.#live.get(id);
    this.#live.delete(id);
    if (live !== undefined) end(live);
  }

  /** True when the session has a subscription of this queue. */
  has(queue: string): boolean {
    for (const { subscription } of this.#live.values())
      if (subscription.destination === queue) return true;
    return false;
  }

  /**
   * Delivers to every subscription of the queue. A queue without subscriptions drops the message, unless it accepts replies. Returns a
   * promise if the message waits for a transaction.
   */
  publish(queue: string, publication: Publication): void | Promise<void> {
    // A delivery that publishes, as an outbound interceptor may, must not overtake the message that is being delivered.
    if (this.#delivering) {
      (this.#waiting ??= []).push({ queue, publication });
      return this.#divided;
    }
    this.#delivering = true;
    try {
      this.#deliverToAll(queue, publication);
      this.#deliverWaiting();
    } finally {
      this.#endDelivery();
    }
  }

  /** Delivers the messages of a transaction. Others wait meanwhile, so that they cannot come between them. */
  async publishTogether(
    messages: readonly SessionPublication[],
    nextPart: NextPart,
  ): Promise<void> {
    while (this.#divided !== undefined) await this.#divided;
    const delivery = this.#deliverTogether(messages, nextPart);
    if (this.#delivering) this.#divided = delivery;
    await delivery;
  }

  async #deliverTogether(
    messages: readonly SessionPublication[],
    nextPart: NextPart,
  ): Promise<void> {
    this.#delivering = true;
    try {
      for (const { address, publication } of messages) {
        const pending = nextPart();
        if (pending !== undefined) await pending;
        this.#deliverToAll(address.queue, publication);
      }
      this.#deliverWaiting();
    } finally {
      this.#endDelivery();
    }
  }

  /** @throws {MessagingError} `acknowledgement-unknown` */
  settle(settlement: Settlement): void {
    this.#issued.settle(settlement);
  }

  /** Throws the error that `settle` would throw. */
  check(settlement: Settlement): void {
    this.#issued.find(settlement);
  }

  /** Applies a settlement after `check`; has no effect when the delivery was taken back since then. */
  settleChecked(settlement: Settlement): void {
    this.#issued.settleChecked(settlement);
  }

  close(): void {
    this.#acknowledgements?.close();
    for (const live of this.#live.values()) end(live);
    this.#live.clear();
  }

  get #issued(): Acknowledgements {
    return (this.#acknowledgements ??= new Acknowledgements(ownPrefix));
  }

  #pending(subscription: Subscription): Live['pending'] {
    const { options } = this.memory.parts;
    const prefetch = prefetchOf(subscription, options) ?? options.maxPrefetch;
    const queue = new MessageQueue(this.memory, this.subscriber.account);
    const consumer = consume(queue, {
      subscriber: this.subscriber,
      subscription,
      prefetch,
      acknowledgements: this.#issued,
    });
    return { queue, consumer };
  }

  #deliverWaiting(): void {
    if (this.#waiting !== undefined)
      for (const { queue, publication } of this.#waiting) this.#deliverToAll(queue, publication);
  }

  #endDelivery(): void {
    this.#delivering = false;
    this.#waiting = undefined;
    this.#divided = undefined;
  }

  #deliverToAll(queue: string, publication: Publication): void {
    if (this.#replyQueues?.has(queue) === true) {
      const implied = { id: queue, destination: queue, ack: 'auto', headers: noHeaders } as const;
      this.subscriber.deliver(implied, publication);
      return;
    }
    for (const live of this.#live.values())
      if (live.subscription.destination === queue) this.#deliver(live, publication);
  }

  #deliver({ subscription, pending }: Live, publication: Publication): void {
    if (pending === undefined) this.subscriber.deliver(subscription, publication);
    else if (pending.queue.hasRoom(publication)) pending.queue.add({ publication });
    else this.subscriber.fail(new MessagingError('slow-consumer'));
  }
}

function end({ pending }: Live): void {
  if (pending === undefined) return;
  pending.queue.discard();
  pending.consumer.close();
}
