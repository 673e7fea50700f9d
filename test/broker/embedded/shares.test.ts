// The shares of the embedded broker's limits: a client that uses up its share affects no other client.
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/message/error.js';
import { sizeOf } from '../../../src/message/kept-message.js';
import { publication } from '../publication.js';
import { brokerWith, refusal } from './started-broker.js';

const large = 'x'.repeat(1000);

/** Sends as a client of this account. */
function sender({ subject }: ReturnType<typeof brokerWith>, account: string) {
  return (destination: string, text = large) =>
    void subject.publish(publication(destination, text, {}, account));
}

describe('the share of a client', () => {
  it('bounds the bytes that it has sent to queues', () => {
    const broker = brokerWith({ maxTotalBytes: 20_000 }, {}, 8);
    const [flood, order] = [sender(broker, 'user mallory'), sender(broker, 'user ann')];
    flood('/queue/a');
    expect(() => flood('/queue/b')).toThrow(refusal('queue-full'));
    expect(() => flood('/queue/b')).toThrow('as one client may have');
    order('/queue/orders');
    broker.publish('/queue/reports', 'x'.repeat(10_000));
  });

  it('bounds the messages that it has in one queue', () => {
    const broker = brokerWith({ maxMessages: 16 }, {}, 8);
    const [flood, order] = [sender(broker, 'user mallory'), sender(broker, 'user ann')];
    flood('/queue/orders');
    flood('/queue/orders');
    expect(() => flood('/queue/orders')).toThrow(refusal('queue-full'));
    expect(() => flood('/queue/orders')).toThrow('as many messages in this queue as one client');
    order('/queue/orders');
    flood('/queue/others');
    broker.publish('/queue/orders', ...Array.from({ length: 13 }, () => 'x'));
    expect(() => order('/queue/orders')).toThrow(refusal('queue-full'));
    // The share is free again when a message leaves the queue.
    const reader = broker.consumer();
    reader.subscribe('1', '/queue/orders');
    flood('/queue/orders');
  });

  it('does not bound its messages in a queue that drops the oldest one', () => {
    const broker = brokerWith({ maxMessages: 8, whenFull: 'drop-oldest' }, {}, 8);
    const publish = sender(broker, 'user ann');
    for (let i = 0; i < 12; i++) publish('/queue/latest', `${i}`);
    const reader = broker.consumer();
    reader.subscribe('1', '/queue/latest');
    expect(reader.takeTexts()).toEqual(['4', '5', '6', '7', '8', '9', '10', '11']);
  });

  it('is free again when its messages are acknowledged, dropped or dead', () => {
    const broker = brokerWith(
      { maxTotalBytes: 20_000, maxDeliveries: 1, whenFull: 'drop-oldest', maxMessages: 1 },
      {},
      8,
    );
    const send = sender(broker, 'user ann');
    const reader = broker.consumer();
    send('/queue/a');
    reader.subscribe('a', '/queue/a', 'client');
    reader.settle('ack', large);
    send('/queue/a');
    reader.settle('nack', large);
    // The dead letter counts for its sender.
    expect(() => send('/queue/a')).toThrow(refusal('queue-full'));
    reader.subscribe('dead', '/queue/dead-letters');
    send('/queue/a');
  });

  it('bounds its dead letters, and the log names the queue and the client of a lost one', () => {
    const broker = brokerWith({ maxMessages: 16, maxDeliveries: 1 }, {}, 8);
    const reader = broker.consumer();
    reader.subscribe('1', '/queue/orders', 'client-individual');
    for (const account of ['user mallory', 'user ann'])
      for (let i = 0; i < 3; i++) {
        sender(broker, account)('/queue/orders', `${account} ${i}`);
        reader.settle('nack', `${account} ${i}`);
      }
    const operator = broker.consumer();
    operator.subscribe('1', '/queue/dead-letters');
    expect(operator.takeTexts()).toEqual(
      ['user mallory', 'user ann'].flatMap((account) => [`${account} 0`, `${account} 1`]),
    );
    expect(broker.errors).toEqual([
      "A message of '/queue/orders' could not be moved to '/queue/dead-letters' and is lost. It counts for 'user mallory'.",
    ]);
  });

  it('loses no dead letter because of the header that it receives', () => {
    const size = sizeOf(publication('/queue/orders', large).message);
    const broker = brokerWith(
      { maxTotalBytes: 16 * size, maxDeliveries: 1, maxBytes: 2 * size },
      {},
      8,
    );
    const send = sender(broker, 'user ann');
    const reader = broker.consumer();
    reader.subscribe('1', '/queue/orders', 'client');
    for (let i = 0; i < 2; i++) send('/queue/orders');
    void reader.connection.close();
    expect(broker.errors).toEqual([]);
    expect(() => send('/queue/orders')).toThrow(refusal('queue-full'));
    const operator = broker.consumer();
    operator.subscribe('1', '/queue/dead-letters');
    expect(operator.takeTexts()).toEqual([large, large]);
  });

  it('bounds the queues that it opens, by SEND and by SUBSCRIBE', () => {
    const broker = brokerWith({ maxQueues: 16 }, {}, 8);
    const [flood, order] = [sender(broker, 'user mallory'), sender(broker, 'user ann')];
    const mallory = broker.consumer('user mallory');
    flood('/queue/1');
    mallory.subscribe('2', '/queue/2');
    expect(() => flood('/queue/3')).toThrow(refusal('queue-limit'));
    expect(() => mallory.subscribe('3', '/queue/3')).toThrow(refusal('queue-limit'));
    order('/queue/orders');
    flood('/queue/orders');
    void mallory.connection.unsubscribe('2');
    flood('/queue/3');
  });

  it('bounds its durable subscriptions, also while it is away', () => {
    const broker = brokerWith({}, { durable: { maxSubscriptions: 16 } }, 8);
    const durably = (account: string, name: string) => {
      const { connection } = broker.consumer(account);
      const durable = { id: '1', ack: 'auto', headers: new Map(), durable: name } as const;
      void connection.subscribe({ ...durable, destination: '/topic/x' });
      return connection;
    };
    const first = durably('address 10.0.0.1', 'one');
    void first.close();
    durably('address 10.0.0.1', 'two');
    expect(() => durably('address 10.0.0.1', 'three')).toThrow(refusal('subscription-limit'));
    durably('user ann', 'orders');
    void durably('address 10.0.0.1', 'one').unsubscribe('1');
    durably('address 10.0.0.1', 'three');
  });

  it('bounds the shapes of its patterns', () => {
    const { consumer } = brokerWith({}, { topic: { maxPatternShapes: 8 } }, 8);
    const [mallory, ann] = [consumer('user mallory'), consumer('user ann')];
    mallory.subscribe('1', '/topic/?');
    expect(() => mallory.subscribe('2', '/topic/??')).toThrow(refusal('pattern-limit'));
    ann.subscribe('1', '/topic/??');
    // The shape is open already.
    mallory.subscribe('2', '/topic/??');
    void mallory.connection.unsubscribe('1');
    mallory.subscribe('3', '/topic/?/?');
  });

  it.each([undefined, 'kept'])(
    'bounds the lists of retained messages that its subscriptions hold (durable name: %s)',
    (durable) => {
      const broker = brokerWith(
        {},
        { topic: { maxUnacknowledgedBytes: 52_000 }, retain: { destinations: ['/topic/**'] } },
        8,
      );
      for (let i = 0; i < 20; i++) broker.publish(`/topic/r/${i}`, 'x');
      const mallory = broker.consumer('user mallory');
      const subscribe = (id: string) =>
        void mallory.connection.subscribe({
          id,
          destination: '/topic/r/*',
          ack: 'client',
          headers: new Map([['prefetch-count', '1']]),
          durable: durable && `${durable} ${id}`,
        });
      // Each one holds a list of 20 entries of 128 bytes, and one message that waits for its acknowledgement.
      subscribe('1');
      subscribe('2');
      expect(() => subscribe('3')).toThrow(refusal('queue-full'));
      expect(mallory.takeTexts()).toHaveLength(2);
      // A refused subscription holds nothing.
      broker.publish('/topic/r/0', 'y');
      expect([mallory.takeTexts(), mallory.failures]).toEqual([[], []]);
      broker.consumer('user ann').subscribe('1', '/topic/r/*', 'client');
      // The list of an ended subscription is given back.
      void mallory.connection.unsubscribe('1');
      subscribe('3');
    },
  );

  it('holds no list of retained messages any more when all of them were read', () => {
    const broker = brokerWith(
      {},
      { topic: { maxUnacknowledgedBytes: 25_600 }, retain: { destinations: ['/topic/**'] } },
      8,
    );
    for (let i = 0; i < 20; i++) broker.publish(`/topic/r/${i}`, `${i}`);
    const ann = broker.consumer('user ann');
    for (const id of ['1', '2', '3']) {
      ann.subscribe(id, '/topic/r/*', 'client', { 'prefetch-count': '1' });
      for (let i = 0; i < 20; i++) ann.settle('ack', `${i}`);
    }
    expect(ann.takeTexts()).toHaveLength(60);
  });

  it('bounds the messages of topics that it does not acknowledge, over all its subscriptions', () => {
    const broker = brokerWith({}, { topic: { maxUnacknowledgedBytes: 32_000 } }, 8);
    const [mallory, ann] = [broker.consumer('user mallory'), broker.consumer('user ann')];
    for (let i = 0; i < 4; i++) mallory.subscribe(`${i}`, `/topic/${i}`, 'client');
    ann.subscribe('0', '/topic/0', 'client');
    for (let i = 0; i < 4; i++) broker.publish(`/topic/${i}`, large);
    expect([mallory.failures, ann.failures]).toEqual([['slow-consumer'], []]);
  });
});

