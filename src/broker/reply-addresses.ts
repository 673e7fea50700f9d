// Reply addresses: names by which others answer to a session queue without learning the name of the queue.
import type { SessionAddress } from '../message/address.js';
import type { Ids } from '../message/ids.js';
import { replyPrefix } from './destination-resolver.js';

/** All reply addresses of a server. */
export class ReplyDirectory {
  readonly #queues = new Map<string, SessionAddress>();

  /** The queue behind a reply address; undefined when its session has ended. */
  find(id: string): SessionAddress | undefined {
    return this.#queues.get(id);
  }

  get size(): number {
    return this.#queues.size;
  }

  /** @internal */
  set(id: string, queue: SessionAddress): void {
    this.#queues.set(id, queue);
  }

  /** @internal */
  delete(id: string): void {
    this.#queues.delete(id);
  }
}

/** The reply addresses of one session. */
export class ReplyAddresses {
  /** From the queue to the id of its address, oldest first. */
  readonly #ids = new Map<string, string>();

  /**
   * @param limit addresses per session; a new one replaces the oldest
   */
  constructor(
    private readonly directory: ReplyDirectory,
    private readonly ids: Pick<Ids, 'reply'>,
    private readonly limit: number,
  ) {}

  /** The destination that answers to a session queue; stays the same while the session exists. */
  destinationOf(queue: SessionAddress): string {
    return `${replyPrefix}/${this.#ids.get(queue.queue) ?? this.#add(queue)}`;
  }

  /** Deletes all addresses of the session. */
  clear(): void {
    for (const id of this.#ids.values()) this.directory.delete(id);
    this.#ids.clear();
  }

  #add(queue: SessionAddress): string {
    const id = this.ids.reply();
    this.#ids.set(queue.queue, id);
    this.directory.set(id, queue);
    if (this.#ids.size > this.limit) {
      const [oldest] = this.#ids;
      this.#ids.delete(oldest![0]);
      this.directory.delete(oldest![1]);
    }
    return id;
  }
}
