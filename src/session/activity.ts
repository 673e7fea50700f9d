// Counts the work in progress of a server, so that tests and shutdown can wait until the server is idle.
import type { Clock } from '../message/clock.js';

export class Activity {
  #count = 0;
  #waiting: (() => void)[] = [];

  constructor(private readonly clock: Clock) {}

  /** Records that some work begins. */
  begin(): void {
    this.#count++;
  }

  /** Records that the work of one `begin` has ended. */
  end(): void {
    if (--this.#count === 0 && this.#waiting.length > 0) this.#confirm();
  }

  /** Resolves when no work is in progress, and none begins during one more turn of the event loop. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#count === 0) this.#confirm();
    });
  }

  #confirm(): void {
    this.clock.soon(() => {
      if (this.#count > 0) return;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const resolve of waiting) resolve();
    });
  }
}
