// Replaces equal subscriptions by one object, because a delivery reads it and most subscriptions of a topic are equal.
import { noHeaders } from '../message/message.js';
import type { Subscription } from './broker.js';

/** Subscriptions that are remembered. */
const limit = 1000;

export class SharedSubscriptions {
  readonly #known = new Map<string, Subscription>();

  /** Returns an equal subscription that was passed before, or this one. Subscriptions with headers are never shared. */
  share(subscription: Subscription): Subscription {
    const { id, destination, ack, headers } = subscription;
    if (headers.size > 0) return subscription;
    const key = `${ack} ${id.length} ${id}${destination}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= limit) this.#known.clear();
    // The empty map may belong to an interceptor, which can still change it.
    const shared = { ...subscription, headers: noHeaders };
    this.#known.set(key, shared);
    return shared;
  }
}
