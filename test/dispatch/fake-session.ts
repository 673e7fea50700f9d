// A session without a connection, for tests of handlers.
import type { Session } from '../../src/session/session.js';

export interface FakeSession extends Session {
  /** Aborts the signal of the session. */
  end(reason?: unknown): void;
}

export function fakeSession(name?: string): FakeSession {
  const controller = new AbortController();
  return {
    id: 's-1',
    principal: name === undefined ? undefined : { name },
    user: name,
    handshake: {} as Session['handshake'],
    protocol: 'stomp 1.2',
    attributes: new Map(),
    signal: controller.signal,
    close: () => {},
    end: (reason) => controller.abort(reason),
  };
}
