// SENDs with an `idempotency-key`: a key that was processed once is not processed again.
import type { Clock } from '../message/clock.js';
import { Quota } from '../message/quota.js';
import { SharedMap } from '../message/shared-map.js';
import type { Session } from '../session/session.js';

export interface IdempotencyLimits {
  /** Keys that the server remembers. */
  readonly maxIdempotencyKeys: number;
  /** The number of parts of the limit; one account may have one part. */
  readonly shares: number;
  /** Milliseconds that a key is remembered. */
  readonly idempotencyRetention: number;
}

export class Idempotency {
  /** The time of processing by key. */
  readonly #processed: SharedMap<number>;
  readonly #running = new Map<string, Promise<void>>();

  constructor(
    private readonly clock: Clock,
    private readonly limits: IdempotencyLimits,
  ) {
    const entries = new Quota(limits.maxIdempotencyKeys, limits.shares);
    this.#processed = new SharedMap({ entries });
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
    return this.#knows(key) ? undefined : this.#process([key], account, process);
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
    const fresh = [...keys].filter((key) => !this.#knows(key));
    return this.#process(fresh, account, () => process(fresh));
  }

  /** True when a message with this key was processed. */
  #knows(key: string): boolean {
    const at = this.#processed.get(key);
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
    for (const key of keys) this.#processed.set(key, this.clock.now(), account);
  }
}

/** The key with its owner: a named user in all its sessions, or one session of an anonymous client. */
export function ownedKey(key: string, { id, user }: Session): string {
  return JSON.stringify(user === undefined ? [id, key] : [null, user, key]);
}
