// A clock that stands still until a test moves it.
import type { Clock } from '../message/clock.js';
import { nextTurn, turns } from './real-time.js';

export interface TestClock extends Clock {
  /** Moves time on: what falls due on the way happens in its order, each with all that comes of it. */
  advance(milliseconds: number): Promise<void>;
  /** In how many milliseconds each timer is due that has neither fired nor been cancelled; the next one first. */
  readonly timers: readonly number[];
}

export interface TestClockOptions {
  /** Milliseconds since 1970 that `date()` begins with. Default: 2000-01-01T00:00:00Z. */
  readonly date?: number;
}

interface Pending {
  readonly due: number;
  readonly action: () => void;
}

/** A timer's action, what it says to a client, and what the client's test then does. */
const turnsAfterTimer = 3;

/** For services that are to share the server's time: `testServer({ clock, override: [[Clock, clock]] })`. */
export function testClock({ date = Date.UTC(2000, 0, 1) }: TestClockOptions = {}): TestClock {
  let now = 0;
  const pending = new Set<Pending>();
  const sorted = () => [...pending].sort((a, b) => a.due - b.due);
  return {
    now: () => now,
    date: () => date + now,
    after(delay, action) {
      const timer = { due: now + delay, action };
      pending.add(timer);
      return { cancel: () => void pending.delete(timer) };
    },
    // Turns of the event loop are no time: nothing has to wait for them.
    soon: nextTurn,
    async advance(milliseconds) {
      if (!(milliseconds >= 0))
        throw new RangeError(`The clock moves forward alone, not by ${milliseconds} ms.`);
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
