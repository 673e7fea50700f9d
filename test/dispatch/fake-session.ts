// A session that does nothing, for calls that only look at it.
import type { Session } from '../../src/session/session.js';

export interface FakeSession extends Session {
  /** Ends it. */
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
