// Finds promises that functions of @Transform have returned: class-transformer is synchronous, and leaves them in the instance.
import { isPromise, refusedPromise } from '../message/promise.js';

/**
 * Returns an error for the first promise in an instance; undefined without one. The rejections of all promises are handled, because
 * an unhandled rejection ends the process.
 */
export function refusedTransform(instance: object): Error | undefined {
  const [first] = promisesIn(instance, [], new Set()).map(({ promise, path }) =>
    refusedPromise(promise, `The function of @Transform for ${path}`),
  );
  return first;
}

interface FoundPromise {
  readonly promise: PromiseLike<unknown>;
  /** The path of the property, such as `items.0.price`. */
  readonly path: string;
}

/** @param seen the objects that were visited: a transform may build cycles */
function promisesIn(
  value: object,
  path: readonly string[],
  seen: Set<object>,
): readonly FoundPromise[] {
  if (isPromise(value)) return [{ promise: value, path: path.join('.') }];
  if (seen.has(value)) return [];
  seen.add(value);
  const members =
    value instanceof Map || value instanceof Set ? [...value.entries()] : Object.entries(value);
  return members.flatMap(([key, member]: [unknown, unknown]) =>
    typeof member === 'object' && member !== null
      ? promisesIn(member, [...path, String(key)], seen)
      : [],
  );
}