it('a client replaces only its own retained messages', () => {
  const retain = { destinations: ['/topic/**'], maxMessages: 16 };
  const broker = brokerWith({}, { retain }, 8);
  const [flood, price] = [sender(broker, 'user mallory'), sender(broker, 'user ann')];
  price('/topic/price', '1');
  broker.publish('/topic/state', 'open');
  for (let i = 0; i < 100; i++) flood(`/topic/${i}`, `${i}`);
  const reader = broker.consumer();
  reader.subscribe('all', '/topic/*');
  expect(reader.takeTexts()).toEqual(['1', 'open', '98', '99']);
});

describe('subscribers of topics that acknowledge', () => {
  it('continue while queues are full', () => {
    const broker = brokerWith({ maxTotalBytes: 3000 });
    const ann = broker.consumer('user ann');
    ann.subscribe('news', '/topic/news', 'client');
    broker.publish('/queue/full', large, large);
    for (const text of ['1', '2', '3']) {
      broker.publish('/topic/news', text);
      ann.settle('ack', text);
    }
    expect([ann.takeTexts(), ann.failures]).toEqual([['1', '2', '3'], []]);
  });

  it('continue while other clients use the whole limit of topics', () => {
    const broker = brokerWith({}, { topic: { maxUnacknowledgedBytes: 8 * 1300 } }, 8);
    for (let i = 0; i < 8; i++) {
      broker.consumer(`user mallory-${i}`).subscribe('s', `/topic/${i}`, 'client');
      broker.publish(`/topic/${i}`, large);
    }
    const ann = broker.consumer('user ann');
    ann.subscribe('news', '/topic/news', 'client');
    for (const text of ['1', '2', '3']) {
      broker.publish('/topic/news', text);
      ann.settle('ack', text);
    }
    expect([ann.takeTexts(), ann.failures]).toEqual([['1', '2', '3'], []]);
  });

  it('hold 1,000 messages whose acknowledgements are on their way, and miss none', () => {
    const broker = brokerWith({ maxMessages: 1500 });
    const ann = broker.consumer('user ann');
    ann.subscribe('news', '/topic/news', 'client');
    for (let round = 0; round < 5; round++) {
      broker.publish('/topic/news', ...Array.from({ length: 1000 }, (_, i) => `${round} ${i}`));
      expect(ann.takeTexts()).toHaveLength(1000);
      ann.settle('ack', `${round} 999`);
    }
    expect(ann.failures).toEqual([]);
  });

  it('can be many: a message that all of them hold counts once', () => {
    const broker = brokerWith({}, { topic: { maxUnacknowledgedBytes: 50_000 } }, 8);
    const readers = Array.from({ length: 200 }, (_, i) => broker.consumer(`user ${i}`));
    for (const each of readers) each.subscribe('news', '/topic/news', 'client');
    broker.publish('/topic/news', large);
    expect(readers.flatMap(({ failures }) => failures)).toEqual([]);
    expect(readers.flatMap((each) => each.takeTexts())).toHaveLength(200);
  });

  it('can have many subscriptions: a message that all of them hold counts once', () => {
    const broker = brokerWith({}, { topic: { maxUnacknowledgedBytes: 160_000 } }, 8);
    const ann = broker.consumer('user ann');
    for (let i = 0; i < 100; i++) ann.subscribe(`${i}`, '/topic/news', 'client');
    broker.publish('/topic/news', large);
    expect([ann.takeTexts().length, ann.failures]).toEqual([100, []]);
  });

  it('stays free for a topic subscriber that acknowledges, when others have filled all limits', () => {
    const broker = brokerWith(
      { maxTotalBytes: 40_000, maxQueues: 100 },
      {
        topic: { maxUnacknowledgedBytes: 40_000, maxPatternShapes: 16 },
        durable: { maxSubscriptions: 16 },
      },
      8,
    );
    const ann = broker.consumer('user ann');
    ann.subscribe('1', '/topic/news', 'client-individual');
    const others = Array.from({ length: 40 }, (_, i) => `user ${i}`);
    const fill = (code: ErrorCode, use: (account: string, nth: number) => void) => {
      for (const [nth, account] of others.entries())
        for (let i = 0; i < 20; i++) attempt(() => use(account, nth * 20 + i));
      expect(() => use('user last', 1000)).toThrow(refusal(code));
    };
    fill('queue-limit', (account, n) => sender(broker, account)(`/queue/${n}`, ''));
    fill('queue-full', (account) => sender(broker, account)('/queue/0'));
    fill('subscription-limit', (account, n) => {
      const durable = { id: '1', ack: 'client', headers: new Map(), durable: `${n}` } as const;
      void broker.consumer(account).connection.subscribe({ ...durable, destination: '/topic/d' });
    });
    fill('pattern-limit', (account, n) =>
      broker
        .consumer(account)
        .subscribe('1', `/topic/x${'?'.repeat(n % 8)}/${'y'.repeat((n % 31) + 1)}*`),
    );
    const readers = others.map((account) => broker.consumer(account));
    for (const reader of readers) reader.subscribe('1', '/topic/other', 'client');
    for (let i = 0; i < 10; i++) broker.publish('/topic/other', large);
    expect(readers.filter(({ failures }) => failures.length === 0)).toEqual([]);

    for (let i = 0; i < 100; i++) {
      broker.publish('/topic/news', `${i}`);
      ann.settle('ack', `${i}`);
    }
    expect([ann.takeTexts().length, ann.failures]).toEqual([100, []]);
    // Without ACK it is closed, when its own share is full.
    broker.publish('/topic/news', ...Array.from({ length: 10 }, () => large));
    expect(ann.failures).toContain('slow-consumer');
  });
});

/** Ignores a refusal. */
function attempt(use: () => void): void {
  try {
    use();
  } catch {
    // The limit, or the share of the account, is used up.
  }
}
