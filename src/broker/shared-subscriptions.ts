// Subscriptions that say the same as one object: a thousand subscribers of a topic mostly do, and a delivery looks at each.
import type { Subscription } from './broker.js';
import { isInternal } from './user-destination.js';

/** How many are known at a time. */
const limit = 1000;

export class SharedSubscriptions {
  readonly #known = new Map<string, Subscription>();

  /** The given subscription, or one that says the same. With headers, or to a user's own queue, it is nobody else's. */
  share(subscription: Subscription): Subscription {
    const { id, destination, ack, headers } = subscription;
    if (headers.size > 0 || isInternal(destination)) return subscription;
    const key = `${ack} ${id.length} ${id}${destination}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= limit) this.#known.clear();
    this.#known.set(key, subscription);
    return subscription;
  }
}
