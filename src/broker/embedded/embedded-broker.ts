// The broker inside of the server: topics, each publication to every subscription there is at that moment, and queues.
import { systemClock, type Clock } from '../../message/clock.js';
import { MessagingError } from '../../message/error.js';
import { randomIds, type Ids } from '../../message/ids.js';
import { consoleLogger, type Logger } from '../../message/logger.js';
import type { Message } from '../../message/message.js';
import type { Broker, BrokerConnection, Subscriber } from '../broker.js';
import type { Entry } from './audience.js';
import {
  defaultDurableOptions,
  DurableSubscriptions,
  type DurableOptions,
} from './durable-subscriptions.js';
import { EmbeddedConnection, type ConnectionParts } from './embedded-connection.js';
import { defaultQueueOptions, type QueueOptions } from './queue-options.js';
import { Queues } from './queues.js';
import { defaultRetainOptions, RetainedMessages, type RetainOptions } from './retained-messages.js';
import { SubscriptionIndex } from './subscription-index.js';

export interface EmbeddedBrokerOptions {
  /** Names publications: one id each, the same for all subscribers. */
  readonly ids?: Pick<Ids, 'message'>;
  /** What expiry counts by. */
  readonly clock?: Clock;
  /** What segments of destinations end at; `/` by default. */
  readonly separator?: '/' | '.';
  /** Hears of deliveries that threw, and of messages that were lost; the console by default. */
  readonly logger?: Logger;
  readonly queue?: Partial<QueueOptions>;
  readonly retain?: Partial<RetainOptions>;
  readonly durable?: Partial<DurableOptions>;
}

interface Publication {
  readonly id: string;
  readonly message: Message;
}

/**
 * In memory, synchronous from `publish` to `deliver` (Spring: SimpleBrokerMessageHandler, which knows neither queues nor
 * acknowledgement). Every subscriber sees publications in one order; what two subscriptions of a subscriber match arrives
 * twice.
 */
export class EmbeddedBroker implements Broker {
  readonly #ids: Pick<Ids, 'message'>;
  readonly #logger: Logger;
  readonly #index: SubscriptionIndex;
  readonly #queues: Queues;
  readonly #retained: RetainedMessages;
  readonly #durables: DurableSubscriptions;
  readonly #deadLetters: string;
  readonly #parts: ConnectionParts;
  readonly #waiting: Message[] = [];
  #delivering = false;

  constructor({
    ids = randomIds(),
    clock = systemClock,
    separator = '/',
    logger = consoleLogger,
    queue = {},
    retain = {},
    durable = {},
  }: EmbeddedBrokerOptions = {}) {
    const options = { ...defaultQueueOptions, ...queue };
    this.#ids = ids;
    this.#logger = logger;
    this.#deadLetters = options.deadLetters;
    this.#index = new SubscriptionIndex(separator);
    this.#queues = new Queues({ clock, options, logger, deadLetter: this.#deadLetter });
    this.#retained = new RetainedMessages({ ...defaultRetainOptions, ...retain }, separator);
    this.#durables = new DurableSubscriptions({ ...defaultDurableOptions, ...durable }, clock);
    this.#parts = {
      index: this.#index,
      queues: this.#queues,
      retained: this.#retained,
      durables: this.#durables,
      prefetch: options.prefetch,
      ackWithin: options.ackWithin,
      clock,
      publish: this.#publish,
    };
  }

  start(): void {}

  /** Drops all subscriptions and all messages. */
  stop(): void {
    this.#durables.clear();
    this.#index.clear();
    this.#queues.clear();
    this.#retained.clear();
    this.#waiting.length = 0;
  }

  connect(subscriber: Subscriber): BrokerConnection {
    return new EmbeddedConnection(subscriber, this.#parts);
  }

  publish(message: Message): void {
    this.#publish([message]);
  }

  /** All of them, or none where a queue refuses one. */
  readonly #publish = (messages: readonly Message[]): void => {
    const queued = messages.filter(({ destination }) => this.#queues.serves(destination));
    if (queued.length > 0) this.#queues.admit(queued);
    // A delivery that publishes would overtake the publication under way for those still to get it.
    this.#waiting.push(...messages);
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
    const id = this.#ids.message();
    if (this.#queues.serves(message.destination)) {
      this.#queues.open(message.destination).add(id, message);
      return;
    }
    this.#retained.consider(id, message);
    const publication: Publication = { id, message };
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

  readonly #deadLetter = (message: Message): void => {
    const { destination } = message;
    try {
      if (destination === this.#deadLetters) throw new MessagingError('queue-full');
      const headers = new Map(message.headers).set('original-destination', destination);
      this.#publish([{ ...message, destination: this.#deadLetters, headers }]);
    } catch (error) {
      this.#logger.error(
        `A message of ${JSON.stringify(destination)} could not be delivered and is lost.`,
        error,
      );
    }
  };
}
