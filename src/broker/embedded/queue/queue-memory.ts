// The options of queues, and the memory that all queues of a broker share: its limit, and the timer that drops expired messages.
import type { Clock, Timer } from '../../../message/clock.js';
import type { Logger } from '../../../message/logger.js';
import type { Excess } from '../../../message/quota.js';
import type { Publication } from '../../publication.js';
import type { Journal } from '../store/journal.js';
import type { HeldBytes } from './held-bytes.js';
import type { QueuedMessage } from './message-list.js';
import { TurnQueue } from '../turn-queue.js';

/** Behavior and limits of queues. */
export interface QueueOptions {
  /** Destinations below these prefixes are queues: each message goes to one subscriber. @default `['/queue']` */
  readonly prefixes: readonly string[];
  /** Unacknowledged messages that a subscription may hold; the header `prefetch-count` of SUBSCRIBE overrides it. @default 100 */
  readonly prefetch: number;
  /**
   * Largest value of the header `prefetch-count`; a larger one is refused. One ACK or NACK can settle this many messages.
   * Subscriptions of topics, and of queues of users and sessions, may hold this many by default, because no other subscription
   * waits for them.
   * @default 1,000
   */
  readonly maxPrefetch: number;
  /**
   * Milliseconds in which a subscriber must acknowledge a message; afterwards another subscriber receives it. 0 means no limit.
   * The time in which an ACK or NACK waits for earlier frames of its client does not count. The end of the timeout is detected up to
   * an eighth later. @default 0
   */
  readonly ackTimeout: number;
  /** The delay before a message is delivered again. @default none */
  readonly redeliveryDelay: RedeliveryDelay;
  /** Deliveries of one message before it goes to the dead letters. @default 10 */
  readonly maxDeliveries: number;
  /** Destination of undeliverable messages. @default `dead-letters` below the first prefix: `/queue/dead-letters` */
  readonly deadLetters: string;
  /** For a message to a full queue: `refuse` it with `queue-full`, or `drop-oldest` of the waiting messages. @default `refuse` */
  readonly whenFull: 'refuse' | 'drop-oldest';
  /** Messages that one queue may hold; with `refuse`, one client may use a share of them (`limits.shares`). @default 100,000 */
  readonly maxMessages: number;
  /** Bytes that one queue may hold. @default 64 MiB */
  readonly maxBytes: number;
  /** Bytes that all queues together may hold; one client may use a share of them (`limits.shares`). @default 256 MiB */
  readonly maxTotalBytes: number;
  /** Number of queues; one client may open a share of them (`limits.shares`). @default 10,000 */
  readonly maxQueues: number;
}

/**
 * The delay before a message is delivered again after NACK or after the acknowledgement timeout. It grows with each delivery. Other
 * messages of the queue are delivered meanwhile. When a connection ends, its messages are delivered to others immediately.
 */
export interface RedeliveryDelay {
  /** Milliseconds before the second delivery; 0 for no delays. @default 0 */
  readonly initial: number;
  /** Factor by which the delay grows; at least 1. @default 2 */
  readonly multiplier: number;
  /** Longest delay in milliseconds. @default 60,000 */
  readonly max: number;
}

/** The options of queues as an application gives them. */
export interface GivenQueueOptions extends Partial<Omit<QueueOptions, 'redeliveryDelay'>> {
  /** The delay before a message is delivered again. @default none */
  readonly redeliveryDelay?: Partial<RedeliveryDelay>;
}

const defaultPrefix = '/queue';

export const defaultQueueOptions: QueueOptions = {
  prefixes: [defaultPrefix],
  prefetch: 100,
  maxPrefetch: 1000,
  ackTimeout: 0,
  redeliveryDelay: { initial: 0, multiplier: 2, max: 60_000 },
  maxDeliveries: 10,
  deadLetters: defaultDeadLetters(defaultPrefix),
  whenFull: 'refuse',
  maxMessages: 100_000,
  maxBytes: 64 * 1024 * 1024,
  maxTotalBytes: 256 * 1024 * 1024,
  maxQueues: 10_000,
};

/** The default of `deadLetters` for queues below this prefix. */
export function defaultDeadLetters(prefix: string): string {
  return `${prefix}/dead-letters`;
}

