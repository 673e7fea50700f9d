// Time, behind one interface: no other file asks the system what time it is or sets a timer.
import { performance } from 'node:perf_hooks';

export interface Timer {
  /** Stops the timer; harmless when it has fired. */
  cancel(): void;
}

export interface Clock {
  /** Milliseconds that only grow; for intervals, not for dates. */
  now(): number;
  /** Milliseconds since 1970, for what people read. */
  date(): number;
  /** Runs `action` once after `delay` milliseconds (clamped to 2^31-1); does not keep the process alive. */
  after(delay: number, action: () => void): Timer;
  /** Runs `action` once when the current turn of the event loop has read its sockets. */
  soon(action: () => void): void;
}

/** The longest delay that Node's timers hold; a longer one would fire at once. */
export const longestDelay = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  after(delay, action) {
    const timer = setTimeout(action, Math.min(delay, longestDelay));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  soon: (action) => void setImmediate(action),
};
