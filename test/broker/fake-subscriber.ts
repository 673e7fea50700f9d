// A session subscriber on a broker that records its calls.
import type { Broker, BrokerConnection } from '../../src/broker/broker.js';
import { defaultQueueOptions } from '../../src/broker/embedded/queue/queue-memory.js';
import type { Publication } from '../../src/broker/publication.js';
import { sessionQueueMemory } from '../../src/broker/session-queues.js';
import { SharedSubscriptions } from '../../src/broker/shared-subscriptions.js';
import {
  MessageFrames,
  SessionSubscriber,
  type DeliveryHook,
} from '../../src/broker/subscriber.js';
import type { MessagingError } from '../../src/message/error.js';
import type { MessageFrame, ServerFrame, SubscribeFrame } from '../../src/message/frame.js';
import { silentLogger } from '../../src/message/logger.js';
import { noHeaders } from '../../src/message/message.js';
import { testClock } from '../../src/testing/test-clock.js';

export function subscribeFrame(
  id: string,
  destination: string,
  more: Partial<SubscribeFrame> = {},
): SubscribeFrame {
  return { kind: 'subscribe', id, destination, ack: 'auto', headers: noHeaders, ...more };
}

let count = 0;

export function publication(destination: string, text = 'x', origin?: string): Publication {
  const message = { destination, headers: noHeaders, body: Buffer.from(text) };
  return { id: `m${++count}`, message, origin, publishedAt: 0 };
}

/** @param answer the broker's answer to SUBSCRIBE */
export function fakeSubscriber(
  answer: () => void | Promise<void> = () => {},
  onDelivery?: DeliveryHook,
) {
  const calls: string[] = [];
  const published: Publication[] = [];
  const sent: ServerFrame[] = [];
  const failures: MessagingError[] = [];
  const state = {
    gone: false,
    full: false,
    refusesCommit: undefined as Error | undefined,
    refusesUnsubscribe: undefined as Error | undefined,
  };
  const connection: BrokerConnection = {
    subscribe: ({ id, destination }) => (calls.push(`subscribe ${id} ${destination}`), answer()),
    unsubscribe(id) {
      calls.push(`unsubscribe ${id}`);
      if (state.refusesUnsubscribe !== undefined) throw state.refusesUnsubscribe;
    },
    send: (each) => void published.push(each),
    settle: ({ kind, id }) => void calls.push(`${kind} ${id}`),
    commit(operations) {
      if (state.refusesCommit !== undefined) throw state.refusesCommit;
      calls.push(`commit ${operations.map(({ kind }) => kind).join(' ')}`.trim());
      published.push(
        ...operations.flatMap((each) => (each.kind === 'send' ? each.publication : [])),
      );
    },
    close: () => void calls.push('close'),
  };
  const broker: Broker = {
    start: () => {},
    stop: () => {},
    publish: (each) => void published.push(each),
    connect: () => connection,
  };
  const recipient = {
    id: 's1',
    busy: false,
    get gone() {
      return state.gone;
    },
    outbox: {
      send: (frame: ServerFrame) => (sent.push(frame), !state.full),
      forget: (id: string) => void calls.push(`forget ${id}`),
    },
    room: () => Promise.resolve(),
    fail: (error: MessagingError) => void failures.push(error),
  };
  const clock = testClock();
  const parts = {
    broker,
    frames: new MessageFrames(),
    subscriptions: new SharedSubscriptions(),
    sessionQueueMemory: sessionQueueMemory(clock, silentLogger, defaultQueueOptions, 1),
    onDelivery,
  };
  const make = (client?: string) =>
    new SessionSubscriber(recipient, parts, { account: 'user ann', client });
  const texts = () =>
    sent.map((each) => Buffer.from((each as MessageFrame).message.body).toString());
  const ackOf = (at: number) => (sent[at] as MessageFrame).marks?.ack ?? 'none';
  return { subject: make(), make, broker, calls, published, sent, texts, ackOf, failures, state };
}
