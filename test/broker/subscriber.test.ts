// A session's subscriptions: their bookkeeping, and deliveries as frames.
import { describe, expect, it } from 'vitest';
import type { Broker, BrokerConnection } from '../../src/broker/broker.js';
import { SharedSubscriptions } from '../../src/broker/shared-subscriptions.js';
import { MessageFrames, SessionSubscriber } from '../../src/broker/subscriber.js';
import { sessionQueue, UserDestinations } from '../../src/broker/user-destination.js';
import { MessagingError } from '../../src/message/error.js';
import type { ServerFrame, SubscribeFrame } from '../../src/message/frame.js';
import { noHeaders, type Message } from '../../src/message/message.js';

const frame = (id: string, destination: string): SubscribeFrame => ({
  kind: 'subscribe',
  id,
  destination,
  ack: 'auto',
  headers: noHeaders,
});

const message = (destination: string): Message => ({
  destination,
  headers: noHeaders,
  body: Buffer.from('x'),
});

function subscriber(answer: () => void | Promise<void> = () => {}) {
  const asked: string[] = [];
  const connection: BrokerConnection = {
    subscribe: ({ id, destination }) => (asked.push(`subscribe ${id} ${destination}`), answer()),
    unsubscribe: (id) => void asked.push(`unsubscribe ${id}`),
    send: () => {},
    settle: () => {},
    commit: () => {},
    close: () => void asked.push('close'),
  };
  const broker: Broker = {
    start: () => {},
    stop: () => {},
    publish: () => {},
    connect: () => connection,
  };
  const sent: ServerFrame[] = [];
  const recipient = {
    id: 's1',
    busy: false,
    gone: false,
    outbox: {
      send: (each: ServerFrame) => sent.push(each) > 0,
      forget: (id: string) => void asked.push(`forget ${id}`),
    },
    room: () => Promise.resolve(),
    fail: () => {},
  };
  const parts = {
    broker,
    frames: new MessageFrames(new UserDestinations('/user')),
    subscriptions: new SharedSubscriptions(),
  };
  const make = () => new SessionSubscriber(recipient, parts, undefined);
  return { asked, sent, make, subject: make() };
}

describe('a subscriber', () => {
  it('subscribes and unsubscribes at the broker', async () => {
    const { subject, asked } = subscriber();
    await subject.subscribe(frame('1', '/topic/x'), '/topic/x');
    expect(subject.listensTo('/topic/x')).toBe(true);
    expect(await subject.unsubscribe('1', undefined)).toMatchObject({
      id: '1',
      requested: '/topic/x',
    });
    expect(subject.listensTo('/topic/x')).toBe(false);
    expect(asked).toEqual(['subscribe 1 /topic/x', 'unsubscribe 1', 'forget 1']);
  });

  it('refuses an id twice, even while the broker still thinks about the first', async () => {
    let agree = () => {};
    const { subject } = subscriber(() => new Promise((resolve) => (agree = resolve)));
    const first = subject.subscribe(frame('1', '/topic/x'), '/topic/x');
    await expect(subject.subscribe(frame('1', '/topic/y'), '/topic/y')).rejects.toThrow(
      new MessagingError('subscription-exists'),
    );
    agree();
    await first;
    expect(subject.size).toBe(1);
  });

  it('forgets a subscription that the broker refused', async () => {
    const { subject } = subscriber(() => Promise.reject(new MessagingError('not-supported')));
    await expect(subject.subscribe(frame('1', '/topic/x'), '/topic/x')).rejects.toThrow(
      new MessagingError('not-supported'),
    );
    expect(subject.has('1')).toBe(false);
  });

  it('ends one by its destination, as STOMP 1.0 may', async () => {
    const { subject } = subscriber();
    await subject.subscribe(frame('\0/topic/x', '/topic/x'), '/topic/x');
    expect(await subject.unsubscribe(undefined, '/topic/x')).toMatchObject({ id: '\0/topic/x' });
  });

  it('lets a late UNSUBSCRIBE of one that is over succeed quietly, and refuses an id never known', async () => {
    const { subject } = subscriber();
    subject.end(subject.open('reply', '/app/x'));
    expect(await subject.unsubscribe('reply', undefined)).toBeUndefined();
    await expect(subject.unsubscribe('never', undefined)).rejects.toThrow(
      new MessagingError('subscription-unknown'),
    );
  });

  it('remembers one that is over, though its id was then refused', async () => {
    const { subject } = subscriber(() => Promise.reject(new MessagingError('queue-limit')));
    subject.end(subject.open('1', '/app/x'));
    await expect(subject.subscribe(frame('1', '/queue/x'), '/queue/x')).rejects.toThrow(
      new MessagingError('queue-limit'),
    );
    expect(await subject.unsubscribe('1', undefined)).toBeUndefined();
  });

  it('remembers only so many that are over', async () => {
    const { subject } = subscriber();
    for (let i = 0; i < 200; i++) subject.end(subject.open(`${i}`, '/app/x'));
    expect(await subject.unsubscribe('199', undefined)).toBeUndefined();
    await expect(subject.unsubscribe('0', undefined)).rejects.toThrow(MessagingError);
  });

  it('stops the stream of a subscription that ends', async () => {
    const { subject } = subscriber();
    const { stream: first } = subject.open('1', '/app/ticks');
    const { stream: second } = subject.open('2', '/app/ticks');
    await subject.unsubscribe('1', undefined);
    expect([first.signal.aborted, second.signal.aborted]).toEqual([true, false]);
    subject.stopStreams();
    expect(second.signal.aborted).toBe(true);
  });

  it('does not end a subscription that took the id of one before', async () => {
    const { subject } = subscriber();
    const before = subject.open('1', '/app/ticks');
    await subject.unsubscribe('1', undefined);
    const after = subject.open('1', '/app/ticks');
    subject.end(before);
    expect([subject.has('1'), after.stream.signal.aborted]).toEqual([true, false]);
  });

  it('makes one frame for all who chose the same subscription id', () => {
    const { make, sent } = subscriber();
    const published = message('/topic/x');
    const subscription = {
      id: 'sub-0',
      destination: '/topic/x',
      ack: 'auto',
      headers: noHeaders,
    } as const;
    make().deliver(subscription, 'm1', published);
    make().deliver({ ...subscription }, 'm1', published);
    make().deliver({ ...subscription, id: 'other' }, 'm1', published);
    expect(sent[1]).toBe(sent[0]);
    expect(sent[2]).toMatchObject({ subscription: 'other', message: published });
  });

  it('shows a message of its own queue under the name that the client knows', () => {
    const { subject, sent } = subscriber();
    const destination = sessionQueue('s1', '/queue/x');
    subject.deliver(
      { id: '1', destination, ack: 'auto', headers: noHeaders },
      'm1',
      message(destination),
    );
    expect(sent[0]).toMatchObject({ kind: 'message', message: { destination: '/user/queue/x' } });
  });
});
