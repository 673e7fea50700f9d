// How much is under way in a server, so that tests and shutdown can wait for idleness instead of time.
import type { Clock } from '../message/clock.js';

export class Activity {
  #underWay = 0;
  #waiting: (() => void)[] = [];

  constructor(private readonly clock: Clock) {}

  begin(): void {
    this.#underWay++;
  }

  end(): void {
    if (--this.#underWay === 0 && this.#waiting.length > 0) this.#confirm();
  }

  /** Lets the event loop turn, for somebody who is not done. */
  async turn(): Promise<void> {
    this.begin();
    await new Promise<void>((resolve) => this.clock.soon(resolve));
    this.end();
  }

  /** Resolves when nothing is under way, and still nothing after one more turn of the event loop. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#underWay === 0) this.#confirm();
    });
  }

  #confirm(): void {
    this.clock.soon(() => {
      if (this.#underWay > 0) return;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const resolve of waiting) resolve();
    });
  }
}
