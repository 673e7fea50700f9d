// The system's clock, counting the timers that are set and have neither fired nor been cancelled.
import { systemClock, type Clock } from '../src/message/clock.js';

export interface CountingClock extends Clock {
  readonly timers: number;
}

export function countingClock(): CountingClock {
  const pending = new Set<object>();
  return {
    ...systemClock,
    after(delay, action) {
      const key = {};
      pending.add(key);
      const timer = systemClock.after(delay, () => {
        pending.delete(key);
        action();
      });
      return {
        cancel() {
          pending.delete(key);
          timer.cancel();
        },
      };
    },
    get timers() {
      return pending.size;
    },
  };
}
