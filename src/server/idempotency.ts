// SENDs that carry an `idempotency-key`: what was processed once is not processed again.
import type { Clock } from '../message/clock.js';
import type { Message } from '../message/message.js';
import type { Session } from '../session/session.js';

export interface IdempotencyLimits {
  /** Keys that are remembered; the oldest makes room. */
  readonly maxIdempotencyKeys: number;
  /** Milliseconds that a key is remembered for. */
  readonly idempotencyRetention: number;
}

export class Idempotency {
  /** When each was processed, the oldest first. */
  readonly #processed = new Map<string, number>();
  readonly #running = new Map<string, Promise<void>>();

  constructor(
    private readonly clock: Clock,
    private readonly limits: IdempotencyLimits,
  ) {}

  /** Processes a message, unless one of its key was; one that failed was not. */
  once(key: string | undefined, process: () => void | Promise<void>): void | Promise<void> {
    if (key === undefined) return process();
    const running = this.#running.get(key);
    if (running !== undefined) return running.catch(() => {}).then(() => this.once(key, process));
    return this.#knows(key) ? undefined : this.#process([key], process);
  }

  /** Processes several messages as one, once nothing of these keys is under way. @param process is told which keys are new */
  async together(
    keys: ReadonlySet<string>,
    process: (fresh: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const running = [...keys].flatMap((key) => this.#running.get(key) ?? []);
    if (running.length > 0) {
      await Promise.allSettled(running);
      return this.together(keys, process);
    }
    const fresh = [...keys].filter((key) => !this.#knows(key));
    return this.#process(fresh, () => process(fresh));
  }

  /** Whether a message of this key was processed. */
  #knows(key: string): boolean {
    const at = this.#processed.get(key);
    return at !== undefined && this.clock.now() - at < this.limits.idempotencyRetention;
  }

  #process(keys: readonly string[], process: () => void | Promise<void>): void | Promise<void> {
    const pending = process();
    if (pending === undefined) return this.#remember(keys);
    const running = pending
      .then(() => this.#remember(keys))
      .finally(() => {
        for (const key of keys) this.#running.delete(key);
      });
    for (const key of keys) this.#running.set(key, running);
    return running;
  }

  /** Messages of these keys were processed. */
  #remember(keys: readonly string[]): void {
    for (const key of keys) {
      this.#processed.delete(key);
      this.#processed.set(key, this.clock.now());
    }
    for (const oldest of this.#processed.keys()) {
      if (this.#processed.size <= this.limits.maxIdempotencyKeys) return;
      this.#processed.delete(oldest);
    }
  }
}

/** A user's keys are the same in all sessions, also after a reconnection; whoever is nobody has them in one session alone. */
export function idempotencyKey(
  { headers }: Message,
  { id, principal }: Session,
): string | undefined {
  const key = headers.get('idempotency-key');
  return key === undefined
    ? undefined
    : JSON.stringify(principal === undefined ? [id, key] : [null, principal.name, key]);
}
