// The bytes of the messages in queues, counted for the accounts that hold them.
import { Quota, type Excess } from '../../../message/quota.js';
import type { Publication } from '../../publication.js';

/** A limit of bytes for messages that queues hold. */
export interface HeldBytes {
  /** Undefined when the account can hold the publication. */
  excess(account: string | undefined, size: number, publication: Publication): Excess | undefined;
  hold(account: string | undefined, size: number, publication: Publication): void;
  release(account: string | undefined, size: number, publication: Publication): void;
}

/** For queues whose messages are all different: each goes to one queue. */
export class SeparateBytes implements HeldBytes {
  constructor(readonly quota: Quota) {}

  excess(account: string | undefined, size: number): Excess | undefined {
    return this.quota.excess(account, size);
  }

  hold(account: string | undefined, size: number): void {
    this.quota.add(account, size);
  }

  release(account: string | undefined, size: number): void {
    this.quota.add(account, -size);
  }
}

/** Bytes of an entry for a message that the account holds already in another queue, or that is retained. */
const entrySize = 128;

/**
 * For queues of subscriptions, many of which hold the same message. It counts once for each account and once for the whole limit;
 * each further queue of the account counts an entry. When the limit is reached, accounts with less than an equal part can still
 * hold messages, so that subscribers that acknowledge continue.
 */
export class SharedBytes implements HeldBytes {
  /** For each publication the accounts that hold it, with the number of their queues that do. */
  readonly #holders = new Map<Publication, Map<string, number>>();

  constructor(private readonly quota: Quota) {}

  excess(account = '', size: number, publication: Publication): Excess | undefined {
    const amount = this.#holders.get(publication)?.has(account) === true ? entrySize : size;
    return this.#excess(account, amount);
  }

  /** Like `excess`, for entries of a list that the account holds without the messages. */
  excessOfEntries(account = '', entries: number): Excess | undefined {
    return this.#excess(account, entries * entrySize);
  }

  /** Counts entries of a list; a negative number is given back. */
  addEntries(account = '', entries: number): void {
    this.quota.add(account, entries * entrySize);
  }

  hold(account = '', size: number, publication: Publication): void {
    let holders = this.#holders.get(publication);
    const isFirst = holders === undefined;
    if (holders === undefined) this.#holders.set(publication, (holders = new Map()));
    const queues = holders.get(account) ?? 0;
    holders.set(account, queues + 1);
    this.quota.add(account, queues === 0 ? size : entrySize, isFirst ? size : entrySize);
  }

  release(account = '', size: number, publication: Publication): void {
    const holders = this.#holders.get(publication)!;
    const queues = holders.get(account)! - 1;
    if (queues === 0) holders.delete(account);
    else holders.set(account, queues);
    const isLast = holders.size === 0;
    if (isLast) this.#holders.delete(publication);
    this.quota.add(account, queues === 0 ? -size : -entrySize, isLast ? -size : -entrySize);
  }

  #excess(account: string, amount: number): Excess | undefined {
    const excess = this.quota.excess(account, amount);
    if (excess === 'limit' && this.quota.isWithinEqualPart(account, amount)) return undefined;
    return excess;
  }
}
