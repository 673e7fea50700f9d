// The session of a handler that runs alone.
import type { Session } from '../session/session.js';
import type { InvokeOptions } from './handler-options.js';

export function invokedSession({ principal, session = {} }: InvokeOptions): Session {
  const who = typeof principal === 'string' ? { name: principal } : principal;
  return {
    id: 'session-0',
    handshake: {
      url: '',
      headers: new Map(),
      remoteAddress: undefined,
      subprotocol: undefined,
      secure: false,
      principal: who,
    },
    protocol: '',
    attributes: new Map(),
    signal: new AbortController().signal,
    close: () => {},
    ...session,
    principal: who,
  };
}
