// An invocation for tests, with defaults for all fields.
import type { Invocation } from '../../src/dispatch/invocation.js';
import { fakeSession } from './fake-session.js';

interface Given {
  readonly on?: Invocation['on'];
  readonly lookup?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, string>>;
  readonly subscription?: string;
  readonly user?: string;
}

export function fakeInvocation({
  on = 'send',
  lookup = '/x',
  body = '',
  headers = {},
  variables = {},
  subscription,
  user,
}: Given = {}): Invocation {
  const session = fakeSession(user);
  return {
    on,
    session,
    message: {
      destination: `/app${lookup}`,
      headers: new Map(Object.entries(headers)),
      body: Buffer.from(body),
    },
    lookup,
    subscription,
    variables: new Map(Object.entries(variables)),
    signal: session.signal,
    error: undefined,
  };
}
