// The contract of a broker: who gets what.
import type { MessagingError } from '../message/error.js';
import type { AckMode, DeliveryMarks } from '../message/frame.js';
import type { Headers, Message } from '../message/message.js';

export interface Subscription {
  /** Unique in its connection. */
  readonly id: string;
  /** A destination or a pattern, already translated from the user's namespace. */
  readonly destination: string;
  readonly ack: AckMode;
  readonly headers: Headers;
  /** The name, one client's own, under which it is kept while its subscriber is away; UNSUBSCRIBE ends it for good. */
  readonly durable?: string | undefined;
}

/** One acknowledgement, or its opposite. */
export interface Settlement {
  readonly kind: 'ack' | 'nack';
  readonly id: string;
  readonly subscription?: string | undefined;
}

/** One step of a transaction that takes effect at COMMIT. */
export type Operation =
  | { readonly kind: 'send'; readonly message: Message }
  | ({ readonly kind: 'settle' } & { readonly settlement: Settlement });

/** Whom a broker delivers to: one session. */
export interface Subscriber {
  readonly id: string;
  /** Whether frames of it wait or run, an acknowledgement perhaps among them. */
  readonly busy: boolean;
  /** Whether nothing reaches it any more: what can wait for another is not given to it. */
  readonly gone: boolean;
  /** False when more than half of the outbox's limit waits: queues and streams then wait for `room()`. */
  deliver(
    subscription: Subscription,
    messageId: string,
    message: Message,
    marks?: DeliveryMarks,
  ): boolean;
  /** Resolves when there is room again, or the subscriber has gone. */
  room(): Promise<void>;
  /** The broker can serve this subscriber no longer. */
  fail(error: MessagingError): void;
}

/** One subscriber's line to the broker. Answers may come later (an outside broker); a refusal is a MessagingError. */
export interface BrokerConnection {
  subscribe(subscription: Subscription): void | Promise<void>;
  unsubscribe(id: string): void | Promise<void>;
  send(message: Message): void | Promise<void>;
  settle(settlement: Settlement): void | Promise<void>;
  commit(operations: readonly Operation[]): void | Promise<void>;
  close(): void | Promise<void>;
}

export interface Broker {
  start(): void | Promise<void>;
  stop(): void | Promise<void>;
  connect(subscriber: Subscriber): BrokerConnection;
  /** Publishes for the application, on no client's behalf. */
  publish(message: Message): void | Promise<void>;
}
