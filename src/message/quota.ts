// Limits that clients share, of which each account may use a part.
import { MessagingError, type ErrorCode } from './error.js';
import { networkOf } from './ip-address.js';
import type { Principal } from './message.js';

/**
 * The account that limits count for: a user with all its sessions, or all anonymous clients of one address. IPv6 addresses count by
 * their first 64 bits, because one client usually has all addresses of such a network.
 *
 * @param address undefined when the transport has no address; all such clients are one account
 */
export function accountOf(principal: Principal | undefined, address: string | undefined): string {
  return principal === undefined ? `address ${networkOf(address ?? '')}` : `user ${principal.name}`;
}

/** The reason why an amount does not fit: the account would exceed its share, or all accounts together would exceed the limit. */
export type Excess = 'share' | 'limit';

/**
 * The error for an amount that does not fit.
 *
 * @param what the limited things, such as `queues`
 */
export function tooMany(code: ErrorCode, excess: Excess, what: string): MessagingError {
  return excess === 'limit'
    ? new MessagingError(code)
    : new MessagingError(code, `This client already has as many ${what} as one client may have.`);
}

/** The amount that one account uses. */
interface Usage {
  readonly account: string;
  used: number;
}

/** A limit that many accounts share. The application has no account, so only the whole limit applies to it. */
export class Quota {
  /** The part of the limit that one account may use; at least 1. */
  readonly share: number;
  /** Accounts that use something, and the last counted account. */
  readonly #usages = new Map<string, Usage>();
  /**
   * The account that was counted last; it stays here while it uses nothing. Most messages leave their queue at once, so a lookup
   * per message would take longer than the work of the queue.
   */
  #recent: Usage | undefined;
  #used = 0;

  /** @param shares the number of parts into which the limit is divided */
  constructor(
    readonly limit: number,
    shares: number,
  ) {
    this.share = Math.max(1, Math.floor(limit / shares));
  }

  /** Undefined when the account can use this amount more. */
  excess(account: string | undefined, amount: number, share = this.share): Excess | undefined {
    if (account !== undefined && this.usedBy(account) + amount > share) return 'share';
    return this.#used + amount > this.limit ? 'limit' : undefined;
  }

  /** The amount that all use together. */
  get used(): number {
    return this.#used;
  }

  /** The number of accounts that use something. */
  get accounts(): number {
    return this.#usages.size - (this.#recent?.used === 0 ? 1 : 0);
  }

  usedBy(account: string): number {
    const usage = this.#recent?.account === account ? this.#recent : this.#usages.get(account);
    return usage?.used ?? 0;
  }

  /**
   * Counts an amount; a negative amount is given back.
   *
   * @param whole the part of the amount that counts for the whole limit. It differs when other accounts use the same object.
   */
  add(account: string | undefined, amount: number, whole = amount): void {
    this.#used += whole;
    if (account !== undefined) this.#usageOf(account).used += amount;
  }

  /** True when the account would use at most an equal part: the limit divided by the accounts that use something, with this one. */
  isWithinEqualPart(account: string, amount: number): boolean {
    const used = this.usedBy(account);
    const accounts = this.accounts + (used === 0 ? 1 : 0);
    return used + amount <= this.limit / accounts;
  }

  /** The account that uses most; undefined when none uses anything. */
  largest(): string | undefined {
    let largest: Usage | undefined;
    for (const usage of this.#usages.values())
      if (usage.used > (largest?.used ?? 0)) largest = usage;
    return largest?.account;
  }

  #usageOf(account: string): Usage {
    const recent = this.#recent;
    if (recent?.account === account) return recent;
    if (recent?.used === 0) this.#usages.delete(recent.account);
    let usage = this.#usages.get(account);
    if (usage === undefined) this.#usages.set(account, (usage = { account, used: 0 }));
    this.#recent = usage;
    return usage;
  }
}

/** The amount that one client uses of a quota; it moves with the client to another account. */
export class Holding {
  #used = 0;
  #account: string;

  constructor(
    private readonly quota: Quota,
    account: string,
  ) {
    this.#account = account;
  }

  get account(): string {
    return this.#account;
  }

  /** True when the account has used its share, or all accounts together have used the limit. */
  get full(): boolean {
    return this.excess(1) !== undefined;
  }

  /** Undefined when the client can use this amount more. */
  excess(amount: number): Excess | undefined {
    return this.quota.excess(this.#account, amount);
  }

  /** Counts an amount; a negative amount is given back. */
  add(amount: number): void {
    this.#used += amount;
    this.quota.add(this.#account, amount);
  }

  /** Moves the client and its amount to another account. */
  moveTo(account: string): void {
    const used = this.#used;
    this.add(-used);
    this.#account = account;
    this.add(used);
  }
}
