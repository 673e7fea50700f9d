// SENDs with an `idempotency-key`: a key that was processed once is not processed again.
import type { Clock } from '../message/clock.js';
import { Quota } from '../message/quota.js';
import type { Session } from '../session/session.js';

export interface IdempotencyLimits {
  /** Keys that the server remembers. */
  readonly maxIdempotencyKeys: number;
  /** One account may have one of so many parts of them. */
  readonly shares: number;
  /** Milliseconds that a key is remembered. */
  readonly idempotencyRetention: number;
}

export class Idempotency {
  /** For each account the time of processing by key, oldest first. */
  readonly #processed = new Map<string, Map<string, number>>();
  readonly #quota: Quota;
  readonly #running = new Map<string, Promise<void>>();

  constructor(
    private readonly clock: Clock,
    private readonly limits: IdempotencyLimits,
  ) {
    this.#quota = new Quota(limits.maxIdempotencyKeys, limits.shares);
  }

  /**
   * Processes a message unless its key was processed. A failure does not count as processed.
   *
   * @param account the account whose share of the keys this one uses
   */
  once(key: string, account: string, process: () => void | Promise<void>): void | Promise<void> {
    const running = this.#running.get(key);
    if (running !== undefined)
      return running.catch(() => {}).then(() => this.once(key, account, process));
    return this.#knows(key, account) ? undefined : this.#process([key], account, process);
  }

  /**
   * Processes several messages as one, after all running messages with these keys.
   *
   * @param process receives the keys that are new
   */
  async together(
    keys: ReadonlySet<string>,
    account: string,
    process: (fresh: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const running = [...keys].flatMap((key) => this.#running.get(key) ?? []);
    if (running.length > 0) {
      await Promise.allSettled(running);
      return this.together(keys, account, process);
    }
    const fresh = [...keys].filter((key) => !this.#knows(key, account));
    return this.#process(fresh, account, () => process(fresh));
  }

  /** True when a message with this key was processed. */
  #knows(key: string, account: string): boolean {
    const at = this.#processed.get(account)?.get(key);
    return at !== undefined && this.clock.now() - at < this.limits.idempotencyRetention;
  }

  #process(
    keys: readonly string[],
    account: string,
    process: () => void | Promise<void>,
  ): void | Promise<void> {
    const pending = process();
    if (pending === undefined) return this.#remember(keys, account);
    const running = pending
      .then(() => this.#remember(keys, account))
      .finally(() => {
        for (const key of keys) this.#running.delete(key);
      });
    for (const key of keys) this.#running.set(key, running);
    return running;
  }

  /** Remembers that messages with these keys were processed. */
  #remember(keys: readonly string[], account: string): void {
    for (const key of keys) {
      this.#forget(account, key);
      this.#makeRoom(account);
      const processed = this.#processed.get(account) ?? new Map<string, number>();
      this.#processed.set(account, processed.set(key, this.clock.now()));
      this.#quota.add(account, 1);
    }
  }

  /**
   * Forgets the oldest key of the account when it has used its share. When the server has no more room, the account with the most
   * keys loses its oldest one, so that accounts with few keys keep them.
   */
  #makeRoom(account: string): void {
    const excess = this.#quota.excess(account, 1);
    if (excess === undefined) return;
    const loser = excess === 'share' ? account : this.#quota.largest()!;
    const [oldest] = this.#processed.get(loser)!.keys();
    this.#forget(loser, oldest!);
  }

  #forget(account: string, key: string): void {
    const processed = this.#processed.get(account);
    if (processed?.delete(key) !== true) return;
    this.#quota.add(account, -1);
    if (processed.size === 0) this.#processed.delete(account);
  }
}

/** The key with its owner: a named user in all its sessions, or one session of an anonymous client. */
export function ownedKey(key: string, { id, principal }: Session): string {
  return JSON.stringify(principal === undefined ? [id, key] : [null, principal.name, key]);
}
