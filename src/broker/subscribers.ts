// The sessions that are connected, as the broker sees them.
import type { Broker } from './broker.js';
import { MessagingError } from '../message/error.js';
import { SharedSubscriptions } from './shared-subscriptions.js';
import {
  MessageFrames,
  SessionSubscriber,
  type Recipient,
  type SubscriberParts,
} from './subscriber.js';
import type { UserDestinations } from './user-destination.js';

export class Subscribers {
  readonly #subscribers = new Map<Recipient, SessionSubscriber>();
  readonly #parts: SubscriberParts;

  constructor(broker: Broker, users: UserDestinations) {
    const frames = new MessageFrames(users);
    this.#parts = { broker, frames, subscriptions: new SharedSubscriptions() };
  }

  /**
   * Gives a session its line to the broker.
   *
   * @param client by which durable subscriptions are its own; undefined where it did not say one
   */
  open(session: Recipient, client: string | undefined): void {
    this.#subscribers.set(session, new SessionSubscriber(session, this.#parts, client));
  }

  find(session: Recipient): SessionSubscriber | undefined {
    return this.#subscribers.get(session);
  }

  /** @throws `not-connected` for a session that was never opened */
  get(session: Recipient): SessionSubscriber {
    const subscriber = this.#subscribers.get(session);
    if (subscriber === undefined) throw new MessagingError('not-connected');
    return subscriber;
  }

  /** Ends a session's line. */
  async close(session: Recipient): Promise<void> {
    const subscriber = this.#subscribers.get(session);
    this.#subscribers.delete(session);
    await subscriber?.close();
  }
}
