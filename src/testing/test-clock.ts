// A clock that moves only when a test advances it.
import { inspect } from 'node:util';
import { longestDelay, type Clock } from '../message/clock.js';
import { checkShape, invalidOption, type Shape } from '../message/option.js';
import { nextTurn, turns } from './real-time.js';

/** A clock that moves only when a test advances it. */
export interface TestClock extends Clock {
  /**
   * Moves the clock forward. Runs all timers that become due, in order, and waits after each until its effects have arrived.
   *
   * @throws {RangeError} when `milliseconds` is negative or not a finite number
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

const shape: Shape<TestClockOptions> = { date: 0 };

/** The latest and, negated, the earliest time of a `Date`, in milliseconds since 1970. @see ECMA-262 section 21.4.1.1 */
const latestDate = 8.64e15;

interface PendingTimer {
  readonly due: number;
  readonly action: () => void;
}

/** One turn for the action of the timer, one for its effects on a client, one for the reaction of the test. */
const turnsAfterTimer = 3;

/**
 * Creates a clock for a test. Pass it to `testServer` to choose the initial date, or to share the clock with other servers.
 * Its `after` throws a `RangeError` for a delay that is not a number: Node would call the action immediately.
 *
 * @throws {MessagingError} `option-invalid` for an unknown option, and for a `date` that is not a number or not within the range of `Date`
 * @example
 * ```ts
 * const app = await testServer({ clock: testClock({ date: Date.UTC(2030, 0, 1) }) });
 * ```
 */
export function testClock(options: TestClockOptions = {}): TestClock {
  checkShape('', options, shape);
  const { date = Date.UTC(2000, 0, 1) } = options;
  if (!(Math.abs(date) <= latestDate))
    throw invalidOption('date', `must be a time in milliseconds since 1970, unlike ${date}`);
  let now = 0;
  const pending = new Set<PendingTimer>();
  const sorted = () => [...pending].sort((a, b) => a.due - b.due);
  return {
    now: () => now,
    date: () => date + now,
    after(delay, action) {
      if (typeof delay !== 'number' || Number.isNaN(delay))
        throw new RangeError(
          `The delay of a timer must be a number of milliseconds; it is ${inspect(delay)}.`,
        );
      // As timers of the system clock. Two infinite delays could not be compared.
      const timer = { due: now + Math.min(Math.max(delay, 0), longestDelay), action };
      pending.add(timer);
      return { cancel: () => void pending.delete(timer) };
    },
    // A turn of the event loop takes no time on this clock.
    soon: nextTurn,
    async advance(milliseconds) {
      if (!Number.isFinite(milliseconds) || milliseconds < 0)
        throw new RangeError(
          `The clock cannot advance by ${inspect(milliseconds)} ms; pass a number of 0 or more.`,
        );
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
