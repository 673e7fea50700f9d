// The clients of this server, by session and by user.
import type { SessionSubscriber } from '../broker/subscriber.js';
import type { UserDirectory } from '../broker/user-directory.js';
import type { SessionRegistry } from '../session/registry.js';
import type { Session } from '../session/session.js';
import type { ClientSession } from '../session/client-session.js';

/** The part of a client that the tables read; `server/client.ts` implements it. */
export interface ListedClient {
  readonly session: ClientSession;
  readonly openSubscriber: SessionSubscriber | undefined;
}

export class Clients implements SessionRegistry, UserDirectory {
  /** Clients whose connection is open or that still have work. */
  readonly #alive = new Set<ListedClient>();
  /** Connected clients by session id. */
  readonly #connected = new Map<string, ListedClient>();
  /** Connected sessions by user. */
  readonly #byUser = new Map<string, Set<ListedClient>>();

  /** Number of connected sessions. */
  get size(): number {
    return this.#connected.size;
  }

  get(id: string): Session | undefined {
    return this.#connected.get(id)?.session;
  }

  *all(): Iterable<Session> {
    for (const { session } of this.#connected.values()) yield session;
  }

  *ofUser(name: string): Iterable<Session> {
    for (const { session } of this.#byUser.get(name) ?? []) yield session;
  }

  users(): Iterable<string> {
    return this.#byUser.keys();
  }

  *sessionsOf(user: string): Iterable<string> {
    for (const { session } of this.#byUser.get(user) ?? []) yield session.id;
  }

  /** The subscriber of a connected session. */
  subscriberOf(session: string): SessionSubscriber | undefined {
    return this.#connected.get(session)?.openSubscriber;
  }

  /** All sessions whose connection is open or that still have work. */
  *alive(): Iterable<ClientSession> {
    for (const { session } of this.#alive) yield session;
  }

  /** A client has connected to a transport. */
  add(client: ListedClient): void {
    this.#alive.add(client);
  }

  /** CONNECT was accepted. */
  connected(client: ListedClient): void {
    const { id, user } = client.session;
    this.#connected.set(id, client);
    if (user === undefined) return;
    const clients = this.#byUser.get(user) ?? new Set();
    this.#byUser.set(user, clients.add(client));
  }

  /** The connection of a connected client is closed. */
  disconnected(client: ListedClient): void {
    const { id, user } = client.session;
    this.#connected.delete(id);
    if (user === undefined) return;
    const clients = this.#byUser.get(user);
    if (clients === undefined) return;
    clients.delete(client);
    if (clients.size === 0) this.#byUser.delete(user);
  }

  /** No work remains for the client. */
  remove(client: ListedClient): void {
    this.#alive.delete(client);
  }
}
