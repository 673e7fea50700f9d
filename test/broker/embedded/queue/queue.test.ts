// Queues of the embedded broker: one message to one subscriber, kept until it is settled.
import { describe, expect, it } from 'vitest';
import { brokerWith, publication, refusal, sending } from '../consuming.js';

describe('a queue', () => {
  it('gives each message to one subscriber, in turn', () => {
    const { publish, consumer } = brokerWith();
    const [ann, bob] = [consumer(), consumer()];
    ann.listen('a', '/queue/x');
    bob.listen('b', '/queue/x');
    publish('/queue/x', '1', '2', '3', '4');
    expect([ann.texts(), bob.texts()]).toEqual([
      ['1', '3'],
      ['2', '4'],
    ]);
  });

  it('keeps messages while nobody listens, in order', () => {
    const { publish, consumer } = brokerWith();
    publish('/queue/x', '1', '2');
    const ann = consumer();
    ann.listen('a', '/queue/x');
    publish('/queue/x', '3');
    expect(ann.texts()).toEqual(['1', '2', '3']);
    const late = consumer();
    late.listen('b', '/queue/x');
    expect(late.texts()).toEqual([]);
  });

  it('waits for room, whatever the ack mode, and overflows nobody', async () => {
    const { publish, consumer } = brokerWith();
    const [full, other] = [consumer(), consumer()];
    full.fill();
    full.listen('a', '/queue/x');
    publish('/queue/x', ...Array.from({ length: 10_000 }, (_, i) => String(i)));
    expect(full.texts()).toEqual(['0']);
    other.listen('b', '/queue/x');
    expect(other.texts()).toHaveLength(9999);
    publish('/queue/x', 'next');
    expect([full.texts(), other.texts()]).toEqual([[], ['next']]);
    await full.empty();
    publish('/queue/x', '1', '2');
    expect([full.texts(), other.texts()]).toEqual([['2'], ['1']]);
  });

  it('is subscribed by its name', () => {
    const { consumer } = brokerWith();
    const ann = consumer();
    expect(() => ann.listen('a', '/queue/*')).toThrow(refusal('destination-invalid'));
    ann.listen('a', '/queue/x');
    expect(() => ann.listen('a', '/queue/y')).toThrow(refusal('subscription-exists'));
  });

  it('is where the broker is told that it is', () => {
    const { publish, consumer } = brokerWith({ prefixes: ['/jobs'] });
    const [ann, bob] = [consumer(), consumer()];
    for (const each of [ann, bob]) {
      each.listen('q', '/queue/x');
      each.listen('j', '/jobs/x');
    }
    publish('/queue/x', 'all');
    publish('/jobs/x', 'one');
    expect([ann.texts(), bob.texts()]).toEqual([['all', 'one'], ['all']]);
  });

  it('drops what has expired', () => {
    const { subject, clock, consumer } = brokerWith();
    const ann = consumer();
    void subject.publish(publication('/queue/x', 'soon', { expires: '1000' }));
    void subject.publish(publication('/queue/x', 'later', { expires: '2000' }));
    void subject.publish(publication('/queue/x', 'never', { expires: '0' }));
    void subject.publish(publication('/queue/x', 'nonsense', { expires: 'tomorrow' }));
    clock.advance(1000);
    ann.listen('a', '/queue/x');
    expect(ann.texts()).toEqual(['later', 'never', 'nonsense']);
  });

  it('gives nothing to a subscriber whom nothing reaches, though the broker was not told', () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    ann.listen('a', '/queue/x');
    ann.vanish();
    publish('/queue/x', '1');
    const bob = consumer();
    bob.listen('b', '/queue/x');
    expect([ann.texts(), bob.texts()]).toEqual([[], ['1']]);
  });

  it('gets back what a line held, and gives it to no other subscription of that line', () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    ann.listen('a', '/queue/x', 'client');
    publish('/queue/x', '1');
    ann.listen('b', '/queue/x');
    expect(ann.texts()).toEqual(['1']);
    void ann.connection.close();
    const bob = consumer();
    bob.listen('c', '/queue/x');
    expect(ann.texts()).toEqual([]);
    expect(bob.got).toMatchObject([{ text: '1', redelivered: 1 }]);
  });

  it('survives a delivery that throws', () => {
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
    ann.listen('a', '/queue/x');
    void broken.close();
    expect(ann.texts()).toEqual(['1']);
  });
});

