// Acknowledgement in the embedded broker: which messages ACK and NACK settle, and where unacknowledged messages go.
import { describe, expect, it, vi } from 'vitest';
import { Acknowledgements, type Consumer } from '../../../../src/broker/embedded/queue/consumer.js';
import type { QueuedMessage } from '../../../../src/broker/embedded/queue/message-list.js';
import { sending } from '../../publication.js';
import { brokerWith, refusal } from '../started-broker.js';

describe.each(['/queue/x', '/topic/x'])('acknowledgement of %s', (destination) => {
  it('covers all earlier messages with ack client, and one with client-individual', () => {
    for (const [ack, next] of [
      ['client', ['3', '4']],
      ['client-individual', ['3']],
    ] as const) {
      const { publish, consumer } = brokerWith();
      const ann = consumer();
      ann.subscribe('a', destination, ack, { 'prefetch-count': '2' });
      publish(destination, '1', '2', '3', '4');
      expect(ann.takeTexts()).toEqual(['1', '2']);
      ann.settle('ack', '2');
      // Unacknowledged messages use up the prefetch window.
      expect(ann.takeTexts()).toEqual(next);
    }
  });

  it('by NACK repeats the message, marked, before later messages', () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    ann.subscribe('a', destination, 'client-individual', { 'prefetch-count': '1' });
    publish(destination, '1', '2');
    ann.settle('nack', '1');
    expect(ann.deliveries.map(({ text, redelivered }) => [text, redelivered])).toEqual([
      ['1', undefined],
      ['1', 1],
    ]);
    ann.settle('ack', '1');
    expect(ann.takeTexts()).toEqual(['1', '1', '2']);
  });

  it('by too many NACKs moves the message to the dead letters', () => {
    const { publish, consumer, errors } = brokerWith({ maxDeliveries: 3 });
    const [ann, eve] = [consumer(), consumer()];
    ann.subscribe('a', destination, 'client');
    eve.subscribe('d', '/queue/dead-letters', 'client');
    publish(destination, '1');
    for (let n = 0; n < 3; n++) ann.settle('nack', '1');
    expect(ann.takeTexts()).toEqual(['1', '1', '1']);
    expect(eve.deliveries).toMatchObject([{ text: '1', redelivered: undefined }]);
    expect(eve.deliveries[0]!.headers.get('original-destination')).toBe(destination);
    for (let n = 0; n < 3; n++) eve.settle('nack', '1');
    expect(errors).toEqual([
      "A message of '/queue/dead-letters' could not be moved to '/queue/dead-letters' and is lost. It counts for the application.",
    ]);
  });

  it('logs dead letters that are lost once a minute', () => {
    const { publish, consumer, errors } = brokerWith({ maxDeliveries: 1 });
    const eve = consumer();
    eve.subscribe('d', '/queue/dead-letters', 'client-individual');
    for (let n = 0; n < 100; n++) {
      publish('/queue/dead-letters', `${n}`);
      eve.settle('nack', `${n}`);
    }
    expect([eve.deliveries.length, errors.length]).toEqual([100, 1]);
  });

  it.each([
    ['the last delivery', () => 999],
    ['one delivery after the other', (i: number) => i],
    ['one delivery before the other', (i: number) => 999 - i],
  ])('in one transaction reads each delivery once: ACKs of %s', (_name, nth) => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    ann.subscribe('a', destination, 'client', { 'prefetch-count': '1000' });
    publish(destination, ...Array.from({ length: 1000 }, (_, i) => `${i}`));
    const operations = Array.from({ length: 1000 }, (_, i) => {
      const settlement = { kind: 'ack', id: ann.deliveries[nth(i)]!.ack! } as const;
      return { kind: 'settle', settlement } as const;
    });
    const steps = vi.spyOn(Object.getPrototypeOf(new Map().entries()) as Iterator<unknown>, 'next');
    void ann.connection.commit(operations);
    const { length } = steps.mock.calls;
    steps.mockRestore();
    expect(length).toBeLessThan(8000);
    publish(destination, 'next');
    expect(ann.deliveries.at(-1)!.text).toBe('next');
  });

  it('ignores a settled message and rejects an unknown id', () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    ann.subscribe('a', destination, 'client-individual');
    publish(destination, '1', '2');
    ann.settle('ack', '1');
    ann.settle('ack', '1');
    ann.settle('nack', '1');
    for (const id of ['3', '0', '-1', '1e0', 'x', '', '99999999999999999999'])
      expect(() => ann.connection.settle({ kind: 'ack', id })).toThrow(
        refusal('acknowledgement-unknown'),
      );
  });

  it.each(['/queue/x', '/topic/x'])('is rejected after UNSUBSCRIBE of %s', (from) => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    ann.subscribe('a', from, 'client-individual');
    publish(from, '1', '2');
    ann.settle('ack', '1');
    void ann.connection.unsubscribe('a');
    ann.settle('ack', '1');
    for (const kind of ['ack', 'nack'] as const)
      expect(() => ann.settle(kind, '2')).toThrow(refusal('acknowledgement-unknown'));
  });

  it('is rejected after the acknowledgement timeout, also when the same connection receives the message again', async () => {
    const { publish, consumer, clock } = brokerWith({ ackTimeout: 1000 });
    const ann = consumer();
    ann.subscribe('a', '/queue/x', 'client');
    publish('/queue/x', '1');
    await clock.advance(1125);
    const [first, second] = ann.deliveries.map(({ ack }) => ack!);
    expect(() => ann.connection.settle({ kind: 'ack', id: first! })).toThrow(
      refusal('acknowledgement-unknown'),
    );
    void ann.connection.settle({ kind: 'ack', id: second! });
    await clock.advance(10_000);
    expect(ann.takeTexts()).toEqual(['1', '1']);
  });

  it('is ignored for a settled message with an id of several digits', () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    ann.subscribe('a', destination, 'client', { 'prefetch-count': '12' });
    for (let n = 1; n <= 12; n++) publish(destination, String(n));
    ann.settle('ack', '12');
    ann.settle('ack', '12');
    expect(ann.takeTexts()).toHaveLength(12);
  });

  it('has the id of the message, and another one when the connection receives the message again', () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    ann.subscribe('a', destination, 'client');
    publish(destination, '1');
    ann.settle('nack', '1');
    ann.settle('nack', '1');
    const ids = ann.deliveries.map(({ ack }) => ack);
    expect(ids).toEqual([ids[0], `${ids[0]}@1`, `${ids[0]}@2`]);
  });

  it('has an id that no other delivery of the connection has, also if the id of a message ends like a second id', () => {
    const acknowledgements = new Acknowledgements();
    const issue = (id: string) =>
      acknowledgements.issue({} as Consumer, { publication: { id } } as QueuedMessage);
    expect(['a', 'a@1', 'a', 'a@1', 'a'].map(issue)).toEqual(['a', 'a@1', 'a@2', 'a@1@3', 'a@4']);
  });

  it('is known for the latest 1,024 settled messages at least', () => {
    const { publish, consumer } = brokerWith({ maxPrefetch: 3000 });
    const ann = consumer();
    ann.subscribe('a', destination, 'client-individual', { 'prefetch-count': '3000' });
    const texts = Array.from({ length: 2048 }, (_, i) => String(i));
    publish(destination, ...texts);
    for (const text of texts) ann.settle('ack', text);
    ann.settle('ack', '1024');
    expect(() => ann.settle('ack', '0')).toThrow(refusal('acknowledgement-unknown'));
  });

  it('is rejected when it names another subscription', () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    ann.subscribe('a', destination, 'client');
    publish(destination, '1');
    const id = ann.deliveries[0]!.ack!;
    const settle = (subscription: string) =>
      ann.connection.settle({ kind: 'ack', id, subscription });
    expect(() => settle('b')).toThrow(refusal('acknowledgement-unknown'));
    expect(() => settle('a')).not.toThrow();
  });
});

