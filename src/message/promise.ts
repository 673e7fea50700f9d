// What has to be waited for.

/** Promises of other realms and libraries as well, which `instanceof` would take for values. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}
