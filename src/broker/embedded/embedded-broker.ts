// The embedded broker (walking skeleton).
import { MessagingError } from '../../message/error.js';
import { compileDestination, type DestinationPattern } from '../../message/destination.js';
import type { Ids } from '../../message/ids.js';
import type { Message } from '../../message/message.js';
import type { Logger } from '../../message/logger.js';
import type { Broker, BrokerConnection, Subscriber, Subscription } from '../broker.js';
interface Entry { subscriber: Subscriber; subscription: Subscription; pattern: DestinationPattern }
export class EmbeddedBroker implements Broker {
  #entries = new Set<Entry>();
  constructor(private readonly options: { ids: Ids; separator?: '/' | '.'; logger?: Logger }) {}
  start() {} stop() { this.#entries.clear(); }
  connect(subscriber: Subscriber): BrokerConnection {
    const own = new Map<string, Entry>();
    return {
      subscribe: (subscription) => {
        if (own.has(subscription.id)) throw new MessagingError('subscription-exists');
        const e = { subscriber, subscription, pattern: compileDestination(subscription.destination) }; own.set(subscription.id, e); this.#entries.add(e);
      },
      unsubscribe: (id) => { const e = own.get(id); if (!e) throw new MessagingError('subscription-unknown'); own.delete(id); this.#entries.delete(e); },
      send: (m) => this.publish(m), settle: () => { throw new MessagingError('not-supported'); }, commit: () => { throw new MessagingError('not-supported'); },
      close: () => { for (const e of own.values()) this.#entries.delete(e); },
    };
  }
  publish(message: Message) {
    const id = this.options.ids.message();
    for (const e of this.#entries) if (e.pattern.match(message.destination) && (message.destination[0] !== '\0' || e.subscription.destination === message.destination)) e.subscriber.deliver(e.subscription, id, message);
  }
}