describe('a full queue', () => {
  it('refuses what it cannot hold, and takes again when something has left', () => {
    const { publish, consumer } = brokerWith({ maxMessages: 2 });
    publish('/queue/x', '1', '2');
    expect(() => publish('/queue/x', '3')).toThrow(refusal('queue-full'));
    publish('/queue/y', 'other');
    const ann = consumer();
    ann.listen('a', '/queue/x', 'client-individual');
    expect(() => publish('/queue/x', '3')).toThrow(refusal('queue-full'));
    ann.settle('ack', '1');
    publish('/queue/x', '3');
    expect(ann.texts()).toEqual(['1', '2', '3']);
  });

  it('may drop the oldest instead, but nothing that somebody holds', () => {
    const { publish, consumer } = brokerWith({ maxMessages: 2, whenFull: 'drop-oldest' });
    publish('/queue/x', '1', '2', '3');
    const ann = consumer();
    ann.listen('a', '/queue/x', 'client');
    expect(ann.texts()).toEqual(['2', '3']);
    expect(() => publish('/queue/x', '4')).toThrow(refusal('queue-full'));
  });

  it('drops nothing for what it could not hold all the same', () => {
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
    ann.listen('a', '/queue/x');
    expect(ann.texts()).toEqual(['1', '2']);
  });

  it('counts octets, its own and those of all queues', () => {
    const { publish } = brokerWith({ maxBytes: 2000, maxTotalBytes: 3000 });
    publish('/queue/x', 'x'.repeat(1000));
    expect(() => publish('/queue/x', 'x'.repeat(1000))).toThrow(refusal('queue-full'));
    publish('/queue/y', 'x'.repeat(1000));
    expect(() => publish('/queue/z', 'x'.repeat(1000))).toThrow(refusal('queue-full'));
  });

  it('counts nothing twice that its subscriber gives up while it gets it', () => {
    const { subject, publish } = brokerWith({ maxTotalBytes: 3000 });
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
    publish('/queue/x', 'x'.repeat(2000));
    expect(() => publish('/queue/x', 'x'.repeat(2000))).toThrow(refusal('queue-full'));
  });

  it('that refused its first message was never there', () => {
    const { publish } = brokerWith({ maxBytes: 1000, maxTotalBytes: 1500, maxQueues: 1 });
    expect(() => publish('/queue/x', 'x'.repeat(1000))).toThrow(refusal('queue-full'));
    expect(() => publish('/queue/y', 'x'.repeat(2000))).toThrow(refusal('queue-full'));
    publish('/queue/z', 'fits');
  });

  it('has its place when it was admitted, whatever a delivery before it publishes', () => {
    const { subject, consumer, errors } = brokerWith({ maxQueues: 2 });
    const refused: unknown[] = [];
    const nosy = subject.connect({
      id: 'nosy',
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
    void nosy.subscribe({ id: '1', destination: '/topic/x', ack: 'auto', headers: new Map() });
    void nosy.commit(
      ['/topic/x', '/queue/a', '/queue/b'].map((destination) => sending(destination, destination)),
    );
    expect(refused).toEqual([refusal('queue-limit')]);
    const ann = consumer();
    ann.listen('a', '/queue/a');
    ann.listen('b', '/queue/b');
    expect([ann.texts(), errors]).toEqual([['/queue/a', '/queue/b'], []]);
  });

  it('is forgotten when it holds nothing and nobody listens', () => {
    const { publish, consumer } = brokerWith({ maxQueues: 1 });
    publish('/queue/x', '1');
    expect(() => publish('/queue/y', '1')).toThrow(refusal('queue-limit'));
    const ann = consumer();
    ann.listen('a', '/queue/x');
    expect(() => ann.listen('b', '/queue/y')).toThrow(refusal('queue-limit'));
    void ann.connection.close();
    publish('/queue/y', '1');
  });
});

describe('a message that expires', () => {
  const expiring = (text: string, date: number) =>
    publication('/queue/jobs', text, { expires: String(date) });

  it('makes room for others when its queue is full', () => {
    const { subject, clock, publish, consumer } = brokerWith({ maxMessages: 2 });
    void subject.publish(expiring('early', clock.date() + 10));
    publish('/queue/jobs', 'one');
    expect(() => publish('/queue/jobs', 'two')).toThrow(refusal('queue-full'));
    clock.advance(10);
    publish('/queue/jobs', 'two');
    const ann = consumer();
    ann.listen('1', '/queue/jobs');
    expect(ann.texts()).toEqual(['one', 'two']);
  });

  it('is dropped though nobody asks, and the looking ends with the last', () => {
    const { subject, clock, publish } = brokerWith({ maxTotalBytes: 2000 });
    void subject.publish(expiring('x'.repeat(1000), clock.date() + 10));
    void subject.publish(expiring('late', clock.date() + 15_000));
    clock.advance(10_000);
    publish('/queue/others', 'x'.repeat(1000));
    expect(clock.timers).toBe(1);
    clock.advance(10_000);
    expect(clock.timers).toBe(0);
  });

  it('costs no subscriber its turn', () => {
    const { subject, clock, publish, consumer } = brokerWith();
    const [ann, bob] = [consumer(), consumer()];
    ann.listen('1', '/queue/jobs');
    bob.listen('1', '/queue/jobs');
    clock.advance(10);
    void subject.publish(expiring('late', clock.date() - 1));
    publish('/queue/jobs', 'one', 'two');
    expect([ann.texts(), bob.texts()]).toEqual([['one'], ['two']]);
  });

  it('takes nothing with it of a later queue of the same name', () => {
    const { subject, clock, publish, consumer } = brokerWith();
    const ann = consumer();
    ann.listen('1', '/queue/jobs');
    void subject.publish(expiring('early', clock.date() + 10));
    void ann.connection.close();
    publish('/queue/jobs', 'kept');
    clock.advance(10_000);
    const bob = consumer();
    bob.listen('1', '/queue/jobs');
    expect([ann.texts(), bob.texts()]).toEqual([['early'], ['kept']]);
  });

  it('is not looked for once it is settled, however late it would have expired', () => {
    const { subject, clock, consumer } = brokerWith();
    const ann = consumer();
    for (const [id, destination] of [
      ['a', '/queue/left'],
      ['b', '/queue/heard'],
    ] as const) {
      void subject.publish(publication(destination, 'x', { expires: '86400000' }));
      ann.listen(id, destination);
    }
    void ann.connection.unsubscribe('a');
    clock.advance(20_000);
    expect(clock.timers).toBe(0);
  });

  it('is looked for again when it has come back', () => {
    const { subject, clock, consumer } = brokerWith();
    const ann = consumer();
    ann.listen('1', '/queue/jobs', 'client-individual');
    void subject.publish(expiring('job', clock.date() + 30_000));
    clock.advance(20_000);
    void ann.connection.close();
    expect(clock.timers).toBe(1);
    clock.advance(20_000);
    expect(clock.timers).toBe(0);
    const bob = consumer();
    bob.listen('1', '/queue/jobs');
    expect(bob.texts()).toEqual([]);
  });
});
