// The contract of the session registry: the connected sessions of this server, by id and by user.
import type { Session } from './session.js';

/** Finds connected sessions; inject it (Spring: SimpUserRegistry, which has only named users). */
export abstract class SessionRegistry {
  abstract readonly size: number;
  abstract get(id: string): Session | undefined;
  abstract all(): Iterable<Session>;
  /** The sessions of a user; empty when there are none. */
  abstract ofUser(name: string): Iterable<Session>;
  abstract users(): Iterable<string>;
}
