// Queues of the embedded broker: each message goes to one subscriber and is kept until it is acknowledged.
import { describe, expect, it, vi } from 'vitest';
import type { Subscription } from '../../../../src/broker/broker.js';
import { MessageList } from '../../../../src/broker/embedded/queue/message-list.js';
import { sizeOf } from '../../../../src/message/kept-message.js';
import { collectGarbage } from '../../../collect-garbage.js';
import { message, publication, sending } from '../../publication.js';
import { brokerWith, refusal } from '../started-broker.js';

/** Resolves in the next turn of the event loop, after its deliveries. */
const laterTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('a queue', () => {
  it('delivers each message to one subscriber, in turn', async () => {
    const { publish, consumer } = brokerWith();
    const [ann, bob] = [consumer(), consumer()];
    ann.subscribe('a', '/queue/x');
    bob.subscribe('b', '/queue/x');
    publish('/queue/x', '1', '2', '3', '4');
    expect([ann.takeTexts(), bob.takeTexts()]).toEqual([
      ['1', '3'],
      ['2', '4'],
    ]);
  });

  it('keeps messages while it has no subscriber, in order', async () => {
    const { publish, consumer } = brokerWith();
    publish('/queue/x', '1', '2');
    const ann = consumer();
    ann.subscribe('a', '/queue/x');
    publish('/queue/x', '3');
    expect(ann.takeTexts()).toEqual(['1', '2', '3']);
    const late = consumer();
    late.subscribe('b', '/queue/x');
    expect(late.takeTexts()).toEqual([]);
  });

  it('waits for room in the outbox of a subscriber, with every ack mode', async () => {
    const { publish, consumer } = brokerWith();
    const [full, other] = [consumer(), consumer()];
    full.fill();
    full.subscribe('a', '/queue/x');
    publish('/queue/x', ...Array.from({ length: 10_000 }, (_, i) => String(i)));
    expect(full.takeTexts()).toEqual(['0']);
    other.subscribe('b', '/queue/x');
    while (other.deliveries.length < 9999) await laterTurn();
    expect(other.takeTexts()).toHaveLength(9999);
    publish('/queue/x', 'next');
    await laterTurn();
    expect([full.takeTexts(), other.takeTexts()]).toEqual([[], ['next']]);
    await full.drain();
    publish('/queue/x', '1', '2');
    expect([full.takeTexts(), other.takeTexts()]).toEqual([['2'], ['1']]);
  });

  it('delivers no message to a subscription that ended while its subscriber had no room', async () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    ann.subscribe('a', '/queue/x');
    ann.fill();
    publish('/queue/x', '1');
    void ann.connection.unsubscribe('a');
    await ann.drain();
    publish('/queue/x', '2');
    expect(ann.takeTexts()).toEqual(['1']);
  });

  it('cannot be subscribed by a pattern', async () => {
    const { consumer } = brokerWith();
    const ann = consumer();
    expect(() => ann.subscribe('a', '/queue/*')).toThrow(refusal('destination-invalid'));
    ann.subscribe('a', '/queue/x');
    expect(() => ann.subscribe('a', '/queue/y')).toThrow(refusal('subscription-exists'));
  });

  it('is a destination below one of the prefixes', async () => {
    const { publish, consumer } = brokerWith({ prefixes: ['/jobs'] });
    const [ann, bob] = [consumer(), consumer()];
    for (const each of [ann, bob]) {
      each.subscribe('q', '/queue/x');
      each.subscribe('j', '/jobs/x');
    }
    publish('/queue/x', 'all');
    publish('/jobs/x', 'one');
    expect([ann.takeTexts(), bob.takeTexts()]).toEqual([['all', 'one'], ['all']]);
  });

  it('drops expired messages', async () => {
    const { subject, clock, consumer } = brokerWith();
    const ann = consumer();
    void subject.publish(publication('/queue/x', 'soon', { expires: '1000' }));
    void subject.publish(publication('/queue/x', 'later', { expires: '2000' }));
    void subject.publish(publication('/queue/x', 'never', { expires: '0' }));
    void subject.publish(publication('/queue/x', 'nonsense', { expires: 'tomorrow' }));
    await clock.advance(1000);
    ann.subscribe('a', '/queue/x');
    expect(ann.takeTexts()).toEqual(['later', 'never', 'nonsense']);
  });

  it('delivers no message to an ended session before its connection closes', async () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    ann.subscribe('a', '/queue/x');
    ann.state.gone = true;
    publish('/queue/x', '1');
    const bob = consumer();
    bob.subscribe('b', '/queue/x');
    expect([ann.takeTexts(), bob.takeTexts()]).toEqual([[], ['1']]);
  });

  it('takes back the messages of a closing connection, and delivers none to its other subscriptions', async () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    ann.subscribe('a', '/queue/x', 'client');
    publish('/queue/x', '1');
    ann.subscribe('b', '/queue/x');
    expect(ann.takeTexts()).toEqual(['1']);
    void ann.connection.close();
    const bob = consumer();
    bob.subscribe('c', '/queue/x');
    expect(ann.takeTexts()).toEqual([]);
    expect(bob.deliveries).toMatchObject([{ text: '1', redelivered: 1 }]);
  });

  it('continues after a delivery that throws', async () => {
    const { subject, errors, publish, consumer } = brokerWith();
    const broken = subject.connect({
      id: 'broken',
      busy: false,
      gone: false,
      deliver: () => {
        throw new Error('broken');
      },
      room: () => Promise.resolve(),
      fail: () => {},
    });
    void broken.subscribe({
      id: 'a',
      destination: '/queue/x',
      ack: 'client',
      headers: new Map(),
    });
    publish('/queue/x', '1');
    expect(errors).toEqual(['A delivery to the subscriber broken failed.']);
    const ann = consumer();
    ann.subscribe('a', '/queue/x');
    void broken.close();
    expect(ann.takeTexts()).toEqual(['1']);
  });
});

