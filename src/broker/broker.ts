// The contract of a broker: it delivers publications to the subscribers of topics and queues.
import type { Clock } from '../message/clock.js';
import type { MessagingError } from '../message/error.js';
import type { AckMode, DeliveryMarks } from '../message/frame.js';
import type { Ids } from '../message/ids.js';
import type { Logger } from '../message/logger.js';
import type { Headers } from '../message/message.js';
import type { Separator } from '../pattern/separator.js';
import type { QueueOptions } from './embedded/queue/queue-memory.js';
import type { Publication } from './publication.js';

/** One subscription, as the broker sees it. */
export interface Subscription {
  /** Unique within one connection to the broker. */
  readonly id: string;
  /** A destination or a pattern. */
  readonly destination: string;
  /** How the client acknowledges messages. */
  readonly ack: AckMode;
  /** Headers of the SUBSCRIBE frame. */
  readonly headers: Headers;
  /** The name of a durable subscription, unique to one client; it is kept while its subscriber is away, until UNSUBSCRIBE. */
  readonly durable?: string | undefined;
}

/** One acknowledgement, positive or negative. */
export interface Settlement {
  readonly kind: 'ack' | 'nack';
  /** The `ack` mark of the delivery. It must not begin with `own-`, which marks deliveries of session queues. */
  readonly id: string;
  /** The subscription that received the message; sent by STOMP 1.1 clients. */
  readonly subscription?: string | undefined;
  /** False for a NACK whose message goes to the dead letters. @default true */
  readonly requeue?: boolean | undefined;
}

/** One step of a transaction; takes effect at COMMIT. */
export type Operation =
  | { readonly kind: 'send'; readonly publication: Publication }
  | { readonly kind: 'settle'; readonly settlement: Settlement };

/** The receiver of deliveries: one session. */
export interface Subscriber {
  /** Id of the session. */
  readonly id: string;
  /** The account whose share of the broker's limits its subscriptions use: its user, or its address when it is anonymous. */
  readonly account?: string | undefined;
  /** True while frames of the session wait or are processed; an acknowledgement may be among them. */
  readonly busy: boolean;
  /** True when the session can no longer receive messages; queues then choose another subscriber. */
  readonly gone: boolean;
  /** Sends one delivery. Returns false when more than half of the outbox limit waits: queues and streams then wait for `room()`. */
  deliver(subscription: Subscription, publication: Publication, marks?: DeliveryMarks): boolean;
  /** Resolves when there is room again, or the session has ended. */
  room(): Promise<void>;
  /** Ends the session with this error, because the broker can no longer serve it. */
  fail(error: MessagingError): void;
}

/** The connection of one subscriber to the broker. An external broker may answer later; it refuses with a MessagingError. */
export interface BrokerConnection {
  /**
   * Opens a subscription; when the call has completed, it receives all later publications.
   *
   * @throws {MessagingError} the reason for which the broker refuses it
   */
  subscribe(subscription: Subscription): void | Promise<void>;
  /** Ends a subscription. @throws {MessagingError} `subscription-unknown` */
  unsubscribe(id: string): void | Promise<void>;
  /** Publishes a message of the client. @throws {MessagingError} the reason for which the broker refuses it */
  send(publication: Publication): void | Promise<void>;
  /** Acknowledges a delivery, or returns it. @throws {MessagingError} `acknowledgement-unknown` */
  settle(settlement: Settlement): void | Promise<void>;
  /** All operations take effect, or none. */
  commit(operations: readonly Operation[]): void | Promise<void>;
  /** Ends all subscriptions; messages that were not acknowledged go to other subscribers. */
  close(): void | Promise<void>;
}

/** The parts of a server that its broker uses, so that both have the same clock, ids, log and separator. */
export interface BrokerContext {
  /** The clock of the server. */
  readonly clock: Clock;
  /** Creates the ids of messages. */
  readonly ids: Pick<Ids, 'message'>;
  /** The logger of the server. */
  readonly logger: Logger;
  /** Separates the segments of destinations. */
  readonly separator: Separator;
  /** The number of parts of a shared limit; one account may use one part. */
  readonly shares: number;
}

/** Delivers publications to subscribers of topics and queues (Spring: AbstractBrokerMessageHandler). */
export interface Broker {
  /** Options of its queues; the acknowledged queues of sessions have the same. @default those of the embedded broker */
  readonly queueOptions?: QueueOptions;
  /**
   * Called once, before everything else. A broker that serves one server at a time throws when it is started twice; `stop` is not
   * called after such an exception. It is called after a rejection.
   */
  start(context: BrokerContext): void | Promise<void>;
  /** Called once, after all connections are closed. Releases timers, files and sockets. */
  stop(): void | Promise<void>;
  /** Connects one session. Called after `start` has completed. Must not be asynchronous: a promise refuses the client. */
  connect(subscriber: Subscriber): BrokerConnection;
  /** Publishes for the application. */
  publish(publication: Publication): void | Promise<void>;
}
