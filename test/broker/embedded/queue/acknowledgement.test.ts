// Acknowledgements of the embedded broker: what is settled by what, and what becomes of the rest.
import { describe, expect, it } from 'vitest';
import { brokerWith, refusal, sending } from '../consuming.js';

describe.each(['/queue/x', '/topic/x'])('of %s', (destination) => {
  it('client settles all before it, client-individual one', () => {
    for (const [ack, next] of [
      ['client', ['3', '4']],
      ['client-individual', ['3']],
    ] as const) {
      const { publish, consumer } = brokerWith();
      const ann = consumer();
      ann.listen('a', destination, ack, { 'prefetch-count': '2' });
      publish(destination, '1', '2', '3', '4');
      expect(ann.texts()).toEqual(['1', '2']);
      ann.settle('ack', '2');
      // What is still unsettled counts for the window.
      expect(ann.texts()).toEqual(next);
    }
  });

  it('NACK brings it again, marked, before all that came later', () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    ann.listen('a', destination, 'client-individual', { 'prefetch-count': '1' });
    publish(destination, '1', '2');
    ann.settle('nack', '1');
    expect(ann.got.map(({ text, redelivered }) => [text, redelivered])).toEqual([
      ['1', undefined],
      ['1', 1],
    ]);
    ann.settle('ack', '1');
    expect(ann.texts()).toEqual(['1', '1', '2']);
  });

  it('a message that is refused too often is a dead letter', () => {
    const { publish, consumer, errors } = brokerWith({ maxDeliveries: 3 });
    const [ann, sexton] = [consumer(), consumer()];
    ann.listen('a', destination, 'client');
    sexton.listen('d', '/queue/dead-letters', 'client');
    publish(destination, '1');
    for (let n = 0; n < 3; n++) ann.settle('nack', '1');
    expect(ann.texts()).toEqual(['1', '1', '1']);
    expect(sexton.got).toMatchObject([{ text: '1', redelivered: undefined }]);
    expect(sexton.got[0]!.headers.get('original-destination')).toBe(destination);
    for (let n = 0; n < 3; n++) sexton.settle('nack', '1');
    expect(errors).toEqual([
      'A message of "/queue/dead-letters" could not be delivered and is lost.',
    ]);
  });

  it('what was settled before is settled quietly, what was never named is not known', () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    ann.listen('a', destination, 'client-individual');
    publish(destination, '1', '2');
    ann.settle('ack', '1');
    ann.settle('ack', '1');
    ann.settle('nack', '1');
    void ann.connection.unsubscribe('a');
    ann.settle('ack', '2');
    for (const id of ['3', '0', '-1', '1e0', 'x', '', '99999999999999999999'])
      expect(() => ann.connection.settle({ kind: 'ack', id })).toThrow(
        refusal('acknowledgement-unknown'),
      );
  });

  it('the subscription, where it is named, must be the right one', () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    ann.listen('a', destination, 'client');
    publish(destination, '1');
    const settle = (subscription: string) =>
      ann.connection.settle({ kind: 'ack', id: '1', subscription });
    expect(() => settle('b')).toThrow(refusal('acknowledgement-unknown'));
    expect(() => settle('a')).not.toThrow();
  });
});

describe('of a queue', () => {
  it('what an ended subscription had not settled goes to the others, in order', () => {
    const { publish, consumer } = brokerWith();
    const [ann, bob] = [consumer(), consumer()];
    ann.listen('a', '/queue/x', 'client-individual');
    publish('/queue/x', '1', '2', '3');
    ann.settle('ack', '2');
    bob.listen('b', '/queue/x', 'client');
    void ann.connection.unsubscribe('a');
    publish('/queue/x', '4');
    expect(bob.got.map(({ text, redelivered }) => [text, redelivered])).toEqual([
      ['1', 1],
      ['3', 1],
      ['4', undefined],
    ]);
  });

  it('so does what a lost connection held, to whoever comes', () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    ann.listen('a', '/queue/x', 'client');
    ann.listen('b', '/queue/x', 'client');
    publish('/queue/x', '1', '2', '3', '4');
    void ann.connection.close();
    const bob = consumer();
    bob.listen('a', '/queue/x');
    expect(bob.texts()).toEqual(['1', '2', '3', '4']);
  });

  it('the window holds the rest back for others', () => {
    const { publish, consumer } = brokerWith();
    const [slow, quick] = [consumer(), consumer()];
    slow.listen('a', '/queue/x', 'client', { 'prefetch-count': '1' });
    quick.listen('b', '/queue/x');
    publish('/queue/x', '1', '2', '3', '4');
    expect([slow.texts(), quick.texts()]).toEqual([['1'], ['2', '3', '4']]);
  });

  it.each(['0', '-1', '1.5', 'x', '1000000'])('a window of %s is none', (size) => {
    const ann = brokerWith().consumer();
    expect(() => ann.listen('a', '/queue/x', 'client', { 'prefetch-count': size })).toThrow(
      refusal('header-invalid'),
    );
    ann.listen('a', '/queue/x', 'client');
  });

  it('that is none leaves nothing behind', () => {
    const { publish, consumer } = brokerWith({ maxQueues: 1, maxMessages: 1 });
    const ann = consumer();
    const none = { 'prefetch-count': '0' };
    const refused = refusal('header-invalid');
    expect(() => ann.listen('q', '/queue/x', 'client', none)).toThrow(refused);
    expect(() => ann.listen('t', '/topic/x', 'client', none)).toThrow(refused);
    ann.listen('q', '/queue/y');
    publish('/topic/x', '1', '2');
    expect(ann.failures).toEqual([]);
  });
});

