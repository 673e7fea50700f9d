// The SockJS sessions of one endpoint by the ids that clients choose.
import { SockJsSession, type SessionParts } from './session.js';
import type { Handshake } from '../transport.js';

export class Sessions {
  readonly #byId = new Map<string, SockJsSession>();
  #live = 0;
  #stopped = false;
  readonly #parts: SessionParts;

  /** @param unused called when `stop` was called and no session is open */
  constructor(
    parts: Omit<SessionParts, 'closed' | 'forget'>,
    private readonly unused: () => void,
  ) {
    this.#parts = {
      ...parts,
      closed: () => {
        this.#live--;
        this.#checkUnused();
      },
      forget: ({ id }) => void this.#byId.delete(id),
    };
  }

  /** True after `stop`: sessions continue, but none may begin. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Open sessions, and closed ones that still answer with their close frame. */
  get size(): number {
    return this.#byId.size;
  }

  find(id: string): SockJsSession | undefined {
    return this.#byId.get(id);
  }

  begin(id: string, owner: string, handshake: Handshake): SockJsSession {
    const session = new SockJsSession(id, owner, handshake, this.#parts);
    this.#byId.set(id, session);
    this.#live++;
    return session;
  }

  stop(): void {
    this.#stopped = true;
    this.#checkUnused();
  }

  #checkUnused(): void {
    if (this.#stopped && this.#live === 0) this.unused();
  }
}
