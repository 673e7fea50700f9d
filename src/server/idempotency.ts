// SENDs that carry an `idempotency-key`: what was processed once is not processed again.
import type { Clock } from '../message/clock.js';
import type { Message } from '../message/message.js';
import type { Session } from '../session/session.js';

export interface IdempotencyLimits {
  /** Keys that are remembered; the oldest makes room. */
  readonly idempotencyKeys: number;
  /** Milliseconds that a key is remembered for. */
  readonly idempotencyAge: number;
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
    if (this.knows(key)) return;
    const running = this.#running.get(key);
    if (running !== undefined) return running.catch(() => {}).then(() => this.once(key, process));
    return this.#process(key, process);
  }

  /** Whether a message of this key was processed. */
  knows(key: string): boolean {
    const at = this.#processed.get(key);
    return at !== undefined && this.clock.now() - at < this.limits.idempotencyAge;
  }

  /** A message of this key was processed. */
  remember(key: string): void {
    this.#processed.delete(key);
    this.#processed.set(key, this.clock.now());
    if (this.#processed.size <= this.limits.idempotencyKeys) return;
    for (const oldest of this.#processed.keys()) return void this.#processed.delete(oldest);
  }

  #process(key: string, process: () => void | Promise<void>): void | Promise<void> {
    const pending = process();
    if (pending === undefined) return this.remember(key);
    const running = pending.then(() => this.remember(key)).finally(() => this.#running.delete(key));
    this.#running.set(key, running);
    return running;
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
