// What happens to sessions, for applications that want to know.
import type { Logger } from '../message/logger.js';
import type { Session } from './session.js';

export interface SessionEventMap {
  /** CONNECT was accepted, and CONNECTED is on its way. */
  readonly connected: { readonly session: Session };
  /** The subscription is live: what is published from now on reaches it. */
  readonly subscribed: {
    readonly session: Session;
    readonly subscription: string;
    readonly destination: string;
  };
  readonly unsubscribed: {
    readonly session: Session;
    readonly subscription: string;
    readonly destination: string;
  };
  /** A message was left out, since the client reads too slowly for it and its policy is not to close. */
  readonly dropped: {
    readonly session: Session;
    readonly subscription: string;
    readonly destination: string;
  };
  /** The session is gone, however it ended; once for every `connected`, and the last that is told of it. */
  readonly disconnected: {
    readonly session: Session;
    readonly code: number;
    readonly reason: string;
  };
}

export type SessionListener<K extends keyof SessionEventMap> = (
  event: SessionEventMap[K],
) => void | Promise<void>;

/** Inject it to hear of sessions; type and token in one (Spring: SessionConnectedEvent and its kin). */
export abstract class SessionEvents {
  /** Calls the listener at each event of this kind; what it throws is logged and harms nobody. Returns the way to stop. */
  abstract on<K extends keyof SessionEventMap>(kind: K, listener: SessionListener<K>): () => void;
}

export class SessionEventSource implements SessionEvents {
  readonly #listeners = new Map<keyof SessionEventMap, Set<SessionListener<never>>>();

  constructor(private readonly logger: Logger) {}

  on<K extends keyof SessionEventMap>(kind: K, listener: SessionListener<K>): () => void {
    const listeners = this.#listeners.get(kind) ?? new Set();
    this.#listeners.set(kind, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  emit<K extends keyof SessionEventMap>(kind: K, event: SessionEventMap[K]): void {
    const listeners = this.#listeners.get(kind) as Set<SessionListener<K>> | undefined;
    if (listeners === undefined) return;
    for (const listener of listeners) void this.#call(kind, listener, event);
  }

  async #call<K extends keyof SessionEventMap>(
    kind: K,
    listener: SessionListener<K>,
    event: SessionEventMap[K],
  ): Promise<void> {
    try {
      await listener(event);
    } catch (error) {
      this.logger.error(`A listener of '${kind}' failed.`, error);
    }
  }
}
