// The queues of a broker by their names, and what they may hold, each and together.
import type { Clock, Timer } from '../../../message/clock.js';
import { MessagingError } from '../../../message/error.js';
import type { Logger } from '../../../message/logger.js';
import type { Message } from '../../../message/message.js';
import type { DeadLetters } from './dead-letters.js';
import { MessageQueue } from './message-queue.js';
import { sizeOf } from './queued-message.js';
import type { QueueOptions } from './queue-options.js';

export interface QueuesParts {
  readonly clock: Clock;
  readonly options: QueueOptions;
  /** Take what could not be delivered. */
  readonly deadLetters: Pick<DeadLetters, 'take'>;
  /** A message is done with that the store has under this number. */
  readonly done: (storedAs: number) => void;
  /** Hears of deliveries that threw. */
  readonly logger: Logger;
}

/** What comes to one queue. */
interface Sum {
  messages: number;
  octets: number;
}

/** Milliseconds between two looks at what has expired while nobody asked for it. */
const sweepEvery = 10_000;

export class Queues {
  /** Those with messages that expire. */
  readonly #expiring = new Set<MessageQueue>();
  #sweep: Timer | undefined;
  readonly #queues = new Map<string, MessageQueue>();
  readonly #starts: readonly string[];
  /** Of all queues, those without a name included. */
  #octets = 0;

  constructor(private readonly parts: QueuesParts) {
    this.#starts = parts.options.prefixes.map((prefix) => `${prefix}/`);
  }

  get options(): QueueOptions {
    return this.parts.options;
  }

  /** Whether a destination is a queue's. */
  serves(destination: string): boolean {
    return this.#starts.some((start) => destination.startsWith(start));
  }

  /** The queue of this name, made when it is the first time. @throws `queue-limit` when there are too many */
  open(destination: string): MessageQueue {
    const known = this.#queues.get(destination);
    if (known !== undefined) return known;
    if (this.#queues.size >= this.parts.options.maxQueues) throw new MessagingError('queue-limit');
    const queue: MessageQueue = this.#make(() => {
      // One that was forgotten may still be looked at, and another has its name by then.
      if (this.#queues.get(destination) === queue) this.#queues.delete(destination);
    });
    this.#queues.set(destination, queue);
    return queue;
  }

  /** A queue without a name, for one subscription. */
  openPrivate(): MessageQueue {
    return this.#make(() => {});
  }

  /** Sees that messages for queues can be held, all of them, before any is, and opens their queues. @throws `queue-full`, `queue-limit` */
  admit(messages: readonly Message[]): void {
    const { options } = this.parts;
    const added = new Map<string, Sum>();
    let octets = 0;
    for (const message of messages) {
      const sum = added.get(message.destination) ?? { messages: 0, octets: 0 };
      const size = sizeOf(message);
      sum.messages++;
      sum.octets += size;
      octets += size;
      added.set(message.destination, sum);
    }
    // Nothing is opened yet: what is refused leaves no queue behind.
    const fresh = [...added.keys()].filter((destination) => !this.#queues.has(destination));
    if (this.#queues.size + fresh.length > options.maxQueues)
      throw new MessagingError('queue-limit');
    if (!this.#haveRoom(octets)) throw new MessagingError('queue-full');
    // Nothing gives way for what is refused after all.
    for (const [destination, sum] of added) this.#check(this.#queues.get(destination), sum);
    for (const [destination, sum] of added) this.#makeRoom(this.#queues.get(destination), sum);
    for (const destination of added.keys()) this.open(destination);
  }

  /** Whether messages are on their way to a queue of one of these. */
  expects(messages: readonly Message[]): boolean {
    return messages.some(({ destination }) => this.#queues.get(destination)?.expects === true);
  }

  /** Admitted messages that are on their way count from now on. To be called when they come, or never will. */
  expect(messages: readonly Message[]): () => void {
    const expected = messages.map((message) => ({
      queue: this.open(message.destination),
      size: sizeOf(message),
    }));
    for (const { queue, size } of expected) queue.expect(size);
    return () => {
      for (const { queue, size } of expected) queue.expected(size);
    };
  }

  /** Whether a queue can hold one more message, once what has expired is gone. */
  hasRoom(queue: MessageQueue, message: Message): boolean {
    const added = { messages: 1, octets: sizeOf(message) };
    if (this.#overflows(queue, added)) queue.dropExpired();
    return !this.#overflows(queue, added) && this.#haveRoom(added.octets);
  }

  clear(): void {
    this.#sweep?.cancel();
    this.#sweep = undefined;
    this.#expiring.clear();
    this.#queues.clear();
    this.#octets = 0;
  }

  /** @throws `queue-full` when the queue could not hold these, whatever gives way */
  #check(queue: MessageQueue | undefined, added: Sum): void {
    if (!this.#overflows(queue, added)) return;
    queue?.dropExpired();
    const mayGiveWay = this.parts.options.whenFull === 'drop-oldest' ? queue?.waiting : undefined;
    const { length = 0, octets = 0 } = mayGiveWay ?? {};
    const left = { messages: added.messages - length, octets: added.octets - octets };
    if (this.#overflows(queue, left)) throw new MessagingError('queue-full');
  }

  #makeRoom(queue: MessageQueue | undefined, added: Sum): void {
    while (this.#overflows(queue, added) && queue?.dropOldest() === true);
  }

  /** Whether all queues together can hold so many octets more, once what has expired is gone. */
  #haveRoom(octets: number): boolean {
    const { maxTotalBytes } = this.parts.options;
    if (this.#octets + octets > maxTotalBytes) this.#dropExpired();
    return this.#octets + octets <= maxTotalBytes;
  }

  #overflows(queue: MessageQueue | undefined, added: Sum): boolean {
    const { maxMessages: messages, maxBytes: octets } = this.parts.options;
    return (
      (queue?.messages ?? 0) + added.messages > messages ||
      (queue?.octets ?? 0) + added.octets > octets
    );
  }

  #dropExpired(): void {
    for (const queue of this.#expiring) if (!queue.dropExpired()) this.#expiring.delete(queue);
  }

  #sweepLater(): void {
    this.#sweep ??= this.parts.clock.after(sweepEvery, () => {
      this.#sweep = undefined;
      this.#dropExpired();
      if (this.#expiring.size > 0) this.#sweepLater();
    });
  }

  #make(idle: () => void): MessageQueue {
    const queue: MessageQueue = new MessageQueue(this.parts.options.maxDeliveries, {
      date: () => this.parts.clock.date(),
      counted: (octets) => void (this.#octets += octets),
      done: this.parts.done,
      undeliverable: (queued) => this.parts.deadLetters.take(queued),
      failed: (error) => this.parts.logger.error('A delivery of a queue failed.', error),
      expiring: () => {
        this.#expiring.add(queue);
        this.#sweepLater();
      },
      idle: () => {
        this.#expiring.delete(queue);
        idle();
      },
    });
    return queue;
  }
}
