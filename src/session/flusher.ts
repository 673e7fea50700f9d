// The end of a turn: everything that outboxes gathered in it leaves at once, with one callback for all of them.
import type { Clock } from '../message/clock.js';
import type { Activity } from './activity.js';

export interface Flushable {
  flush(now: number): void;
}

export class Flusher {
  #waiting: Flushable[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly activity: Activity,
  ) {}

  /** Flushes it at the end of this turn. */
  add(outbox: Flushable): void {
    if (this.#waiting.push(outbox) > 1) return;
    this.activity.begin();
    this.clock.soon(this.#flush);
  }

  readonly #flush = (): void => {
    const outboxes = this.#waiting;
    this.#waiting = [];
    const now = this.clock.now();
    for (const outbox of outboxes) outbox.flush(now);
    this.activity.end();
  };
}
