// The clock: the only file that reads the system time and sets timers.
import { performance } from 'node:perf_hooks';

/** A timer that has been set. */
export interface Timer {
  /** Stops the timer. Does nothing when it has fired. */
  cancel(): void;
}

/**
 * Measures time and sets timers. Inject it instead of calling `Date.now()` and `setTimeout()`: then a test can advance the time of
 * your services, too.
 *
 * @example
 * ```ts
 * @Controller()
 * class ReminderController {
 *   constructor(private readonly clock: Clock, private readonly publisher: Publisher) {}
 *
 *   @MessageMapping('/remind')
 *   remind(text: string) {
 *     this.clock.after(60_000, () => void this.publisher.publish('/topic/reminders', text));
 *   }
 * }
 * ```
 */
export abstract class Clock {
  /** Milliseconds of a monotonic clock, for intervals. */
  abstract now(): number;
  /** Milliseconds since 1970, for dates. */
  abstract date(): number;
  /** Calls `action` once after `delay` milliseconds (at most 2^31-1). The timer does not keep the process alive. */
  abstract after(delay: number, action: () => void): Timer;
  /** Calls `action` once, when this turn of the event loop has read its sockets. */
  abstract soon(action: () => void): void;
}

/**
 * Called before each part of long work. Returns undefined while the turn of the event loop has time for the part; otherwise a promise
 * that resolves in a later turn.
 */
export type NextPart = () => void | Promise<void>;

/** The longest delay of Node's timers, in milliseconds; a timer with a longer delay fires immediately. */
export const longestDelay = 2 ** 31 - 1;

export const systemClock = {
  now: () => performance.now(),
  date: () => Date.now(),
  after(delay, action) {
    const timer = setTimeout(action, Math.min(delay, longestDelay));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  soon: (action) => void setImmediate(action),
} satisfies Clock;