describe('a full queue', () => {
  it('rejects messages until there is room again', async () => {
    const { publish, consumer } = brokerWith({ maxMessages: 2 });
    publish('/queue/x', '1', '2');
    expect(() => publish('/queue/x', '3')).toThrow(refusal('queue-full'));
    publish('/queue/y', 'other');
    const ann = consumer();
    ann.subscribe('a', '/queue/x', 'client-individual');
    expect(() => publish('/queue/x', '3')).toThrow(refusal('queue-full'));
    ann.settle('ack', '1');
    publish('/queue/x', '3');
    expect(ann.takeTexts()).toEqual(['1', '2', '3']);
  });

  it('can drop the oldest message, but none that waits for its acknowledgement', async () => {
    const { publish, consumer } = brokerWith({ maxMessages: 2, whenFull: 'drop-oldest' });
    publish('/queue/x', '1', '2', '3');
    const ann = consumer();
    ann.subscribe('a', '/queue/x', 'client');
    expect(ann.takeTexts()).toEqual(['2', '3']);
    expect(() => publish('/queue/x', '4')).toThrow(refusal('queue-full'));
  });

  it('drops as many of the oldest messages as a large one needs', async () => {
    const size = (text: string) => sizeOf(message('/queue/x', text));
    const large = 'x'.repeat(1000);
    const { publish, consumer } = brokerWith({
      maxBytes: size('1') + size(large),
      whenFull: 'drop-oldest',
    });
    publish('/queue/x', '1', '2', '3', '4', large);
    const ann = consumer();
    ann.subscribe('a', '/queue/x');
    expect(ann.takeTexts()).toEqual(['4', large]);
  });

  it('drops no message for a message that is rejected', async () => {
    const { publish, consumer } = brokerWith({
      maxMessages: 3,
      maxBytes: 3000,
      whenFull: 'drop-oldest',
    });
    publish('/queue/x', '1', '2');
    expect(() => publish('/queue/x', 'x'.repeat(3000))).toThrow(refusal('queue-full'));
    const { connection } = consumer();
    const sends = Array.from({ length: 4 }, () => sending('/queue/y'));
    const operations = [sending('/queue/x'), sending('/queue/x'), ...sends];
    expect(() => connection.commit(operations)).toThrow(refusal('queue-full'));
    const ann = consumer();
    ann.subscribe('a', '/queue/x');
    expect(ann.takeTexts()).toEqual(['1', '2']);
  });

  it('counts its bytes and those of all queues', async () => {
    const { publish } = brokerWith({ maxBytes: 2000, maxTotalBytes: 3000 });
    publish('/queue/x', 'x'.repeat(1000));
    expect(() => publish('/queue/x', 'x'.repeat(1000))).toThrow(refusal('queue-full'));
    publish('/queue/y', 'x'.repeat(1000));
    expect(() => publish('/queue/z', 'x'.repeat(1000))).toThrow(refusal('queue-full'));
  });

  it('counts a message once when its subscription ends during the delivery', async () => {
    const topic = { maxUnacknowledgedBytes: 3000 };
    const { subject, publish, consumer } = brokerWith({}, { topic });
    for (let i = 0; i < 3; i++) {
      const connection = subject.connect({
        id: 'hasty',
        busy: false,
        gone: false,
        deliver: ({ id }) => {
          void connection.unsubscribe(id);
          return true;
        },
        room: () => Promise.resolve(),
        fail: () => {},
      });
      const durably = { id: '1', ack: 'auto', headers: new Map(), durable: `name ${i}` } as const;
      void connection.subscribe({ ...durably, destination: '/topic/x' });
      publish('/topic/x', 'x'.repeat(2000));
    }
    const ann = consumer();
    ann.subscribe('a', '/topic/y', 'client');
    publish('/topic/y', 'x'.repeat(2000));
    expect(ann.failures).toEqual([]);
    publish('/topic/y', 'x'.repeat(2000));
    expect(ann.failures).toEqual(['slow-consumer']);
  });

  it('does not exist after it has rejected its first message', async () => {
    const { publish } = brokerWith({ maxBytes: 1000, maxTotalBytes: 1500, maxQueues: 1 });
    expect(() => publish('/queue/x', 'x'.repeat(1000))).toThrow(refusal('queue-full'));
    expect(() => publish('/queue/y', 'x'.repeat(2000))).toThrow(refusal('queue-full'));
    publish('/queue/z', 'fits');
  });

  it('keeps its place for an admitted message while an earlier delivery publishes', async () => {
    const { subject, consumer, errors } = brokerWith({ maxQueues: 2 });
    const refused: unknown[] = [];
    const publishing = subject.connect({
      id: 'publishing',
      busy: false,
      gone: false,
      deliver: () => {
        try {
          void subject.publish(publication('/queue/c', 'c'));
        } catch (error) {
          refused.push(error);
        }
        return true;
      },
      room: () => Promise.resolve(),
      fail: () => {},
    });
    void publishing.subscribe({
      id: '1',
      destination: '/topic/x',
      ack: 'auto',
      headers: new Map(),
    });
    void publishing.commit(
      ['/topic/x', '/queue/a', '/queue/b'].map((destination) => sending(destination, destination)),
    );
    expect(refused).toEqual([refusal('queue-limit')]);
    const ann = consumer();
    ann.subscribe('a', '/queue/a');
    ann.subscribe('b', '/queue/b');
    expect([ann.takeTexts(), errors]).toEqual([['/queue/a', '/queue/b'], []]);
  });

  it('frees the memory of ended subscriptions', async () => {
    const { consumer } = brokerWith();
    const [ann, bob] = [consumer(), consumer()];
    ann.subscribe('a', '/queue/x');
    const ended = Array.from({ length: 1000 }, () => {
      const headers = new Map<string, string>();
      const subscription: Subscription = { id: 'b', destination: '/queue/x', ack: 'auto', headers };
      void bob.connection.subscribe(subscription);
      void bob.connection.unsubscribe('b');
      return new WeakRef(subscription);
    });
    // A WeakRef keeps its object until the end of the turn.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(ended.filter((each) => each.deref() !== undefined).length).toBeLessThan(10);
  });

  it('is deleted when it has neither messages nor subscribers', async () => {
    const { publish, consumer } = brokerWith({ maxQueues: 1 });
    publish('/queue/x', '1');
    expect(() => publish('/queue/y', '1')).toThrow(refusal('queue-limit'));
    const ann = consumer();
    ann.subscribe('a', '/queue/x');
    expect(() => ann.subscribe('b', '/queue/y')).toThrow(refusal('queue-limit'));
    void ann.connection.close();
    publish('/queue/y', '1');
  });
});

