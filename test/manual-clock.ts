// A clock that stands still until a test moves it.
import type { Clock } from '../src/message/clock.js';

export interface ManualClock extends Clock {
  /** Moves time on, firing what falls due on the way, in order. */
  advance(milliseconds: number): void;
  /** Ends the turn: runs what was to run soon; false when there was nothing. */
  turn(): boolean;
  /** Timers that have neither fired nor been cancelled. */
  readonly timers: number;
}

interface Pending {
  readonly due: number;
  readonly action: () => void;
}

export function manualClock(): ManualClock {
  let now = 0;
  const timers = new Set<Pending>();
  let soon: (() => void)[] = [];
  return {
    now: () => now,
    date: () => now,
    after(delay, action) {
      const pending = { due: now + delay, action };
      timers.add(pending);
      return { cancel: () => void timers.delete(pending) };
    },
    soon: (action) => void soon.push(action),
    turn() {
      const actions = soon;
      soon = [];
      for (const action of actions) action();
      return actions.length > 0;
    },
    advance(milliseconds) {
      const end = now + milliseconds;
      for (;;) {
        const next = [...timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
        if (next === undefined) break;
        timers.delete(next);
        now = Math.max(now, next.due);
        next.action();
      }
      now = end;
    },
    get timers() {
      return timers.size;
    },
  };
}
