// The queues of a broker by name: which destinations are queues, and whether messages fit before any of them is added.
import { MessagingError } from '../../../message/error.js';
import { sizeOf } from '../../../message/kept-message.js';
import type { Message } from '../../../message/message.js';
import { MessageQueue, type Load } from './message-queue.js';
import type { QueueMemory, QueueOptions } from './queue-memory.js';

export class Queues {
  readonly #queues = new Map<string, MessageQueue>();
  readonly #prefixes: readonly string[];
  /** Stands for every queue that has not been opened. */
  readonly #empty: MessageQueue;

  constructor(
    private readonly options: Pick<QueueOptions, 'prefixes' | 'maxQueues'>,
    private readonly memory: QueueMemory,
  ) {
    this.#prefixes = options.prefixes.map((prefix) => `${prefix}/`);
    this.#empty = new MessageQueue(memory);
  }

  /** True when the destination is a queue. */
  serves(destination: string): boolean {
    for (const prefix of this.#prefixes) if (destination.startsWith(prefix)) return true;
    return false;
  }

  /** Opens a queue, or returns the open one. @throws {MessagingError} `queue-limit` */
  open(destination: string): MessageQueue {
    const known = this.#queues.get(destination);
    if (known !== undefined) return known;
    if (this.#queues.size >= this.options.maxQueues) throw new MessagingError('queue-limit');
    const queue = new MessageQueue(this.memory, () => this.#queues.delete(destination));
    this.#queues.set(destination, queue);
    return queue;
  }

  /**
   * Opens the queues of these messages and makes room in them, for all messages or for none.
   *
   * @throws {MessagingError} `queue-full`, `queue-limit`
   */
  admit(messages: readonly Message[]): void {
    const loads = loadsOf(messages);
    let bytes = 0;
    let queues = this.#queues.size;
    for (const [destination, load] of loads) {
      bytes += load.bytes;
      if (!this.#queues.has(destination)) queues++;
    }
    // A rejected message opens no queue and drops no other message, so all checks come first.
    if (queues > this.options.maxQueues) throw new MessagingError('queue-limit');
    if (!this.memory.hasRoom(bytes)) throw new MessagingError('queue-full');
    for (const [destination, load] of loads)
      if (!this.#find(destination).canHold(load)) throw new MessagingError('queue-full');
    for (const [destination, load] of loads) {
      this.#find(destination).makeRoom(load);
      this.open(destination);
    }
  }

  /** True when a queue of these messages waits for messages that are being written to the store. */
  hasReservations(messages: readonly Message[]): boolean {
    return messages.some(
      ({ destination }) => this.#queues.get(destination)?.hasReservations === true,
    );
  }

  /** Counts admitted messages while they are written to the store. Returns a function that ends the reservation. */
  reserve(messages: readonly Message[]): () => void {
    const reserved = messages.map((message) => ({
      queue: this.open(message.destination),
      size: sizeOf(message),
    }));
    for (const { queue, size } of reserved) queue.reserve(size);
    return () => {
      for (const { queue, size } of reserved) queue.unreserve(size);
    };
  }

  #find(destination: string): MessageQueue {
    return this.#queues.get(destination) ?? this.#empty;
  }
}

/** The messages and bytes for each destination. */
function loadsOf(messages: readonly Message[]): Iterable<readonly [string, Load]> {
  const [first] = messages;
  // Most publications are single messages.
  if (first !== undefined && messages.length === 1)
    return [[first.destination, { messages: 1, bytes: sizeOf(first) }]];
  const loads = new Map<string, Load>();
  for (const message of messages) {
    const load = loads.get(message.destination) ?? { messages: 0, bytes: 0 };
    load.messages++;
    load.bytes += sizeOf(message);
    loads.set(message.destination, load);
  }
  return loads;
}
