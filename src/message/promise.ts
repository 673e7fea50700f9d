// Recognizes promises.

/** True for all thenables, also of other realms and libraries, which `instanceof Promise` does not recognize. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}