describe('a queue', () => {
  it('delivers the unacknowledged messages of an ended subscription to the others, in order', () => {
    const { publish, consumer } = brokerWith();
    const [ann, bob] = [consumer(), consumer()];
    ann.subscribe('a', '/queue/x', 'client-individual');
    publish('/queue/x', '1', '2', '3');
    ann.settle('ack', '2');
    bob.subscribe('b', '/queue/x', 'client');
    void ann.connection.unsubscribe('a');
    publish('/queue/x', '4');
    expect(bob.deliveries.map(({ text, redelivered }) => [text, redelivered])).toEqual([
      ['1', 1],
      ['3', 1],
      ['4', undefined],
    ]);
  });

  it('delivers the unacknowledged messages of a closed connection to the next subscriber', () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    ann.subscribe('a', '/queue/x', 'client');
    ann.subscribe('b', '/queue/x', 'client');
    publish('/queue/x', '1', '2', '3', '4');
    void ann.connection.close();
    const bob = consumer();
    bob.subscribe('a', '/queue/x');
    expect(bob.takeTexts()).toEqual(['1', '2', '3', '4']);
  });

  it('leaves messages outside a prefetch window to other subscribers', () => {
    const { publish, consumer } = brokerWith();
    const [slow, quick] = [consumer(), consumer()];
    slow.subscribe('a', '/queue/x', 'client', { 'prefetch-count': '1' });
    quick.subscribe('b', '/queue/x');
    publish('/queue/x', '1', '2', '3', '4');
    expect([slow.takeTexts(), quick.takeTexts()]).toEqual([['1'], ['2', '3', '4']]);
  });

  it.each(['0', '-1', '1.5', 'x', '1001', '9'.repeat(400)])(
    'rejects the prefetch window %s',
    (size) => {
      const ann = brokerWith().consumer();
      expect(() => ann.subscribe('a', '/queue/x', 'client', { 'prefetch-count': size })).toThrow(
        refusal('header-refused'),
      );
      ann.subscribe('a', '/queue/x', 'client');
    },
  );

  it('frees the memory of a subscription whose prefetch window is rejected', () => {
    const { publish, consumer } = brokerWith({ maxQueues: 1, maxMessages: 1 });
    const ann = consumer();
    const none = { 'prefetch-count': '0' };
    const refused = refusal('header-refused');
    expect(() => ann.subscribe('q', '/queue/x', 'client', none)).toThrow(refused);
    expect(() => ann.subscribe('t', '/topic/x', 'client', none)).toThrow(refused);
    ann.subscribe('q', '/queue/y');
    publish('/topic/x', '1', '2');
    expect(ann.failures).toEqual([]);
  });
});

