// A bounded map that many accounts share: when it is full, an account replaces its own entries first.
import type { Quota } from './quota.js';

interface Entry<V> {
  readonly value: V;
  readonly account: string | undefined;
  readonly bytes: number;
}

/** The limits of a map. */
export interface SharedMapLimits {
  /** Number of entries. */
  readonly entries: Quota;
  /** Bytes of all entries; undefined when only their number is limited. */
  readonly bytes?: Quota;
}

/**
 * If an account has used its share, its oldest entry is replaced. If the whole limit is reached, the oldest entry of the account
 * that uses most is replaced. The application has no account; its entries are replaced last.
 */
export class SharedMap<V> {
  /** Oldest first. */
  readonly #entries = new Map<string, Entry<V>>();
  /** The keys of each account, oldest first. */
  readonly #keys = new Map<string | undefined, Set<string>>();

  constructor(private readonly limits: SharedMapLimits) {}

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key)?.value;
  }

  /** All keys, the oldest entry first. Entries that are set during the iteration come last. */
  keys(): Iterable<string> {
    return this.#entries.keys();
  }

  *values(): Iterable<V> {
    for (const { value } of this.#entries.values()) yield value;
  }

  /** Sets an entry as the newest. Returns false when it is larger than the share of its account, or than the whole limit. */
  set(key: string, value: V, account: string | undefined, bytes = 0): boolean {
    this.delete(key);
    if (!this.#makeRoom(account, bytes)) return false;
    this.#entries.set(key, { value, account, bytes });
    const keys = this.#keys.get(account) ?? new Set();
    this.#keys.set(account, keys.add(key));
    this.limits.entries.add(account, 1);
    this.limits.bytes?.add(account, bytes);
    return true;
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    const { account, bytes } = entry;
    this.#entries.delete(key);
    const keys = this.#keys.get(account)!;
    keys.delete(key);
    if (keys.size === 0) this.#keys.delete(account);
    this.limits.entries.add(account, -1);
    this.limits.bytes?.add(account, -bytes);
  }

  clear(): void {
    for (const key of this.#entries.keys()) this.delete(key);
  }

  #makeRoom(account: string | undefined, size: number): boolean {
    const { entries, bytes } = this.limits;
    // Checked first: an entry that cannot be kept replaces no other.
    if (bytes !== undefined && size > (account === undefined ? bytes.limit : bytes.share))
      return false;
    return this.#dropFor(account, 1, entries) && (!bytes || this.#dropFor(account, size, bytes));
  }

  /** Drops entries until the amount fits. Returns false when none is left to drop. */
  #dropFor(account: string | undefined, amount: number, quota: Quota): boolean {
    for (;;) {
      const excess = quota.excess(account, amount);
      if (excess === undefined) return true;
      const [oldest] = this.#keys.get(excess === 'share' ? account : quota.largest()) ?? [];
      if (oldest === undefined) return false;
      this.delete(oldest);
    }
  }
}
