// The queue of one topic subscription: its messages wait there until they are acknowledged, or until its subscriber returns.
import { MessagingError } from '../../../message/error.js';
import type { Subscriber, Subscription } from '../../broker.js';
import type { Publication } from '../../publication.js';
import { Consumer, type ConsumerParts } from '../queue/consumer.js';
import type { SharedBytes } from '../queue/held-bytes.js';
import { MessageQueue } from '../queue/message-queue.js';
import type { QueueMemory } from '../queue/queue-memory.js';
import type { RetainedMatches } from '../topic/retained-matches.js';
import type { Entry, SubscriptionIndex } from '../topic/subscription-index.js';

export interface TopicQueueParts {
  readonly index: SubscriptionIndex;
  readonly topicMemory: QueueMemory;
  /** The bytes of `topicMemory`. */
  readonly topicBytes: SharedBytes;
}

/** Subscribes to the topic instead of its subscriber. */
export class TopicQueue implements Subscriber {
  readonly id: string;
  readonly account: string | undefined;
  readonly busy = false;
  readonly gone = false;
  readonly #queue: MessageQueue;
  readonly #entry: Entry;
  /** Retained messages whose list counts for the account. */
  #listed: number;
  /** Undefined while the subscriber is away. */
  #consumer: Consumer | undefined;

  /**
   * @param account the account that its messages count for
   * @param retained the retained messages of its destination; they are read when the subscriber can take them
   * @throws {MessagingError} `destination-invalid`, `pattern-limit`; `queue-full` when the list of retained messages does not fit
   */
  constructor(
    readonly subscription: Subscription,
    account: string | undefined,
    retained: RetainedMatches,
    private readonly parts: TopicQueueParts,
  ) {
    this.id = subscription.durable ?? subscription.id;
    this.account = account;
    this.#queue = new MessageQueue(parts.topicMemory, account);
    this.#checkRoomFor(retained);
    this.#entry = parts.index.add(this, subscription);
    this.#listed = retained.length;
    parts.topicBytes.addEntries(account, this.#listed);
    if (retained.length > 0) this.#queue.begin(retained, () => this.#forgetList());
  }

  get hasConsumer(): boolean {
    return this.#consumer !== undefined;
  }

  /** Delivers the waiting messages and all later ones. An earlier subscriber is replaced: its session ends. */
  attach(parts: ConsumerParts): Consumer {
    this.#dismiss(new MessagingError('subscription-taken'));
    // No other subscription waits for these messages, and a small window would wait for acknowledgements on their way.
    const { prefetch = this.parts.topicMemory.parts.options.maxPrefetch } = parts;
    this.#consumer = new Consumer(this.#queue, { ...parts, prefetch });
    this.#queue.attach(this.#consumer);
    return this.#consumer;
  }

  /** Takes back the unacknowledged messages of the consumer. Returns false when another one had replaced it. */
  detach(consumer: Consumer): boolean {
    const isAttached = this.#consumer === consumer;
    if (isAttached) this.#consumer = undefined;
    consumer.close();
    return isAttached;
  }

  /**
   * Ends the subscription and drops its messages.
   *
   * @param error ends the session of a subscriber that is still attached
   */
  close(error?: MessagingError): void {
    this.parts.index.remove(this.#entry);
    this.#queue.discard();
    this.#forgetList();
    this.#dismiss(error);
  }

  /** When full: disconnects an active subscriber as too slow; drops the oldest messages while it is away. */
  deliver(_subscription: Subscription, publication: Publication): boolean {
    while (!this.#queue.hasRoom(publication)) {
      if (this.#consumer !== undefined) {
        this.#consumer.fail(new MessagingError('slow-consumer'));
        return true;
      }
      if (!this.#queue.dropOldest()) return true;
    }
    this.#queue.add({ publication });
    return true;
  }

  room(): Promise<void> {
    return Promise.resolve();
  }

  fail(error: MessagingError): void {
    this.#consumer?.fail(error);
  }

  #checkRoomFor({ length }: RetainedMatches): void {
    if (this.parts.topicBytes.excessOfEntries(this.account, length) === undefined) return;
    throw new MessagingError(
      'queue-full',
      'The subscription cannot hold the list of the retained messages of its destination.',
    );
  }

  #forgetList(): void {
    this.parts.topicBytes.addEntries(this.account, -this.#listed);
    this.#listed = 0;
  }

  #dismiss(error: MessagingError | undefined): void {
    const consumer = this.#consumer;
    if (consumer === undefined) return;
    this.detach(consumer);
    if (error !== undefined) consumer.fail(error);
  }
}
