// The queues of a broker by name: recognizes their destinations, and checks that all messages fit before one is added.
import { sizeOf } from '../../../message/kept-message.js';
import { Quota, tooMany } from '../../../message/quota.js';
import type { Publication } from '../../publication.js';
import type { QueuedMessage } from './message-list.js';
import { MessageQueue, type Load } from './message-queue.js';
import type { QueueMemory, QueueOptions } from './queue-memory.js';

export class Queues {
  readonly #queues = new Map<string, MessageQueue>();
  readonly #prefixes: readonly string[];
  /** Represents every queue that has not been opened. */
  readonly #empty: MessageQueue;
  /** The open queues, by the account that opened each. */
  readonly #names: Quota;

  constructor(
    { prefixes, maxQueues }: Pick<QueueOptions, 'prefixes' | 'maxQueues'>,
    private readonly memory: QueueMemory,
  ) {
    this.#prefixes = prefixes.map((prefix) => `${prefix}/`);
    this.#empty = new MessageQueue(memory);
    this.#names = new Quota(maxQueues, memory.parts.shares);
  }

  /** True when the destination is a queue. */
  serves(destination: string): boolean {
    for (const prefix of this.#prefixes) if (destination.startsWith(prefix)) return true;
    return false;
  }

  /**
   * Opens a queue, or returns the open one.
   *
   * @param account the account that the open queue counts for
   * @throws {MessagingError} `queue-limit`
   */
  open(destination: string, account: string | undefined): MessageQueue {
    const known = this.#queues.get(destination);
    if (known !== undefined) return known;
    this.#checkNames(account, 1);
    const queue: MessageQueue = new MessageQueue(this.memory, undefined, () => {
      // After it was closed, a new queue may have the name.
      if (this.#queues.get(destination) !== queue) return;
      this.#queues.delete(destination);
      this.#names.add(account, -1);
    });
    this.#queues.set(destination, queue);
    this.#names.add(account, 1);
    return queue;
  }

  /**
   * Opens the queues of these messages and makes room in them, for all messages or for none.
   *
   * @param publications at least one; all of one account
   * @param movedSize bytes that a single message counts, if it comes from another queue
   * @throws {MessagingError} `queue-full`, `queue-limit`
   */
  admit(publications: readonly Publication[], movedSize?: number): void {
    const [first] = publications as readonly [Publication];
    const { account } = first;
    const loads = loadsOf(publications, movedSize);
    let bytes = 0;
    let opened = 0;
    for (const [destination, load] of loads) {
      bytes += load.bytes;
      if (!this.#queues.has(destination)) opened++;
    }
    // A rejected message opens no queue and drops no other message, so all checks come first.
    this.#checkNames(account, opened);
    const excessBytes = this.memory.excess(account, bytes, first);
    if (excessBytes !== undefined) throw tooMany('queue-full', excessBytes, 'bytes in queues');
    for (const [destination, load] of loads) {
      const excess = this.#find(destination).excess(account, load);
      if (excess !== undefined) throw tooMany('queue-full', excess, 'messages in this queue');
    }
    for (const [destination, load] of loads) {
      this.#find(destination).makeRoom(load);
      this.open(destination, account);
    }
  }

  /** True when a queue can hold a message that is moved to it from another queue. Opens no queue. */
  hasRoom(destination: string, { account, size, publication }: QueuedMessage): boolean {
    return (
      (this.#queues.has(destination) || this.#names.excess(account, 1) === undefined) &&
      this.memory.excess(account, size, publication) === undefined &&
      this.#find(destination).excess(account, { messages: 1, bytes: size }) === undefined
    );
  }

  /** True when a queue of these messages waits for messages that are being written to the store. */
  hasReservations(publications: readonly Publication[]): boolean {
    return publications.some(
      ({ message }) => this.#queues.get(message.destination)?.hasReservations === true,
    );
  }

  /** Counts admitted messages while they are written to the store. Returns a function that ends the reservation. */
  reserve(publications: readonly Publication[]): () => void {
    const reserved = publications.map((publication) => ({
      queue: this.open(publication.message.destination, publication.account),
      publication,
    }));
    for (const { queue, publication } of reserved) queue.reserve(publication);
    return () => {
      for (const { queue, publication } of reserved) queue.unreserve(publication);
    };
  }

  #checkNames(account: string | undefined, opened: number): void {
    if (opened === 0) return;
    const excess = this.#names.excess(account, opened);
    if (excess !== undefined) throw tooMany('queue-limit', excess, 'queues');
  }

  #find(destination: string): MessageQueue {
    return this.#queues.get(destination) ?? this.#empty;
  }
}

/** The messages and bytes for each destination. */
function loadsOf(
  publications: readonly Publication[],
  movedSize: number | undefined,
): Iterable<readonly [string, Load]> {
  const [first] = publications;
  // Most publications are single messages.
  if (first !== undefined && publications.length === 1)
    return [
      [first.message.destination, { messages: 1, bytes: movedSize ?? sizeOf(first.message) }],
    ];
  const loads = new Map<string, Load>();
  for (const { message } of publications) {
    const load = loads.get(message.destination) ?? { messages: 0, bytes: 0 };
    load.messages++;
    load.bytes += sizeOf(message);
    loads.set(message.destination, load);
  }
  return loads;
}
