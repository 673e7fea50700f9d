// The time that a consumer has to settle what it was handed; it stands still while the client's own frames wait for each other.
import type { Clock, Timer } from '../../../message/clock.js';

export interface AckDeadlinesParts {
  readonly clock: Clock;
  /** Milliseconds; 0 is without end. */
  readonly ackTimeout: number;
  /** Whether an acknowledgement may be on its way. */
  readonly busy: () => boolean;
  /** These were not settled in time. */
  readonly missed: (acks: readonly string[]) => void;
}

/** Looks in the time of one deadline: so much later than exact, at the most, is it noticed. */
const looks = 8;

export class AckDeadlines {
  /** When each is due, on the scale of `#counted`; the first first. */
  readonly #due = new Map<string, number>();
  /** Milliseconds that counted until the last look. */
  #counted = 0;
  /** When the running timer was set, on the clock's scale. */
  #lookedAt = 0;
  #timer: Timer | undefined;

  constructor(private readonly parts: AckDeadlinesParts) {}

  add(ack: string): void {
    const { ackTimeout: within } = this.parts;
    if (within === 0) return;
    this.#look();
    // What has passed since the last look was not this one's time.
    const passed = this.parts.clock.now() - this.#lookedAt;
    this.#due.set(ack, this.#counted + passed + within);
  }

  delete(ack: string): void {
    if (this.#due.delete(ack)) this.#rest();
  }

  clear(): void {
    this.#due.clear();
    this.#rest();
  }

  #look(): void {
    const { clock, ackTimeout: within, busy, missed } = this.parts;
    if (this.#timer !== undefined) return;
    const step = Math.ceil(within / looks);
    this.#lookedAt = clock.now();
    this.#timer = clock.after(step, () => {
      this.#timer = undefined;
      if (!busy()) this.#counted += step;
      const late = [...this.#due].filter(([, due]) => due <= this.#counted).map(([ack]) => ack);
      for (const ack of late) this.#due.delete(ack);
      if (late.length > 0) missed(late);
      if (this.#due.size > 0) this.#look();
    });
  }

  /** Nothing is due: no timer needs to run. */
  #rest(): void {
    if (this.#due.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