describe('a topic', () => {
  it('has separate acknowledgements for each subscription', () => {
    const { publish, consumer } = brokerWith();
    const [ann, bob] = [consumer(), consumer()];
    ann.subscribe('a', '/topic/*', 'client', { 'prefetch-count': '1' });
    bob.subscribe('b', '/topic/x');
    publish('/topic/x', '1', '2');
    expect([ann.takeTexts(), bob.takeTexts()]).toEqual([['1'], ['1', '2']]);
    ann.settle('ack', '1');
    expect(ann.takeTexts()).toEqual(['2']);
  });

  it('ends only the session that does not acknowledge enough', () => {
    const { publish, consumer } = brokerWith({ maxMessages: 2 });
    const [ann, bob] = [consumer(), consumer()];
    ann.subscribe('a', '/topic/x', 'client');
    bob.subscribe('b', '/topic/x');
    publish('/topic/x', '1', '2', '3');
    expect([ann.takeTexts(), ann.failures]).toEqual([['1', '2'], ['slow-consumer']]);
    expect(bob.takeTexts()).toEqual(['1', '2', '3']);
  });

  it.each(['UNSUBSCRIBE', 'its connection'])(
    'frees the memory of a subscription that ends with %s',
    (end) => {
      const { publish, consumer } = brokerWith({}, { topic: { maxUnacknowledgedBytes: 3000 } });
      const [ann, bob] = [consumer(), consumer()];
      ann.subscribe('a', '/topic/x', 'client', { 'prefetch-count': '1' });
      publish('/topic/x', 'x'.repeat(1000), 'x'.repeat(1000));
      if (end === 'UNSUBSCRIBE') void ann.connection.unsubscribe('a');
      else void ann.connection.close();
      bob.subscribe('b', '/topic/x', 'client');
      publish('/topic/x', 'x'.repeat(2500));
      expect(bob.takeTexts()).toEqual(['x'.repeat(2500)]);
    },
  );
});

