// Session events: the contract that applications inject, and the source that emits them.
import { inspect } from 'node:util';
import { MessagingError } from '../message/error.js';
import type { Logger } from '../message/logger.js';
import type { Session } from './session.js';

/** The session events with their data. */
export interface SessionEventMap {
  /** CONNECT was accepted, and CONNECTED is queued. */
  readonly connected: { readonly session: Session };
  /** The subscription is active: it receives all messages that are published from now on. */
  readonly subscribed: {
    readonly session: Session;
    readonly subscription: string;
    readonly destination: string;
  };
  /** The client has ended the subscription. */
  readonly unsubscribed: {
    readonly session: Session;
    readonly subscription: string;
    readonly destination: string;
  };
  /** A message was dropped because the client reads too slowly, and the policy of its destination is not `close`. */
  readonly dropped: {
    readonly session: Session;
    readonly subscription: string;
    readonly destination: string;
  };
  /** The session has ended. Emitted once for each `connected`, as the last event of the session. */
  readonly disconnected: {
    readonly session: Session;
    readonly code: number;
    readonly reason: string;
  };
}

/** Receives one kind of session event. */
export type SessionListener<K extends keyof SessionEventMap> = (
  event: SessionEventMap[K],
) => void | Promise<void>;

/** Reports session events; inject it to listen (Spring: SessionConnectedEvent, SessionSubscribeEvent, SessionDisconnectEvent). */
export abstract class SessionEvents {
  /**
   * Calls the listener at each event of this kind. Listeners are not awaited; errors that they throw are logged.
   *
   * @returns a function that removes the listener
   * @throws {MessagingError} `option-invalid` for an unknown kind, and for a listener that is not a function
   */
  abstract on<K extends keyof SessionEventMap>(kind: K, listener: SessionListener<K>): () => void;
}

const kinds: readonly (keyof SessionEventMap)[] = [
  'connected',
  'subscribed',
  'unsubscribed',
  'dropped',
  'disconnected',
];

export class SessionEventSource implements SessionEvents {
  readonly #listeners = new Map<keyof SessionEventMap, Set<SessionListener<never>>>();

  constructor(private readonly logger: Logger) {}

  on<K extends keyof SessionEventMap>(kind: K, listener: SessionListener<K>): () => void {
    if (!kinds.includes(kind))
      throw new MessagingError(
        'option-invalid',
        `The session event ${inspect(kind)} does not exist; the events are ${kinds.join(', ')}.`,
      );
    if (typeof listener !== 'function')
      throw new MessagingError(
        'option-invalid',
        `The listener of '${kind}' must be a function; it is ${inspect(listener)}.`,
      );
    const listeners = this.#listeners.get(kind) ?? new Set();
    this.#listeners.set(kind, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  emit<K extends keyof SessionEventMap>(kind: K, event: SessionEventMap[K]): void {
    const listeners = this.#listeners.get(kind) as Set<SessionListener<K>> | undefined;
    if (listeners === undefined) return;
    // A copy, because a listener may remove itself and add another one, which must wait for the next event.
    const current = Array.from(listeners);
    for (const listener of current)
      if (listeners.has(listener)) void this.#call(kind, listener, event);
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
