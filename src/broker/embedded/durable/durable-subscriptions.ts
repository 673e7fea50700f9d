// Durable subscriptions by name: a topic subscription that is kept while its subscriber is away.
import type { Clock, Timer } from '../../../message/clock.js';
import { MessagingError } from '../../../message/error.js';
import { Quota, tooMany } from '../../../message/quota.js';
import type { Subscription } from '../../broker.js';
import type { Consumer } from '../queue/consumer.js';
import type { RetainedMatches } from '../topic/retained-matches.js';
import { TopicQueue, type TopicQueueParts } from './topic-queue.js';

/** Limits of durable subscriptions. */
export interface DurableOptions {
  /** Durable subscriptions of all clients together; one client may have a share of them (`limits.shares`). @default 1,000 */
  readonly maxSubscriptions: number;
  /** Milliseconds that a subscription is kept while its subscriber is away. @default seven days */
  readonly retention: number;
}

export const defaultDurableOptions: DurableOptions = {
  maxSubscriptions: 1000,
  retention: 7 * 24 * 60 * 60 * 1000,
};

interface Kept {
  readonly topicQueue: TopicQueue;
  /** Ends the subscription; runs while its subscriber is away. */
  retentionTimer: Timer | undefined;
}

export class DurableSubscriptions {
  readonly #kept = new Map<string, Kept>();
  readonly #quota: Quota;

  constructor(
    private readonly options: DurableOptions,
    private readonly clock: Clock,
    private readonly parts: TopicQueueParts,
    shares: number,
  ) {
    this.#quota = new Quota(options.maxSubscriptions, shares);
  }

  /** True when a subscription of this destination is kept under this name. */
  keeps(name: string, { destination }: Subscription): boolean {
    return this.#kept.get(name)?.topicQueue.subscription.destination === destination;
  }

  /** True when a subscription of any destination is kept under this name. */
  has(name: string): boolean {
    return this.#kept.has(name);
  }

  /**
   * Returns the subscription that is kept under this name, or begins one. Another destination replaces the kept subscription.
   *
   * @param retained the retained messages of the destination; only a new subscription receives them
   * @throws {MessagingError} `subscription-limit`, `destination-invalid`, `pattern-limit`, `queue-full`
   */
  open(
    name: string,
    subscription: Subscription,
    account: string | undefined,
    retained: RetainedMatches,
  ): TopicQueue {
    const kept = this.#kept.get(name);
    if (kept !== undefined && this.keeps(name, subscription)) {
      kept.retentionTimer?.cancel();
      kept.retentionTimer = undefined;
      return kept.topicQueue;
    }
    if (kept === undefined) this.#checkQuota(account);
    const topicQueue = new TopicQueue(subscription, account, retained, this.parts);
    this.#end(name, new MessagingError('subscription-taken'));
    this.#kept.set(name, { topicQueue, retentionTimer: undefined });
    this.#quota.add(account, 1);
    return topicQueue;
  }

  /** The connection of the subscriber has closed: keeps the subscription for the retention time. */
  disconnect(name: string, topicQueue: TopicQueue, consumer: Consumer): void {
    topicQueue.detach(consumer);
    const kept = this.#kept.get(name);
    if (kept?.topicQueue !== topicQueue || topicQueue.hasConsumer) return;
    kept.retentionTimer ??= this.clock.after(this.options.retention, () => this.#end(name));
  }

  /** Ends the subscription, unless another session has taken it over, which may be away by now. */
  unsubscribe(name: string, topicQueue: TopicQueue, consumer: Consumer): void {
    const isOwn = topicQueue.detach(consumer);
    if (isOwn && this.#kept.get(name)?.topicQueue === topicQueue) this.#end(name);
  }

  /** Called when the broker stops: drops all subscriptions without an error for their subscribers. */
  clear(): void {
    for (const { retentionTimer } of this.#kept.values()) retentionTimer?.cancel();
    this.#kept.clear();
  }

  #checkQuota(account: string | undefined): void {
    const excess = this.#quota.excess(account, 1);
    if (excess === 'limit')
      throw new MessagingError(
        'subscription-limit',
        'The broker has reached its limit of durable subscriptions.',
      );
    if (excess === 'share') throw tooMany('subscription-limit', excess, 'durable subscriptions');
  }

  #end(name: string, error?: MessagingError): void {
    const kept = this.#kept.get(name);
    if (kept === undefined) return;
    this.#kept.delete(name);
    this.#quota.add(kept.topicQueue.account, -1);
    kept.retentionTimer?.cancel();
    kept.topicQueue.close(error);
  }
}