describe('the limits of all queues', () => {
  it('hold exactly their bytes', () => {
    const size = sizeOf(message('/queue/x', '1'));
    const { publish } = brokerWith({ maxTotalBytes: size, maxBytes: size });
    publish('/queue/x', '1');
    expect(() => publish('/queue/y', '')).toThrow(refusal('queue-full'));
  });

  it('count all messages of a commit', () => {
    const { consumer } = brokerWith({ maxBytes: 2000 });
    const large = sending('/queue/x', 'x'.repeat(1000));
    expect(() => consumer().connection.commit([large, large])).toThrow(refusal('queue-full'));
  });

  it('open no queue for a commit that would need too many', () => {
    const { publish, consumer } = brokerWith({ maxQueues: 1 });
    const ann = consumer();
    const commit = [sending('/queue/a', '1'), sending('/queue/b', '2')];
    expect(() => ann.connection.commit(commit)).toThrow(refusal('queue-limit'));
    publish('/queue/c', '3');
    ann.subscribe('c', '/queue/c');
    expect(ann.takeTexts()).toEqual(['3']);
  });
});

it('delivers 250 messages to a subscriber in one turn of the event loop, in their order', async () => {
  const { publish, consumer } = brokerWith();
  const texts = Array.from({ length: 600 }, (_, i) => String(i));
  publish('/queue/x', ...texts);
  const ann = consumer();
  ann.subscribe('a', '/queue/x');
  expect(ann.deliveries).toHaveLength(250);
  publish('/queue/x', 'later');
  expect(ann.deliveries).toHaveLength(250);
  await laterTurn();
  expect(ann.deliveries).toHaveLength(500);
  await laterTurn();
  expect(ann.takeTexts()).toEqual([...texts, 'later']);
});

