// The embedded broker: topics, their subscriptions, and the order of deliveries.
import { describe, expect, it } from 'vitest';
import type { BrokerConnection, Subscriber, Subscription } from '../../../src/broker/broker.js';
import { EmbeddedBroker } from '../../../src/broker/embedded/embedded-broker.js';
import type { Publication } from '../../../src/broker/publication.js';
import type { ErrorCode } from '../../../src/message/error.js';
import type { AckMode } from '../../../src/message/frame.js';
import { noHeaders } from '../../../src/message/message.js';
import { testClock } from 'signalbox/testing';

/** A publication of the client that is called by the name of its id. */
const publication = (id: string, destination: string, text = ''): Publication => ({
  id,
  message: { destination, headers: noHeaders, body: Buffer.from(text) },
  origin: undefined,
  publishedAt: 0,
});

function broker(separator: '/' | '.' = '/') {
  let count = 0;
  const errors: unknown[][] = [];
  const logger = {
    error: (...args: unknown[]) => void errors.push(args),
    warn: () => {},
    info: () => {},
  };
  const ids = { message: () => `m${++count}` };
  const subject = new EmbeddedBroker();
  const context = { clock: testClock(), ids, separator, logger, shares: 1 };
  void subject.start(context);
  return {
    subject,
    context,
    errors,
    publish: (to: string, text?: string) => subject.publish(publication(ids.message(), to, text)),
  };
}

interface Client extends BrokerConnection {
  /** Subscription id, message id and body of each delivery. */
  readonly deliveries: string[];
  subscribeTo(id: string, destination: string, ack?: AckMode): void;
}

function client(
  subject: EmbeddedBroker,
  onDelivery?: (text: string, self: Client) => void,
): Client {
  const deliveries: string[] = [];
  const subscriber: Subscriber = {
    id: 'session-1',
    busy: false,
    gone: false,
    deliver({ id }: Subscription, { id: messageId, message: { body } }) {
      const text = Buffer.from(body).toString();
      deliveries.push(`${id} ${messageId} ${text}`.trimEnd());
      onDelivery?.(text, self);
      return true;
    },
    room: () => Promise.resolve(),
    fail: () => {},
  };
  const connection = subject.connect(subscriber);
  const self: Client = Object.assign(connection, {
    deliveries,
    subscribeTo: (id: string, destination: string, ack: AckMode = 'auto') =>
      void connection.subscribe({ id, destination, ack, headers: noHeaders }),
  });
  return self;
}

const refusal = (code: ErrorCode) =>
  expect.objectContaining({ name: 'MessagingError', code }) as Error;

