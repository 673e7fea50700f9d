// The invocation that an exception handler sees: the failed one, and what was thrown.
import type { Invocation } from './invocation.js';

export function failedInvocation(failed: Invocation, error: unknown): Invocation {
  const { on, session, message, lookup, subscription, variables } = failed;
  return {
    on,
    session,
    message,
    lookup,
    subscription,
    variables,
    error,
    // Asked for only when wanted: the failed call makes its signal then.
    get signal() {
      return failed.signal;
    },
  };
}
