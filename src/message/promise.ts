// Recognizes promises.

/** True for all thenables, also of other realms and libraries. `instanceof` recognizes native promises at less cost. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    value instanceof Promise ||
    (typeof value === 'object' &&
      value !== null &&
      'then' in value &&
      typeof value.then === 'function')
  );
}
