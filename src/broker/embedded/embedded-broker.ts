// The broker inside of the server: topics, each publication to every subscription there is at that moment.
import type { Ids } from '../../message/ids.js';
import { consoleLogger, type Logger } from '../../message/logger.js';
import type { Message } from '../../message/message.js';
import type { Broker, BrokerConnection, Subscriber } from '../broker.js';
import type { Entry } from './audience.js';
import { EmbeddedConnection } from './embedded-connection.js';
import { SubscriptionIndex } from './subscription-index.js';

export interface EmbeddedBrokerOptions {
  /** Names publications: one id each, the same for all subscribers. */
  readonly ids: Ids;
  /** What segments of destinations end at; `/` by default. */
  readonly separator?: '/' | '.';
  /** Hears of deliveries that threw; the console by default. */
  readonly logger?: Logger;
}

interface Publication {
  readonly id: string;
  readonly message: Message;
}

/**
 * Publish-subscribe in memory, synchronous from `publish` to `deliver` (Spring: SimpleBrokerMessageHandler). Every subscriber
 * sees publications in one order; what two subscriptions of a subscriber match arrives twice.
 */
export class EmbeddedBroker implements Broker {
  readonly #ids: Ids;
  readonly #logger: Logger;
  readonly #index: SubscriptionIndex;
  readonly #waiting: Message[] = [];
  #delivering = false;

  constructor({ ids, separator = '/', logger = consoleLogger }: EmbeddedBrokerOptions) {
    this.#ids = ids;
    this.#logger = logger;
    this.#index = new SubscriptionIndex(separator);
  }

  start(): void {}

  /** Drops all subscriptions and what waits to be delivered. */
  stop(): void {
    this.#index.clear();
    this.#waiting.length = 0;
  }

  connect(subscriber: Subscriber): BrokerConnection {
    return new EmbeddedConnection(subscriber, this.#index, this.#publish);
  }

  publish(message: Message): void {
    this.#publish(message);
  }

  readonly #publish = (message: Message): void => {
    // A delivery that publishes would overtake the publication under way for those still to get it.
    this.#waiting.push(message);
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      for (const next of this.#waiting) this.#deliver(next);
    } finally {
      this.#waiting.length = 0;
      this.#delivering = false;
    }
  };

  #deliver(message: Message): void {
    const publication: Publication = { id: this.#ids.message(), message };
    this.#index.each(message.destination, this.#deliverTo, publication);
  }

  readonly #deliverTo = (
    { subscriber, subscription }: Entry,
    { id, message }: Publication,
  ): void => {
    try {
      subscriber.deliver(subscription, id, message);
    } catch (error) {
      this.#logger.error(`A delivery to the subscriber ${subscriber.id} failed.`, error);
    }
  };
}
