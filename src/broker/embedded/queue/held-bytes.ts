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

/** Bytes of an entry for a message that the account holds already in another queue. */
const entrySize = 128;

/**
 * For queues of subscriptions, many of which hold the same message. It counts once for each account and once for the whole limit;
 * each further queue of the account counts an entry. When the limit is reached, accounts with less than an equal part can still
 * hold messages, so that subscribers that acknowledge go on.
 */
export class SharedBytes implements HeldBytes {
  /** For each account, the number of its queues that hold a publication. */
  readonly #queues = new Map<string, Map<Publication, number>>();
  /** The number of accounts that hold a publication. */
  readonly #accounts = new Map<Publication, number>();

  constructor(private readonly quota: Quota) {}

  excess(account = '', size: number, publication: Publication): Excess | undefined {
    const amount = this.#queues.get(account)?.has(publication) === true ? entrySize : size;
    const excess = this.quota.excess(account, amount);
    if (excess === 'limit' && this.quota.isWithinEqualPart(account, amount)) return undefined;
    return excess;
  }

  hold(account = '', size: number, publication: Publication): void {
    const queues = this.#queues.get(account) ?? new Map<Publication, number>();
    this.#queues.set(account, queues);
    const held = queues.get(publication) ?? 0;
    queues.set(publication, held + 1);
    if (held > 0) return this.quota.add(account, entrySize);
    const accounts = this.#accounts.get(publication) ?? 0;
    this.#accounts.set(publication, accounts + 1);
    this.quota.add(account, size, accounts > 0 ? entrySize : size);
  }

  release(account = '', size: number, publication: Publication): void {
    const queues = this.#queues.get(account)!;
    const left = queues.get(publication)! - 1;
    if (left > 0) {
      queues.set(publication, left);
      return this.quota.add(account, -entrySize);
    }
    queues.delete(publication);
    if (queues.size === 0) this.#queues.delete(account);
    const accounts = this.#accounts.get(publication)! - 1;
    if (accounts > 0) this.#accounts.set(publication, accounts);
    else this.#accounts.delete(publication);
    this.quota.add(account, -size, accounts > 0 ? -entrySize : -size);
  }
}
