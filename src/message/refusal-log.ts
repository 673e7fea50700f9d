// A log for refused clients: a flood of them must not fill it.
import type { Clock } from './clock.js';
import type { Logger } from './logger.js';

/** Milliseconds between two lines. */
const interval = 60_000;

export class RefusalLog {
  /** Refusals since the last line. */
  #refused = 0;
  #loggedAt = -Infinity;

  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Counts a refusal, and logs it with the number of the others, at most once in a minute. */
  add(text: string): void {
    this.#refused++;
    const now = this.clock.now();
    if (now - this.#loggedAt < interval) return;
    const others = this.#refused - 1;
    this.logger.warn(`${text} ${others} others were refused since the last such line.`);
    this.#loggedAt = now;
    this.#refused = 0;
  }
}