describe('a publication', () => {
  it('is delivered to all subscribers with the same message id', async () => {
    const { subject, publish } = broker();
    const [ann, bob, eve] = [client(subject), client(subject), client(subject)];
    ann.subscribeTo('1', '/topic/a');
    bob.subscribeTo('x', '/topic/*');
    eve.subscribeTo('1', '/topic/b');
    void publish('/topic/a', 'hi');
    expect([ann.deliveries, bob.deliveries, eve.deliveries]).toEqual([
      ['1 m1 hi'],
      ['x m1 hi'],
      [],
    ]);
  });

  it('is delivered to its sender too', async () => {
    const { subject } = broker();
    const ann = client(subject);
    ann.subscribeTo('1', '/topic/a');
    void ann.send(publication('m1', '/topic/a', 'hi'));
    expect(ann.deliveries).toEqual(['1 m1 hi']);
  });

  it('is delivered once for each subscription that matches', async () => {
    const { subject, publish } = broker();
    const ann = client(subject);
    ann.subscribeTo('1', '/topic/a');
    ann.subscribeTo('2', '/topic/a');
    ann.subscribeTo('3', '/topic/**');
    void publish('/topic/a');
    expect(ann.deliveries).toEqual(['1 m1', '2 m1', '3 m1']);
  });

  it('is delivered as the same object, with the object of the subscription', async () => {
    const { subject } = broker();
    const delivered: unknown[] = [];
    const connection = subject.connect({
      id: 's',
      busy: false,
      gone: false,
      deliver: (...all) => delivered.push(all) > 0,
      room: () => Promise.resolve(),
      fail: () => {},
    });
    const subscription: Subscription = {
      id: '1',
      destination: '/a',
      ack: 'auto',
      headers: noHeaders,
    };
    const sent = publication('m1', '/a');
    void connection.subscribe(subscription);
    void subject.publish(sent);
    expect(delivered).toEqual([[subscription, sent]]);
    expect((delivered[0] as unknown[])[1]).toBe(sent);
  });

  it('is matched with patterns segment by segment (Spring: /topic/* and /topic/**)', async () => {
    const { subject, publish } = broker();
    const [one, any] = [client(subject), client(subject)];
    one.subscribeTo('1', '/topic/*');
    any.subscribeTo('1', '/topic/**');
    void publish('/topic/a');
    void publish('/topic/a/b');
    expect([one.deliveries.length, any.deliveries.length]).toEqual([1, 2]);
  });

  it('is matched with segments between dots when the separator is a dot', async () => {
    const { subject, publish } = broker('.');
    const ann = client(subject);
    ann.subscribeTo('1', '/topic/price.*.ibm');
    void publish('/topic/price.stock.ibm');
    expect(ann.deliveries).toHaveLength(1);
  });

  it('is delivered to the other subscribers when one of them throws', async () => {
    const { subject, publish, errors } = broker();
    const failure = new Error('gone');
    const ann = client(subject, () => {
      throw failure;
    });
    const bob = client(subject);
    ann.subscribeTo('1', '/topic/a');
    bob.subscribeTo('1', '/topic/a');
    void publish('/topic/a');
    void publish('/topic/a');
    expect(bob.deliveries).toEqual(['1 m1', '1 m2']);
    expect(errors).toEqual(
      Array(2).fill(['A delivery to the subscriber session-1 failed.', failure]),
    );
  });
});

describe('publications', () => {
  it('are delivered in one order to all subscribers, also when a delivery publishes', async () => {
    const { subject, publish } = broker();
    const ann = client(subject, (text) => {
      if (text === 'ping') void publish('/topic/a', 'pong');
    });
    const bob = client(subject);
    ann.subscribeTo('1', '/topic/a');
    bob.subscribeTo('1', '/topic/a');
    void publish('/topic/a', 'ping');
    void publish('/topic/a', 'end');
    const order = ['1 m1 ping', '1 m2 pong', '1 m3 end'];
    expect([ann.deliveries, bob.deliveries]).toEqual([order, order]);
  });
});

describe('during a publication', () => {
  it('a subscription that ends receives nothing more', async () => {
    const { subject, publish } = broker();
    const ann = client(subject, (_, self) => void self.unsubscribe('2'));
    ann.subscribeTo('1', '/topic/a');
    ann.subscribeTo('2', '/topic/a');
    void publish('/topic/a');
    expect(ann.deliveries).toEqual(['1 m1']);
  });

  it('a connection that closes receives nothing more', async () => {
    const { subject, publish } = broker();
    const bob = client(subject);
    const ann = client(subject, () => void bob.close());
    ann.subscribeTo('1', '/topic/a');
    bob.subscribeTo('1', '/topic/a');
    bob.subscribeTo('2', '/topic/*');
    void publish('/topic/a');
    expect(bob.deliveries).toEqual([]);
  });

  it('a new subscription does not receive it', async () => {
    const { subject, publish } = broker();
    const ann = client(subject, (text, self) => self.subscribeTo(`after ${text}`, '/topic/a'));
    ann.subscribeTo('1', '/topic/a');
    void publish('/topic/a', 'x');
    expect(ann.deliveries).toEqual(['1 m1 x']);
  });

  it('the broker can stop', async () => {
    const { subject, publish } = broker();
    const bob = client(subject);
    const ann = client(subject, () => {
      void publish('/topic/a');
      void subject.stop();
    });
    ann.subscribeTo('1', '/topic/a');
    bob.subscribeTo('1', '/topic/a');
    void publish('/topic/a');
    expect([ann.deliveries, bob.deliveries]).toEqual([['1 m1'], []]);
  });
});

