// One subscriber's line to the embedded broker: its own subscriptions, so that closing costs no more than they do.
import { MessagingError } from '../../message/error.js';
import type { Message } from '../../message/message.js';
import type { BrokerConnection, Subscriber, Subscription } from '../broker.js';
import type { Entry } from './audience.js';
import type { SubscriptionIndex } from './subscription-index.js';

export class EmbeddedConnection implements BrokerConnection {
  readonly #entries = new Map<string, Entry>();
  #closed = false;

  constructor(
    private readonly subscriber: Subscriber,
    private readonly index: SubscriptionIndex,
    private readonly publish: (message: Message) => void,
  ) {}

  /** @throws MessagingError `subscription-exists`, `destination-invalid`, `not-supported` (an `ack` but auto), `not-connected` (after `close`) */
  subscribe(subscription: Subscription): void {
    if (this.#closed)
      throw new MessagingError('not-connected', 'The subscriber has left the broker.');
    if (subscription.ack !== 'auto') {
      throw new MessagingError(
        'not-supported',
        'This broker delivers without acknowledgement: subscribe with ack auto.',
      );
    }
    if (this.#entries.has(subscription.id)) throw new MessagingError('subscription-exists');
    this.#entries.set(subscription.id, this.#add(subscription));
  }

  /** A pattern that an application wrote wrong stops it at start; a client's is a bad destination. */
  #add(subscription: Subscription): Entry {
    try {
      return this.index.add(this.subscriber, subscription);
    } catch (cause) {
      if (!(cause instanceof MessagingError)) throw cause;
      throw new MessagingError('destination-invalid', cause.message, { cause });
    }
  }

  /** @throws MessagingError `subscription-unknown` */
  unsubscribe(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new MessagingError('subscription-unknown');
    this.#entries.delete(id);
    this.index.remove(entry);
  }

  send(message: Message): void {
    this.publish(message);
  }

  /** @throws MessagingError `not-supported`, always */
  settle(): void {
    throw new MessagingError(
      'not-supported',
      'This broker delivers without acknowledgement: there is nothing to ACK or NACK.',
    );
  }

  /** @throws MessagingError `not-supported`, always */
  commit(): void {
    throw new MessagingError('not-supported', 'This broker has no transactions.');
  }

  close(): void {
    this.#closed = true;
    for (const entry of this.#entries.values()) this.index.remove(entry);
    this.#entries.clear();
  }
}