it('delivers any number of messages to a subscriber that acknowledges during the delivery', async () => {
  const { subject, publish, errors } = brokerWith();
  const count = 20_000;
  for (let n = 0; n < count; n++) publish('/queue/x', '');
  let delivered = 0;
  const connection = subject.connect({
    id: 's',
    busy: false,
    gone: false,
    deliver(_subscription, _publication, marks) {
      delivered++;
      void connection.settle({ kind: 'ack', id: marks!.ack! });
      return true;
    },
    room: () => Promise.resolve(),
    fail: () => {},
  });
  void connection.subscribe({
    id: '1',
    destination: '/queue/x',
    ack: 'client-individual',
    headers: new Map([['prefetch-count', '1']]),
  });
  while (delivered < count) await laterTurn();
  expect([delivered, errors]).toEqual([count, []]);
});

describe('a broker that stops', () => {
  it('delivers no more messages of its queues', async () => {
    const { subject, publish, consumer } = brokerWith();
    const ann = consumer();
    ann.subscribe('q', '/queue/x', 'client', { 'prefetch-count': '1' });
    ann.subscribe('t', '/topic/x', 'client', { 'prefetch-count': '1' });
    publish('/queue/x', '1', '2');
    publish('/topic/x', '3', '4');
    void subject.stop();
    ann.settle('ack', '1');
    ann.settle('ack', '3');
    expect(ann.takeTexts()).toEqual(['1', '3']);
  });

  it('leaves no timer for expired messages', async () => {
    const { subject, clock } = brokerWith();
    void subject.publish(publication('/queue/x', 'x', { expires: '86400000' }));
    void subject.stop();
    expect(clock.timers).toHaveLength(0);
  });
});

