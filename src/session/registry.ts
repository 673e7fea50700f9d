// The contract of the session registry: the connected sessions of this server, by id and by user.
import type { Session } from './session.js';

/** Finds connected sessions; inject it (Spring: SimpUserRegistry, which has only named users). */
export abstract class SessionRegistry {
  /** Number of connected sessions. */
  abstract readonly size: number;
  /** The session with this id; undefined when it is not connected. */
  abstract get(id: string): Session | undefined;
  /** All connected sessions. */
  abstract all(): Iterable<Session>;
  /** The sessions of a user; empty when there are none. */
  abstract ofUser(name: string): Iterable<Session>;
  /** The names of all users that have a connected session. */
  abstract users(): Iterable<string>;
}
