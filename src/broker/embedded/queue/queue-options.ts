// What an application can choose about queues, and what it has when it does not.

export interface QueueOptions {
  /** Destinations below these are queues: each message goes to one subscriber. Default `/queue`. */
  readonly prefixes: readonly string[];
  /** Messages that a subscription may hold unsettled; the header `prefetch-count` of SUBSCRIBE says otherwise. Default 100. */
  readonly prefetch: number;
  /**
   * Milliseconds in which a subscriber has to settle a message, or it goes to another; 0 is without end. Time in which frames of
   * the client wait for each other does not count, and it is noticed up to an eighth later. Default 0.
   */
  readonly ackTimeout: number;
  /** How often a message is handed over before it is undeliverable. Default 10. */
  readonly maxDeliveries: number;
  /** Where undeliverable messages go; default `dead-letters` below the first prefix. */
  readonly deadLetters: string;
  /** What becomes of a message to a queue that is full: `refuse` it with `queue-full`, or `drop-oldest` of those that wait. Default `refuse`. */
  readonly whenFull: 'refuse' | 'drop-oldest';
  /** Messages that one queue may hold. Default 100,000. */
  readonly maxMessages: number;
  /** Octets that one queue may hold. Default 64 MiB. */
  readonly maxBytes: number;
  /** Octets that all queues may hold together. Default 256 MiB. */
  readonly maxTotalBytes: number;
  /** Queues there may be. Default 10,000. */
  readonly maxQueues: number;
}

export const defaultQueueOptions: QueueOptions = {
  prefixes: ['/queue'],
  prefetch: 100,
  ackTimeout: 0,
  maxDeliveries: 10,
  deadLetters: '/queue/dead-letters',
  whenFull: 'refuse',
  maxMessages: 100_000,
  maxBytes: 64 * 1024 * 1024,
  maxTotalBytes: 256 * 1024 * 1024,
  maxQueues: 10_000,
};