describe('a commit', () => {
  it('publishes and acknowledges everything, in order', () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    ann.subscribe('t', '/topic/x');
    ann.subscribe('q', '/queue/x', 'client');
    publish('/queue/x', 'job');
    const ack = ann.deliveries[0]!.ack!;
    void ann.connection.commit([
      sending('/topic/x', '1'),
      { kind: 'settle', settlement: { kind: 'ack', id: ack } },
      sending('/queue/x', '2'),
      sending('/topic/x', '3'),
    ]);
    expect(ann.takeTexts()).toEqual(['job', '1', '2', '3']);
  });

  it('has no step to take for a message that was acknowledged before', () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    ann.subscribe('a', '/queue/x', 'client-individual');
    publish('/queue/x', '1');
    const settlement = { kind: 'ack', id: ann.deliveries[0]!.ack! } as const;
    ann.settle('ack', '1');
    void ann.connection.commit([{ kind: 'settle', settlement }, sending('/queue/x', '2')]);
    expect(ann.takeTexts()).toEqual(['1', '2']);
  });

  it('takes no effect when it acknowledges a message that the server has taken back', () => {
    const { publish, consumer } = brokerWith();
    const [ann, bob] = [consumer(), consumer()];
    ann.subscribe('a', '/queue/x', 'client-individual');
    bob.subscribe('t', '/topic/x');
    publish('/queue/x', '1');
    const settlement = { kind: 'ack', id: ann.deliveries[0]!.ack! } as const;
    void ann.connection.unsubscribe('a');
    expect(() =>
      ann.connection.commit([sending('/topic/x'), { kind: 'settle', settlement }]),
    ).toThrow(refusal('acknowledgement-unknown'));
    expect(bob.takeTexts()).toEqual([]);
  });

  it('does nothing when one of its steps is rejected', () => {
    const { publish, consumer } = brokerWith({ maxMessages: 1 });
    const [ann, bob] = [consumer(), consumer()];
    ann.subscribe('t', '/topic/x');
    bob.subscribe('q', '/queue/x', 'client');
    publish('/queue/x', 'job');
    expect(() => ann.connection.commit([sending('/topic/x'), sending('/queue/x')])).toThrow(
      refusal('queue-full'),
    );
    const settlement = { kind: 'ack', id: '7' } as const;
    expect(() =>
      ann.connection.commit([sending('/topic/x'), { kind: 'settle', settlement }]),
    ).toThrow(refusal('acknowledgement-unknown'));
    expect(ann.takeTexts()).toEqual([]);
  });
});

describe('the dead letters', () => {
  it('free the memory of the queue that they come from', () => {
    const { publish, consumer } = brokerWith({ maxDeliveries: 1, maxTotalBytes: 3000 });
    const [ann, dead] = [consumer(), consumer()];
    ann.subscribe('a', '/queue/x', 'client');
    dead.subscribe('d', '/queue/dead-letters');
    const large = 'x'.repeat(1000);
    publish('/queue/x', large);
    ann.settle('nack', large);
    expect(dead.deliveries).toMatchObject([{ text: large, retained: false }]);
    publish('/queue/y', 'x'.repeat(2500));
  });

  it('make room in the queue that they come from', () => {
    const { publish, consumer } = brokerWith({ maxDeliveries: 1, maxMessages: 1 });
    const ann = consumer();
    ann.subscribe('a', '/queue/x', 'client');
    publish('/queue/x', '1');
    ann.settle('nack', '1');
    publish('/queue/x', '2');
    expect(ann.takeTexts()).toEqual(['1', '2']);
  });

  it('can be answered with a message to the queue that they come from', () => {
    const { subject, publish, consumer } = brokerWith({ maxDeliveries: 1 });
    const connection = subject.connect({
      id: 'answering',
      busy: false,
      gone: false,
      deliver: () => {
        publish('/queue/x', 'answer');
        return true;
      },
      room: () => Promise.resolve(),
      fail: () => {},
    });
    void connection.subscribe({
      id: 'd',
      destination: '/queue/dead-letters',
      ack: 'auto',
      headers: new Map(),
    });
    const ann = consumer();
    ann.subscribe('a', '/queue/x', 'client');
    publish('/queue/x', '1');
    void ann.connection.close();
    const bob = consumer();
    bob.subscribe('b', '/queue/x');
    expect(bob.takeTexts()).toEqual(['answer']);
  });

  it('do not receive the unacknowledged messages of a topic subscription that ends', () => {
    const { publish, consumer, errors } = brokerWith({ maxDeliveries: 1 });
    const [ann, bob, eve] = [consumer(), consumer(), consumer()];
    eve.subscribe('d', '/queue/dead-letters');
    for (const each of [ann, bob]) each.subscribe('a', '/topic/x', 'client');
    publish('/topic/x', '1');
    void ann.connection.unsubscribe('a');
    void bob.connection.close();
    expect([eve.takeTexts(), errors]).toEqual([[], []]);
  });
});