describe('a message that expires', () => {
  const expiring = (text: string, date: number) =>
    publication('/queue/jobs', text, { expires: String(date) });

  it('makes room for other messages when its queue is full', async () => {
    const { subject, clock, publish, consumer } = brokerWith({ maxMessages: 2 });
    void subject.publish(expiring('early', clock.date() + 10));
    publish('/queue/jobs', 'one');
    expect(() => publish('/queue/jobs', 'two')).toThrow(refusal('queue-full'));
    await clock.advance(10);
    publish('/queue/jobs', 'two');
    const ann = consumer();
    ann.subscribe('1', '/queue/jobs');
    expect(ann.takeTexts()).toEqual(['one', 'two']);
  });

  it('causes one search of a long queue for many messages that find the queue full', async () => {
    for (const limit of [{ maxMessages: 1000 }, { maxTotalBytes: 400_000 }]) {
      const { subject, clock } = brokerWith(limit);
      let date = clock.date();
      const fill = () => {
        for (;;) void subject.publish(expiring('x', ++date));
      };
      expect(fill).toThrow(refusal('queue-full'));
      const search = vi.spyOn(MessageList.prototype, 'extract');
      let accepted = 0;
      for (let i = 0; i < 500; i++) {
        await clock.advance(1);
        try {
          void subject.publish(expiring('x', ++date));
          accepted++;
        } catch {
          // The next search makes room.
        }
      }
      expect(search.mock.calls.length).toBeLessThan(60);
      expect(accepted).toBeGreaterThan(400);
      search.mockRestore();
    }
  });

  it('is dropped by a timer, which ends with the last such message', async () => {
    const { subject, clock, publish } = brokerWith({ maxTotalBytes: 2000 });
    void subject.publish(expiring('x'.repeat(1000), clock.date() + 10));
    void subject.publish(expiring('late', clock.date() + 15_000));
    await clock.advance(10_000);
    publish('/queue/others', 'x'.repeat(1000));
    expect(clock.timers).toHaveLength(1);
    await clock.advance(10_000);
    expect(clock.timers).toHaveLength(0);
  });

  it('makes room in the memory of all queues', async () => {
    const { subject, clock, publish } = brokerWith({ maxTotalBytes: 3000 });
    void subject.publish(expiring('x'.repeat(1500), clock.date() + 10));
    expect(() => publish('/queue/others', 'x'.repeat(1500))).toThrow(refusal('queue-full'));
    await clock.advance(10);
    publish('/queue/others', 'x'.repeat(1500));
  });

  it('does not use up the turn of a subscriber', async () => {
    // A message that was not counted out would fill the queue.
    const { subject, clock, publish, consumer } = brokerWith({ maxMessages: 1 });
    const [ann, bob] = [consumer(), consumer()];
    ann.subscribe('1', '/queue/jobs');
    bob.subscribe('1', '/queue/jobs');
    await clock.advance(10);
    void subject.publish(expiring('late', clock.date() - 1));
    publish('/queue/jobs', 'one', 'two');
    expect([ann.takeTexts(), bob.takeTexts()]).toEqual([['one'], ['two']]);
  });

  it('does not affect a later queue of the same name', async () => {
    const { subject, clock, publish, consumer } = brokerWith();
    const ann = consumer();
    ann.subscribe('1', '/queue/jobs');
    void subject.publish(expiring('early', clock.date() + 10));
    void ann.connection.close();
    publish('/queue/jobs', 'kept');
    await clock.advance(10_000);
    const bob = consumer();
    bob.subscribe('1', '/queue/jobs');
    expect([ann.takeTexts(), bob.takeTexts()]).toEqual([['early'], ['kept']]);
  });

  it('needs no timer after it was acknowledged', async () => {
    const { subject, clock, consumer } = brokerWith();
    const ann = consumer();
    for (const [id, destination] of [
      ['a', '/queue/left'],
      ['b', '/queue/other'],
    ] as const) {
      void subject.publish(publication(destination, 'x', { expires: '86400000' }));
      ann.subscribe(id, destination);
    }
    void ann.connection.unsubscribe('a');
    await clock.advance(20_000);
    expect(clock.timers).toHaveLength(0);
  });

  it('needs no timer after its subscription has ended', async () => {
    const { subject, clock, consumer } = brokerWith();
    const ann = consumer();
    ann.subscribe('1', '/topic/x', 'client', { 'prefetch-count': '1' });
    for (const text of ['one', 'two'])
      void subject.publish(publication('/topic/x', text, { expires: '86400000' }));
    void ann.connection.unsubscribe('1');
    await clock.advance(20_000);
    expect(clock.timers).toHaveLength(0);
  });

  it('needs the timer again when it returns to the queue', async () => {
    const { subject, clock, consumer } = brokerWith();
    const ann = consumer();
    ann.subscribe('1', '/queue/jobs', 'client-individual');
    void subject.publish(expiring('job', clock.date() + 30_000));
    await clock.advance(20_000);
    void ann.connection.close();
    expect(clock.timers).toHaveLength(1);
    await clock.advance(20_000);
    expect(clock.timers).toHaveLength(0);
    const bob = consumer();
    bob.subscribe('1', '/queue/jobs');
    expect(bob.takeTexts()).toEqual([]);
  });
});
