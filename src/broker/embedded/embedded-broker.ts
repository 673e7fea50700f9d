// The broker inside the server process: topics, queues, acknowledgement, durable subscriptions and retained messages.
import { MessagingError } from '../../message/error.js';
import type { Broker, BrokerConnection, BrokerContext, Subscriber } from '../broker.js';
import type { Publication } from '../publication.js';
import {
  resolveBrokerOptions,
  type BrokerOptions,
  type EmbeddedBrokerOptions,
} from './broker-options.js';
import { EmbeddedConnection } from './embedded-connection.js';
import { Exchange } from './exchange.js';
import type { QueueOptions } from './queue/queue-memory.js';

/**
 * The default broker (Spring: SimpleBrokerMessageHandler, which has neither queues nor acknowledgement). It works in memory and
 * delivers before `publish` returns. While a transaction with very many deliveries is delivered, `publish` returns a promise, which
 * resolves after the delivery. All subscribers receive publications in the same order. A message that matches two subscriptions of
 * one session is delivered twice.
 */
export class EmbeddedBroker implements Broker {
  readonly #options: BrokerOptions;
  #exchange: Exchange | undefined;

  /** @throws {MessagingError} `option-invalid` */
  constructor(options: EmbeddedBrokerOptions = {}) {
    this.#options = resolveBrokerOptions(options);
  }

  /** The options of queues; the acknowledged queues of sessions have the same. */
  get queueOptions(): QueueOptions {
    return this.#options.queue;
  }

  /**
   * Starts and loads the messages of the store.
   *
   * @throws {MessagingError} `option-invalid` when it serves another server; `pattern-invalid`, `package-missing`, `store-failed`,
   *   `store-damaged`
   */
  start(context: BrokerContext): void | Promise<void> {
    if (this.#exchange !== undefined)
      throw new MessagingError(
        'option-invalid',
        'The broker already serves another server; create one EmbeddedBroker for each server.',
      );
    this.#exchange = new Exchange(this.#options, context);
    return this.#exchange.open();
  }

  /** Drops all subscriptions and messages; the store keeps its messages. */
  stop(): void | Promise<void> {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    return exchange?.close();
  }

  /**
   * Connects one session.
   *
   * @throws {MessagingError} `broker-unavailable` before `start` and after `stop`
   */
  connect(subscriber: Subscriber): BrokerConnection {
    return new EmbeddedConnection(subscriber, this.#running());
  }

  /**
   * Publishes for the application.
   *
   * @throws {MessagingError} `queue-full`, `queue-limit`, `store-failed`; `broker-unavailable` before `start` and after `stop`
   */
  publish(publication: Publication): void | Promise<void> {
    return this.#running().send(publication);
  }

  #running(): Exchange {
    if (this.#exchange === undefined) throw new MessagingError('broker-unavailable');
    return this.#exchange;
  }
}
