// Waiting for an implementation that may answer later, with a limit.
import { AsyncLocalStorage } from 'node:async_hooks';
import { deadline, turns } from '../real-time.js';

/** Milliseconds of real time in which an implementation must answer. */
const defaultTimeout = 5000;

const timeouts = new AsyncLocalStorage<number>();

/**
 * Runs cases with another timeout in milliseconds, for tests of faulty implementations, which would wait for the default timeout.
 */
export function withTimeout<T>(timeout: number, run: () => T): T {
  return timeouts.run(timeout, run);
}

/** Resolves when the condition holds. Rejects with the message when it does not hold in time. */
export async function eventually(
  message: string | (() => string),
  holds: () => boolean,
): Promise<void> {
  let late = false;
  const timer = deadline(timeouts.getStore() ?? defaultTimeout, () => (late = true));
  try {
    for (let checks = 0; !holds(); checks++) {
      if (late) throw new Error(typeof message === 'string' ? message : message());
      // Most answers need a few turns of the event loop. Later answers are polled with a timer, so that waiting does not use the
      // processor.
      await (checks < 100 ? turns(1) : new Promise<void>((resolve) => deadline(5, resolve)));
    }
  } finally {
    timer.cancel();
  }
}

/** Resolves with the answer. Rejects with the message when there is no answer in time. */
export function answer<T>(message: string, asked: T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = deadline(timeouts.getStore() ?? defaultTimeout, () => reject(new Error(message)));
    void Promise.resolve(asked)
      .then(resolve, reject)
      .finally(() => timer.cancel());
  });
}
