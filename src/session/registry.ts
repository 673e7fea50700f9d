// The sessions of this server, and whom they speak for.
import type { Session } from './session.js';

/** Inject it to find sessions; type and token in one (Spring: SimpUserRegistry, which knows only named users). */
export abstract class SessionRegistry {
  abstract readonly size: number;
  abstract get(id: string): Session | undefined;
  abstract all(): Iterable<Session>;
  /** The sessions of a user; empty when there are none. */
  abstract ofUser(name: string): Iterable<Session>;
  abstract users(): Iterable<string>;
}

/** The registry that the server keeps, of whatever it holds about a session. */
export class LocalSessionRegistry<S extends Session> implements SessionRegistry {
  readonly #sessions = new Map<string, S>();
  readonly #byUser = new Map<string, Set<S>>();

  get size(): number {
    return this.#sessions.size;
  }

  get(id: string): S | undefined {
    return this.#sessions.get(id);
  }

  all(): Iterable<S> {
    return this.#sessions.values();
  }

  ofUser(name: string): Iterable<S> {
    return this.#byUser.get(name) ?? [];
  }

  users(): Iterable<string> {
    return this.#byUser.keys();
  }

  add(session: S): void {
    this.#sessions.set(session.id, session);
    const user = session.principal?.name;
    if (user === undefined) return;
    const sessions = this.#byUser.get(user) ?? new Set();
    this.#byUser.set(user, sessions.add(session));
  }

  remove(session: S): void {
    this.#sessions.delete(session.id);
    const user = session.principal?.name;
    const sessions = user === undefined ? undefined : this.#byUser.get(user);
    if (user === undefined || sessions === undefined) return;
    sessions.delete(session);
    if (sessions.size === 0) this.#byUser.delete(user);
  }
}
