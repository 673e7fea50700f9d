// A started embedded broker with a manual clock, and subscribers that store their deliveries.
import { sequentialIds, testClock } from 'signalbox/testing';
import { expect } from 'vitest';
import type { BrokerContext, Subscriber } from '../../../src/broker/broker.js';
import type { EmbeddedBrokerOptions } from '../../../src/broker/embedded/broker-options.js';
import { EmbeddedBroker } from '../../../src/broker/embedded/embedded-broker.js';
import type { QueueOptions } from '../../../src/broker/embedded/queue/queue-memory.js';
import type { ErrorCode } from '../../../src/message/error.js';
import type { AckMode } from '../../../src/message/frame.js';
import { silentLogger } from '../../../src/message/logger.js';
import { publication } from '../publication.js';

export const refusal = (code: ErrorCode) =>
  expect.objectContaining({ name: 'MessagingError', code }) as Error;

/** @param shares the parts into which shared limits are divided; with 1 every account can use everything */
export function brokerWith(
  queue: Partial<QueueOptions> = {},
  options: EmbeddedBrokerOptions = {},
  shares = 1,
) {
  const clock = testClock({ date: 0 });
  const errors: string[] = [];
  const logger = { ...silentLogger, error: (text: string) => void errors.push(text) };
  const context: BrokerContext = { clock, ids: sequentialIds(), logger, separator: '/', shares };
  const subject = new EmbeddedBroker({ queue, ...options });
  return {
    subject,
    clock,
    errors,
    context,
    started: subject.start(context),
    publish: (destination: string, ...texts: string[]) => {
      for (const text of texts) void subject.publish(publication(destination, text));
    },
    consumer: (account?: string) => consumerOf(subject, account),
  };
}

export type Consumer = ReturnType<typeof consumerOf>;

function consumerOf(broker: EmbeddedBroker, account: string | undefined) {
  const deliveries: {
    readonly subscription: string;
    readonly text: string;
    readonly destination: string;
    readonly headers: ReadonlyMap<string, string>;
    readonly ack: string | undefined;
    readonly redelivered: number | undefined;
    readonly retained: boolean;
  }[] = [];
  const acks = new Map<string, string | undefined>();
  /** The codes of the errors that ended the session. */
  const failures: string[] = [];
  let full = false;
  let waiting: (() => void)[] = [];
  const state = { busy: false, gone: false };
  const subscriber: Subscriber = Object.assign(state, {
    id: 'session',
    account,
    deliver({ id }, { message: { destination, headers, body } }, marks = {}) {
      const text = Buffer.from(body).toString();
      const { ack, redelivered, retained = false } = marks;
      deliveries.push({ subscription: id, text, destination, headers, ack, redelivered, retained });
      acks.set(text, ack);
      return !full;
    },
    room: () => (full ? new Promise<void>((resolve) => waiting.push(resolve)) : Promise.resolve()),
    fail: ({ code }) => void failures.push(code),
  } satisfies Omit<Subscriber, keyof typeof state>);
  const connection = broker.connect(subscriber);
  return {
    connection,
    deliveries,
    failures,
    /** `gone`: the broker has not closed the connection yet. `busy`: frames of the session are processed. */
    state,
    /** Removes the deliveries so far and returns their texts. */
    takeTexts: () => deliveries.splice(0).map(({ text }) => text),
    subscribe(
      id: string,
      destination: string,
      ack: AckMode = 'auto',
      headers: Readonly<Record<string, string>> = {},
    ): void {
      const all = new Map(Object.entries(headers));
      void connection.subscribe({ id, destination, ack, headers: all });
    },
    /** Sends ACK or NACK for the delivery of this text. */
    settle: (kind: 'ack' | 'nack', text: string) =>
      void connection.settle({ kind, id: acks.get(text) ?? 'none' }),
    /** Simulates a full outbox. */
    fill: () => void (full = true),
    /** Simulates that the outbox has room again; resolves when the broker has reacted. */
    async drain(): Promise<void> {
      full = false;
      for (const resolve of waiting) resolve();
      waiting = [];
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
