// The ready call of a method: its arguments, one after the other, then the method itself.
import type { Invocation } from '../dispatch/invocation.js';
import { isPromise } from '../message/promise.js';

export type ReadyArgument = (invocation: Invocation) => unknown;

/** Any method of an application's class. */
export type Method = (this: object, ...values: unknown[]) => unknown;

/** Calls the method; the result is a promise only if an argument or the method itself has to be waited for. */
export function callOf(
  instance: object,
  method: Method,
  args: readonly ReadyArgument[],
): ReadyArgument {
  if (args.length === 0) return () => method.call(instance);
  return (invocation) => {
    const values = resolve(args, invocation, [], 0);
    return values instanceof Promise
      ? values.then((ready) => method.apply(instance, ready))
      : method.apply(instance, values);
  };
}

/** In order, so that the first that fails is what the client hears of and no later one has begun. */
function resolve(
  args: readonly ReadyArgument[],
  invocation: Invocation,
  values: unknown[],
  from: number,
): unknown[] | Promise<unknown[]> {
  for (let i = from; i < args.length; i++) {
    const value = args[i]!(invocation);
    if (isPromise(value)) return resolveLater(args, invocation, values, i, value);
    values.push(value);
  }
  return values;
}

async function resolveLater(
  args: readonly ReadyArgument[],
  invocation: Invocation,
  values: unknown[],
  at: number,
  pending: PromiseLike<unknown>,
): Promise<unknown[]> {
  values.push(await pending);
  return resolve(args, invocation, values, at + 1);
}
