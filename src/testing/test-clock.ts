// A clock that moves only when a test advances it.
import type { Clock } from '../message/clock.js';
import { nextTurn, turns } from './real-time.js';

/** A clock that moves only when a test advances it. */
export interface TestClock extends Clock {
  /**
   * Moves the clock forward. Runs all timers that become due, in order, and waits after each until its effects have arrived.
   *
   * @throws {RangeError} when `milliseconds` is negative or not a number
   */
  advance(milliseconds: number): Promise<void>;
  /** Milliseconds until each pending timer is due, the next timer first. */
  readonly timers: readonly number[];
}

/** Options of `testClock()`. */
export interface TestClockOptions {
  /**
   * Initial date, in milliseconds since 1970.
   *
   * @default Date.UTC(2000, 0, 1)
   */
  readonly date?: number;
}

interface PendingTimer {
  readonly due: number;
  readonly action: () => void;
}

/** One turn for the action of the timer, one for its effects on a client, one for the reaction of the test. */
const turnsAfterTimer = 3;

/**
 * Creates a clock for a test. Pass it to `testServer` to choose the initial date, or to share the clock with other servers.
 *
 * @example
 * ```ts
 * const app = await testServer({ clock: testClock({ date: Date.UTC(2030, 0, 1) }) });
 * ```
 */
export function testClock({ date = Date.UTC(2000, 0, 1) }: TestClockOptions = {}): TestClock {
  let now = 0;
  const pending = new Set<PendingTimer>();
  const sorted = () => [...pending].sort((a, b) => a.due - b.due);
  return {
    now: () => now,
    date: () => date + now,
    after(delay, action) {
      const timer = { due: now + delay, action };
      pending.add(timer);
      return { cancel: () => void pending.delete(timer) };
    },
    // A turn of the event loop takes no time on this clock.
    soon: nextTurn,
    async advance(milliseconds) {
      if (!(milliseconds >= 0))
        throw new RangeError(`The clock cannot advance by ${milliseconds} ms; pass 0 or more.`);
      const end = now + milliseconds;
      await turns(turnsAfterTimer);
      for (let [next] = sorted(); next !== undefined && next.due <= end; [next] = sorted()) {
        pending.delete(next);
        now = Math.max(now, next.due);
        next.action();
        await turns(turnsAfterTimer);
      }
      now = end;
    },
    get timers() {
      return sorted().map(({ due }) => due - now);
    },
  };
}
