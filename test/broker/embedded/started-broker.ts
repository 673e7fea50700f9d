// A started embedded broker with a manual clock, and subscribers that keep their deliveries.
import type {
  BrokerConnection,
  BrokerContext,
  Operation,
  Subscriber,
} from '../../../src/broker/broker.js';
import type { Publication } from '../../../src/broker/publication.js';
import type { EmbeddedBrokerOptions } from '../../../src/broker/embedded/broker-options.js';
import { EmbeddedBroker } from '../../../src/broker/embedded/embedded-broker.js';
import type { QueueOptions } from '../../../src/broker/embedded/queue/queue-memory.js';
import type { ErrorCode, MessagingError } from '../../../src/message/error.js';
import type { AckMode } from '../../../src/message/frame.js';
import type { Headers, Message } from '../../../src/message/message.js';
import { expect } from 'vitest';
import { testClock } from 'signalbox/testing';

let published = 0;

/** A publication as the publisher makes it. */
export const publication = (
  destination: string,
  text = '',
  headers: Readonly<Record<string, string>> = {},
  account?: string,
): Publication => ({
  id: `m${++published}`,
  message: message(destination, text, headers),
  origin: undefined,
  account,
  publishedAt: 0,
});

/** A step of a transaction that sends. */
export const sending = (...of: Parameters<typeof publication>): Operation => ({
  kind: 'send',
  publication: publication(...of),
});

export const message = (
  destination: string,
  text = '',
  headers: Readonly<Record<string, string>> = {},
): Message => ({
  destination,
  headers: new Map(Object.entries(headers)),
  body: Buffer.from(text),
});

export const refusal = (code: ErrorCode) =>
  expect.objectContaining({ name: 'MessagingError', code }) as Error;

export interface Delivery {
  readonly subscription: string;
  readonly text: string;
  readonly destination: string;
  readonly headers: Headers;
  readonly ack: string | undefined;
  readonly redelivered: number | undefined;
  readonly retained: boolean;
}

export interface Consumer {
  readonly connection: BrokerConnection;
  readonly deliveries: readonly Delivery[];
  /** Removes the deliveries so far and returns their texts. */
  takeTexts(): string[];
  subscribe(
    id: string,
    destination: string,
    ack?: AckMode,
    headers?: Readonly<Record<string, string>>,
  ): void;
  /** Sends ACK or NACK for the delivery of this text. */
  settle(kind: 'ack' | 'nack', text: string): void;
  /** From now on the outbox is full. */
  fill(): void;
  /** The outbox has room again; resolves when the broker has reacted. */
  drain(): Promise<void>;
  /** From now on the session is gone; the broker has not closed the connection yet. */
  vanish(): void;
  /** While it is busy, frames of the session are processed. */
  setBusy(busy: boolean): void;
  /** The codes of the errors that ended the session. */
  readonly failures: readonly string[];
}

/** @param shares the parts into which shared limits are divided; with 1 every account can use everything */
export function brokerWith(
  queue: Partial<QueueOptions> = {},
  options: EmbeddedBrokerOptions = {},
  shares = 1,
) {
  const clock = testClock({ date: 0 });
  const errors: string[] = [];
  const logger = {
    error: (text: string) => void errors.push(text),
    warn: () => {},
    info: () => {},
  };
  const ids = { message: () => `m${++published}` };
  const context: BrokerContext = { clock, ids, logger, separator: '/', shares };
  const subject = new EmbeddedBroker({ queue, ...options });
  const started = subject.start(context);
  return {
    subject,
    clock,
    errors,
    context,
    started,
    publish: (destination: string, ...texts: string[]) => {
      for (const text of texts) void subject.publish(publication(destination, text));
    },
    consumer: (account?: string) => consumer(subject, account),
  };
}

function consumer(subject: EmbeddedBroker, account: string | undefined): Consumer {
  const deliveries: Delivery[] = [];
  const acks = new Map<string, string | undefined>();
  const failures: string[] = [];
  let full = false;
  let gone = false;
  let busy = false;
  let waiting: (() => void)[] = [];
  const subscriber: Subscriber = {
    id: 'session',
    account,
    get busy() {
      return busy;
    },
    get gone() {
      return gone;
    },
    deliver({ id }, { message: { destination, headers, body } }, marks) {
      const text = Buffer.from(body).toString();
      deliveries.push({
        subscription: id,
        text,
        destination,
        headers,
        ack: marks?.ack,
        redelivered: marks?.redelivered,
        retained: marks?.retained === true,
      });
      acks.set(text, marks?.ack);
      return !full;
    },
    room: () => (full ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve()),
    fail: ({ code }: MessagingError) => void failures.push(code),
  };
  const connection = subject.connect(subscriber);
  return {
    connection,
    deliveries,
    failures,
    takeTexts: () => deliveries.splice(0).map(({ text }) => text),
    subscribe: (id, destination, ack = 'auto', headers = {}) =>
      void connection.subscribe({
        id,
        destination,
        ack,
        headers: new Map(Object.entries(headers)),
      }),
    settle: (kind, text) => void connection.settle({ kind, id: acks.get(text) ?? 'none' }),
    fill: () => void (full = true),
    vanish: () => void (gone = true),
    setBusy: (value) => void (busy = value),
    async drain() {
      full = false;
      for (const resolve of waiting.splice(0)) resolve();
      waiting = [];
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