/** Receives messages that were delivered `maxDeliveries` times and never acknowledged. */
export interface DeadLetters {
  /** Moves messages of a queue, which holds them until its `release` is called. */
  add(messages: readonly QueuedMessage[], source: DeadLetterSource): void;
}

/** The queue that dead letters come from. */
export interface DeadLetterSource {
  /** Called when a message leaves the queue. */
  release(message: QueuedMessage): void;
}

export interface QueueMemoryParts {
  /** The bytes of all queues. */
  readonly bytes: HeldBytes;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: Omit<QueueOptions, 'prefixes' | 'deadLetters' | 'maxQueues' | 'maxTotalBytes'>;
  /** The number of parts of a limit that clients share; one account may use one part. */
  readonly shares: number;
  readonly deadLetters: DeadLetters;
  /** Undefined when no message is stored. */
  readonly journal: Pick<Journal, 'remove'> | undefined;
}

/** Messages that a search for expired ones may check for each message that is sent to a full queue. */
const looksPerArrival = 100;

/**
 * Limits the cost of searches for expired messages: a queue that is full would otherwise be searched for each further message.
 * Short queues are searched each time. Long ones are searched when enough messages have found them full.
 */
export class SearchBudget {
  /** Messages that the last search has checked, minus the budget of the arrivals since then. */
  #debt = 0;

  /** True when a message that finds its queue full may start a search. */
  allow(): boolean {
    this.#debt = Math.max(0, this.#debt - looksPerArrival);
    return this.#debt === 0;
  }

  /** Counts a search that checks this number of messages. */
  pay(looks: number): void {
    this.#debt = looks;
  }
}

/** A queue that holds messages with a time of expiry. */
interface Expiring {
  /** Number of waiting messages. */
  readonly length: number;
  /** Drops expired messages. Returns false when none is left that will expire. */
  dropExpired(): boolean;
}

/** Milliseconds between two searches for expired messages. */
const sweepInterval = 10_000;

export class QueueMemory {
  /** Queues with many messages that their consumers can take wait for later turns. */
  readonly turns: TurnQueue;
  readonly #expiring = new Set<Expiring>();
  readonly #searches = new SearchBudget();
  readonly #delays = new Set<Timer>();
  #sweep: Timer | undefined;
  #closed = false;

  constructor(readonly parts: QueueMemoryParts) {
    this.turns = new TurnQueue(parts.clock);
  }

  get bytes(): HeldBytes {
    return this.parts.bytes;
  }

  /**
   * Undefined when the account can hold this many more bytes; expired messages are dropped first when the budget allows a search.
   */
  excess(account: string | undefined, bytes: number, publication: Publication): Excess | undefined {
    if (this.bytes.excess(account, bytes, publication) === undefined) return undefined;
    if (this.#searches.allow()) this.#dropExpired();
    return this.bytes.excess(account, bytes, publication);
  }

  /** Drops the expired messages of this queue from time to time, until it holds none that will expire. */
  watchExpiry(queue: Expiring): void {
    this.#expiring.add(queue);
    this.#scheduleSweep();
  }

  /** Calls back after a delay, unless the broker stops before. */
  after(delay: number, action: () => void): Timer {
    const timer = this.parts.clock.after(delay, () => {
      this.#delays.delete(timer);
      action();
    });
    this.#delays.add(timer);
    return {
      cancel: () => {
        timer.cancel();
        this.#delays.delete(timer);
      },
    };
  }

  /** Called when the broker stops: its queues deliver no more messages. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#delays) timer.cancel();
    this.#delays.clear();
    this.#sweep?.cancel();
  }

  get closed(): boolean {
    return this.#closed;
  }

  #dropExpired(): void {
    let looks = 0;
    for (const queue of this.#expiring) {
      looks += 1 + queue.length;
      if (!queue.dropExpired()) this.#expiring.delete(queue);
    }
    this.#searches.pay(looks);
  }

  #scheduleSweep(): void {
    this.#sweep ??= this.parts.clock.after(sweepInterval, () => {
      this.#sweep = undefined;
      this.#dropExpired();
      if (this.#expiring.size > 0) this.#scheduleSweep();
    });
  }
}