describe('of a topic', () => {
  it('each subscription settles its own', () => {
    const { publish, consumer } = brokerWith();
    const [ann, bob] = [consumer(), consumer()];
    ann.listen('a', '/topic/*', 'client', { 'prefetch-count': '1' });
    bob.listen('b', '/topic/x');
    publish('/topic/x', '1', '2');
    expect([ann.texts(), bob.texts()]).toEqual([['1'], ['1', '2']]);
    ann.settle('ack', '1');
    expect(ann.texts()).toEqual(['2']);
  });

  it('one that keeps too much fails alone', () => {
    const { publish, consumer } = brokerWith({ maxMessages: 2 });
    const [ann, bob] = [consumer(), consumer()];
    ann.listen('a', '/topic/x', 'client');
    bob.listen('b', '/topic/x');
    publish('/topic/x', '1', '2', '3');
    expect([ann.texts(), ann.failures]).toEqual([['1', '2'], ['slow-consumer']]);
    expect(bob.texts()).toEqual(['1', '2', '3']);
  });

  it('what it held is gone with it', () => {
    const { publish, consumer } = brokerWith({ maxTotalBytes: 1000 });
    const ann = consumer();
    ann.listen('a', '/topic/x', 'client');
    publish('/topic/x', 'x'.repeat(500));
    void ann.connection.unsubscribe('a');
    publish('/queue/x', 'x'.repeat(500));
  });
});

describe('a commit', () => {
  it('publishes and settles everything, in order', () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    ann.listen('t', '/topic/x');
    ann.listen('q', '/queue/x', 'client');
    publish('/queue/x', 'job');
    const ack = ann.got[0]!.ack!;
    void ann.connection.commit([
      sending('/topic/x', '1'),
      { kind: 'settle', settlement: { kind: 'ack', id: ack } },
      sending('/queue/x', '2'),
      sending('/topic/x', '3'),
    ]);
    expect(ann.texts()).toEqual(['job', '1', '2', '3']);
  });

  it('does nothing where one thing cannot be done', () => {
    const { publish, consumer } = brokerWith({ maxMessages: 1 });
    const [ann, bob] = [consumer(), consumer()];
    ann.listen('t', '/topic/x');
    bob.listen('q', '/queue/x', 'client');
    publish('/queue/x', 'job');
    expect(() => ann.connection.commit([sending('/topic/x'), sending('/queue/x')])).toThrow(
      refusal('queue-full'),
    );
    const settlement = { kind: 'ack', id: '7' } as const;
    expect(() =>
      ann.connection.commit([sending('/topic/x'), { kind: 'settle', settlement }]),
    ).toThrow(refusal('acknowledgement-unknown'));
    expect(ann.texts()).toEqual([]);
  });
});

describe('what is no dead letter', () => {
  it('is what the subscriber of a topic held when it left', () => {
    const { publish, consumer, errors } = brokerWith({ maxDeliveries: 1 });
    const [ann, bob, sexton] = [consumer(), consumer(), consumer()];
    sexton.listen('d', '/queue/dead-letters');
    for (const each of [ann, bob]) each.listen('a', '/topic/x', 'client');
    publish('/topic/x', '1');
    void ann.connection.unsubscribe('a');
    void bob.connection.close();
    expect([sexton.texts(), errors]).toEqual([[], []]);
  });
});
