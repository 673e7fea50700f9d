// Names under which others may answer to a session's own queue, without ever learning what the queue is called.
import { sessionOf } from './user-destination.js';

/** What every reply address begins with. */
const start = '/reply-queue/';

export class ReplyAddresses {
  /** From an address to the queue behind it. */
  readonly #queues = new Map<string, string>();
  /** From a session to its queues and their addresses, the oldest first. */
  readonly #addresses = new Map<string, Map<string, string>>();

  /**
   * @param name makes a name that nobody can guess
   * @param limit addresses of a session; the oldest makes room for a new one
   */
  constructor(
    private readonly name: () => string,
    private readonly limit: number,
  ) {}

  /** Whether a destination is an address, of somebody who is there or not. */
  matches(destination: string): boolean {
    return destination.startsWith(start);
  }

  /** The address of a session's own queue, the same as long as the session lives. */
  addressOf(queue: string): string {
    const session = sessionOf(queue)!;
    const addresses = this.#addresses.get(session) ?? new Map<string, string>();
    const known = addresses.get(queue);
    if (known !== undefined) return known;
    const address = start + this.name();
    this.#addresses.set(session, addresses.set(queue, address));
    this.#queues.set(address, queue);
    if (addresses.size > this.limit) this.#forgetOldest(addresses);
    return address;
  }

  /** The queue behind an address; undefined when its session has gone. */
  queueOf(address: string): string | undefined {
    return this.#queues.get(address);
  }

  /** A session has gone: nobody can answer to it any more. */
  forget(session: string): void {
    for (const address of this.#addresses.get(session)?.values() ?? [])
      this.#queues.delete(address);
    this.#addresses.delete(session);
  }

  #forgetOldest(addresses: Map<string, string>): void {
    for (const [queue, address] of addresses) {
      addresses.delete(queue);
      this.#queues.delete(address);
      return;
    }
  }
}