describe('a subscription', () => {
  it('ends with UNSUBSCRIBE, which frees its id', async () => {
    const { subject, publish } = broker();
    const ann = client(subject);
    ann.subscribeTo('1', '/topic/a');
    void ann.unsubscribe('1');
    void publish('/topic/a');
    ann.subscribeTo('1', '/topic/b');
    void publish('/topic/b');
    expect(ann.deliveries).toEqual(['1 m2']);
  });

  it('is rejected when its id is in use', async () => {
    const { subject, publish } = broker();
    const ann = client(subject);
    ann.subscribeTo('1', '/topic/a');
    expect(() => ann.subscribeTo('1', '/topic/b')).toThrow(refusal('subscription-exists'));
    void publish('/topic/a');
    void publish('/topic/b');
    expect(ann.deliveries).toEqual(['1 m1']);
  });

  it('is unknown to UNSUBSCRIBE unless it exists', async () => {
    expect(() => client(broker().subject).unsubscribe('1')).toThrow(
      refusal('subscription-unknown'),
    );
  });

  it('is rejected with a malformed pattern, and does not use its id then', async () => {
    const ann = client(broker().subject);
    expect(() => ann.subscribeTo('1', '/topic/{')).toThrow(refusal('destination-invalid'));
    ann.subscribeTo('1', '/topic/a');
  });

  it('is rejected after the connection has closed', async () => {
    const ann = client(broker().subject);
    ann.subscribeTo('1', '/topic/a');
    void ann.close();
    void ann.close();
    expect(() => ann.subscribeTo('2', '/topic/a')).toThrow(refusal('not-connected'));
    expect(() => ann.unsubscribe('1')).toThrow(refusal('subscription-unknown'));
  });
});

describe('a broker that does not run', () => {
  const subscriber: Subscriber = {
    id: 's',
    busy: false,
    gone: false,
    deliver: () => true,
    room: () => Promise.resolve(),
    fail: () => {},
  };

  it.each<[string, () => EmbeddedBroker]>([
    ['before its start', () => new EmbeddedBroker()],
    [
      'after its stop',
      () => {
        const { subject } = broker();
        void subject.stop();
        return subject;
      },
    ],
  ])('rejects publications and connections %s', (_, make) => {
    const subject = make();
    const unavailable = refusal('broker-unavailable');
    expect(() => subject.publish(publication('m1', '/topic/a'))).toThrow(unavailable);
    expect(() => subject.connect(subscriber)).toThrow(unavailable);
  });

  it('rejects messages of connections that are still open after its stop', async () => {
    const { subject } = broker();
    const ann = client(subject);
    void subject.stop();
    const unavailable = refusal('broker-unavailable');
    expect(() => ann.send(publication('m1', '/topic/a'))).toThrow(unavailable);
    expect(() => ann.send(publication('m1', '/queue/a'))).toThrow(unavailable);
    expect(() => ann.commit([])).toThrow(unavailable);
    expect(() => ann.subscribeTo('1', '/topic/a')).toThrow(unavailable);
  });

  it('can be stopped before its start', () => {
    expect(new EmbeddedBroker().stop()).toBeUndefined();
  });

  it('can be started again, without the messages that it had', async () => {
    const { subject, context } = broker();
    void subject.publish(publication('m1', '/queue/a'));
    void subject.stop();
    void subject.start(context);
    const ann = client(subject);
    ann.subscribeTo('1', '/queue/a');
    expect(ann.deliveries).toEqual([]);
  });
});

it('has the options of its queues, for the queues of sessions', () => {
  expect(new EmbeddedBroker({ queue: { prefetch: 3 } }).queueOptions).toMatchObject({
    prefetch: 3,
    maxDeliveries: 10,
  });
});
