// A ready call to what a route does: the value with its targets, or what an exception handler made of the failure.
import type { Invocation } from '../dispatch/invocation.js';
import { failedInvocation } from '../dispatch/failed-invocation.js';
import { isStream, type Outcome, type Reply, type Route } from '../dispatch/route.js';
import { MessagingError } from '../message/error.js';
import { isPromise } from '../message/promise.js';
import type { ExceptionHandlers } from './decorators/exception-handler.js';
import type { ReadyArgument } from './handler-call.js';

type Invoke = Route['invoke'];

/** What becomes of a failure: an outcome, or an error thrown. */
type Recover = (invocation: Invocation, thrown: unknown) => Outcome | Promise<Outcome>;

const nothing: Outcome = { value: undefined, targets: [] };

/** Failures of arguments, the method, the return rule and the middle of a stream go to the exception handlers. */
export function invokeOf(
  call: ReadyArgument,
  reply: Reply,
  handlers: ExceptionHandlers<Invoke>,
): Invoke {
  return guarded(call, reply, (invocation, thrown) => {
    const found = handlers.find(thrown);
    if (found === undefined) throw thrown;
    return found.handler(failedInvocation(invocation, found.error));
  });
}

/** An exception handler's own failure goes to no other one. */
export function invokeOnError(call: ReadyArgument, reply: Reply): Invoke {
  return guarded(call, reply, (_, cause) => {
    throw new MessagingError('handler-failed', undefined, { cause });
  });
}

function guarded(call: ReadyArgument, reply: Reply, recover: Recover): Invoke {
  const outcomeOf = (value: unknown, invocation: Invocation): Outcome => {
    if (value === undefined || value === null) return nothing;
    const outcome = { value, targets: reply(invocation) };
    return isStream(value)
      ? { ...outcome, recover: (thrown) => recover(invocation, thrown) }
      : outcome;
  };
  const later = async (pending: PromiseLike<unknown>, invocation: Invocation): Promise<Outcome> => {
    try {
      return outcomeOf(await pending, invocation);
    } catch (thrown) {
      return recover(invocation, thrown);
    }
  };
  return (invocation) => {
    try {
      const value = call(invocation);
      return isPromise(value) ? later(value, invocation) : outcomeOf(value, invocation);
    } catch (thrown) {
      return recover(invocation, thrown);
    }
  };
}
