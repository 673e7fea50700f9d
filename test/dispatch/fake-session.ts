// A session without a connection, and an invocation in it, for tests of handlers.
import type { Invocation } from '../../src/dispatch/invocation.js';
import type { Session } from '../../src/session/session.js';
import { message } from '../broker/publication.js';

export interface FakeSession extends Session {
  /** Aborts the signal of the session. */
  end(reason?: unknown): void;
}

export function fakeSession(name?: string): FakeSession {
  const controller = new AbortController();
  return {
    id: 's-1',
    principal: name === undefined ? undefined : { name },
    handshake: {} as Session['handshake'],
    protocol: 'stomp 1.2',
    attributes: new Map(),
    signal: controller.signal,
    close: () => {},
    end: (reason) => controller.abort(reason),
  };
}

interface Given extends Partial<Pick<Invocation, 'on' | 'lookup' | 'subscription'>> {
  readonly variables?: Readonly<Record<string, string>>;
  readonly user?: string;
}

export function fakeInvocation({ variables = {}, user, ...given }: Given = {}): Invocation {
  const session = fakeSession(user);
  const { lookup = '/x' } = given;
  return {
    on: 'send',
    session,
    message: message(`/app${lookup}`),
    lookup,
    subscription: undefined,
    variables: new Map(Object.entries(variables)),
    signal: session.signal,
    error: undefined,
    ...given,
  };
}
