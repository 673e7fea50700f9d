// Subscriptions of topics that are kept while their subscribers are away, by their names.
import type { Clock, Timer } from '../../../message/clock.js';
import { MessagingError } from '../../../message/error.js';
import type { Subscription } from '../../broker.js';
import type { Consumer } from '../queue/consumer.js';
import type { TopicQueue } from './topic-queue.js';

export interface DurableOptions {
  /** Durable subscriptions there may be, of all clients together. Default 1,000. */
  readonly maxSubscriptions: number;
  /** Milliseconds that one is kept while its subscriber is away. Default seven days. */
  readonly retention: number;
}

export const defaultDurableOptions: DurableOptions = {
  maxSubscriptions: 1000,
  retention: 7 * 24 * 60 * 60 * 1000,
};

interface Kept {
  readonly topic: TopicQueue;
  /** Runs while its subscriber is away. */
  timer: Timer | undefined;
}

export class DurableSubscriptions {
  readonly #kept = new Map<string, Kept>();

  constructor(
    private readonly options: DurableOptions,
    private readonly clock: Clock,
  ) {}

  /**
   * What is kept under the name, else what `begin` makes. With another destination than before it is another subscription.
   *
   * @throws `subscription-limit` when there are too many, and what `begin` throws
   */
  open(name: string, { destination }: Subscription, begin: () => TopicQueue): TopicQueue {
    const known = this.#kept.get(name);
    if (known?.topic.subscription.destination === destination) {
      known.timer?.cancel();
      known.timer = undefined;
      return known.topic;
    }
    if (known === undefined && this.#kept.size >= this.options.maxSubscriptions)
      throw new MessagingError(
        'subscription-limit',
        'There are as many durable subscriptions as there may be.',
      );
    const topic = begin();
    this.#end(name);
    this.#kept.set(name, { topic, timer: undefined });
    return topic;
  }

  /** Its subscriber has gone without ending it. */
  leave(name: string, topic: TopicQueue, consumer: Consumer): void {
    topic.leave(consumer);
    const kept = this.#kept.get(name);
    if (kept?.topic !== topic || topic.isRead) return;
    kept.timer ??= this.clock.after(this.options.retention, () => this.#end(name));
  }

  /** For good, unless it is another's by now. */
  giveUp(name: string, topic: TopicQueue): void {
    if (this.#kept.get(name)?.topic === topic && !topic.isRead) this.#end(name);
  }

  clear(): void {
    for (const name of this.#kept.keys()) this.#end(name);
  }

  #end(name: string): void {
    const kept = this.#kept.get(name);
    if (kept === undefined) return;
    this.#kept.delete(name);
    kept.timer?.cancel();
    kept.topic.end();
  }
}
