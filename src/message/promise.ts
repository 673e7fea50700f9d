// Recognizes promises, and refuses them where a value is needed.
import type { Clock } from './clock.js';
import { MessagingError } from './error.js';

/**
 * True for all thenables, also of other realms and libraries. `instanceof` comes first, because it recognizes native promises
 * faster.
 */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    value instanceof Promise ||
    (typeof value === 'object' &&
      value !== null &&
      'then' in value &&
      typeof value.then === 'function')
  );
}

/**
 * Returns an error for a promise that the application returned where the contract requires a value. The rejection of the promise is
 * handled, because an unhandled rejection ends the process.
 *
 * @param source names the function, such as `An outbound interceptor`
 */
export function refusedPromise(promise: PromiseLike<unknown>, source: string): Error {
  Promise.resolve(promise).catch(() => {});
  return new TypeError(`${source} must return its result; it returned a promise.`);
}

/**
 * Settles as the promise does, or rejects after the timeout; a later value or error is dropped.
 *
 * @param timeout in milliseconds; 0 for no limit
 * @throws {MessagingError} `handler-timeout`
 */
export function settledInTime<T>(
  pending: PromiseLike<T>,
  clock: Clock,
  timeout: number,
): PromiseLike<T> {
  if (timeout === 0) return pending;
  return new Promise((resolve, reject) => {
    const timer = clock.after(timeout, () => reject(new MessagingError('handler-timeout')));
    pending.then(
      (value) => {
        timer.cancel();
        resolve(value);
      },
      (error: unknown) => {
        timer.cancel();
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- passed on as it is
        reject(error);
      },
    );
  });
}

/**
 * Returns the result of a function of the application.
 *
 * @param source names the function, such as `push() of the decoder`
 * @throws {TypeError} for a promise, where the contract requires the result itself
 */
export function requireResult<T>(result: T, source: string): T {
  if (isPromise(result)) throw refusedPromise(result, source);
  return result;
}
