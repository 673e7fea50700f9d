// Durable subscriptions: messages that were published while the subscriber was away are delivered when it returns.
import { describe, expect, it } from 'vitest';
import type { AckMode } from '../../../../src/message/frame.js';
import { sizeOf } from '../../../../src/message/kept-message.js';
import { message, publication } from '../../publication.js';
import { brokerWith, refusal, type Consumer } from '../started-broker.js';

const topic = '/topic/news';

function subscribe(
  { connection }: Consumer,
  { id = '1', name = 'ann', destination = topic, ack = 'auto' as AckMode } = {},
): void {
  void connection.subscribe({ id, destination, ack, headers: new Map(), durable: name });
}

describe('a durable subscription', () => {
  it('keeps messages while its subscriber is away', async () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    subscribe(ann);
    publish(topic, 'one');
    void ann.connection.close();
    publish(topic, 'two', 'three');
    const again = consumer();
    subscribe(again, { id: '2' });
    publish(topic, 'four');
    expect(ann.takeTexts()).toEqual(['one']);
    expect(again.deliveries.map(({ subscription, text }) => `${subscription} ${text}`)).toEqual([
      '2 two',
      '2 three',
      '2 four',
    ]);
  });

  it('delivers unacknowledged messages again', async () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    subscribe(ann, { ack: 'client-individual' });
    publish(topic, 'one', 'two');
    ann.settle('ack', 'one');
    void ann.connection.close();
    const again = consumer();
    subscribe(again, { ack: 'client-individual' });
    expect(again.deliveries).toMatchObject([{ text: 'two', redelivered: 1 }]);
  });

  it('ends with UNSUBSCRIBE', async () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    subscribe(ann);
    void ann.connection.unsubscribe('1');
    publish(topic, 'one');
    const again = consumer();
    subscribe(again);
    publish(topic, 'two');
    expect(again.takeTexts()).toEqual(['two']);
  });

  it('is replaced by one with another destination', async () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    subscribe(ann);
    void ann.connection.close();
    publish(topic, 'one');
    const again = consumer();
    subscribe(again, { destination: '/topic/sport' });
    publish(topic, 'two');
    publish('/topic/sport', 'three');
    expect(again.takeTexts()).toEqual(['three']);
  });

  it('is taken over by a new connection, and ends the old session', async () => {
    const { publish, consumer } = brokerWith();
    const [old, young] = [consumer(), consumer()];
    subscribe(old, { ack: 'client' });
    publish(topic, 'one');
    subscribe(young, { ack: 'client' });
    expect(old.failures).toEqual(['subscription-taken']);
    publish(topic, 'two');
    void old.connection.close();
    publish(topic, 'three');
    expect([old.takeTexts(), young.takeTexts()]).toEqual([['one'], ['one', 'two', 'three']]);
  });

  it('is not ended by a late UNSUBSCRIBE of the subscription that it has replaced', async () => {
    const { publish, consumer } = brokerWith();
    const [old, young] = [consumer(), consumer()];
    subscribe(old);
    subscribe(young, { destination: '/topic/sport' });
    expect(old.failures).toEqual(['subscription-taken']);
    void old.connection.unsubscribe('1');
    publish('/topic/sport', 'one');
    expect([young.takeTexts(), young.failures]).toEqual([['one'], []]);
  });

  it('is not ended by a late UNSUBSCRIBE of its earlier subscriber while the later one is away', () => {
    const { publish, consumer } = brokerWith();
    const [old, young, again] = [consumer(), consumer(), consumer()];
    subscribe(old);
    subscribe(young);
    void young.connection.close();
    void old.connection.unsubscribe('1');
    publish(topic, 'one');
    subscribe(again);
    expect(again.takeTexts()).toEqual(['one']);
  });

  it.each([topic, '/topic/sport'])(
    'is neither taken over nor replaced by a late SUBSCRIBE of a lost connection: %s',
    (destination) => {
      const { publish, consumer } = brokerWith();
      const [lost, young, again] = [consumer(), consumer(), consumer()];
      lost.state.gone = true;
      subscribe(young);
      subscribe(lost, { destination });
      publish(topic, 'one');
      expect([young.takeTexts(), young.failures]).toEqual([['one'], []]);
      void young.connection.close();
      subscribe(lost, { id: '2', destination });
      publish(topic, 'two');
      void lost.connection.unsubscribe('1');
      void lost.connection.close();
      subscribe(again);
      expect([lost.takeTexts(), again.takeTexts()]).toEqual([[], ['two']]);
    },
  );

  it('is begun by a late SUBSCRIBE of a lost connection', () => {
    const { publish, consumer } = brokerWith();
    const [lost, again] = [consumer(), consumer()];
    lost.state.gone = true;
    subscribe(lost, { ack: 'client' });
    void lost.connection.close();
    publish(topic, 'one');
    subscribe(again);
    expect(again.takeTexts()).toEqual(['one']);
  });

  it('does not end a session because of expired messages', async () => {
    const { subject, clock, consumer } = brokerWith({ maxMessages: 3 });
    const ann = consumer();
    void ann.connection.subscribe({
      id: '1',
      destination: topic,
      ack: 'client',
      headers: new Map([['prefetch-count', '1']]),
    });
    for (const text of ['one', 'two', 'three'])
      void subject.publish(publication(topic, text, { expires: '100' }));
    await clock.advance(100);
    void subject.publish(publication(topic, 'four'));
    expect(ann.failures).toEqual([]);
  });

  it('drops the oldest messages when it is full and its subscriber is away', async () => {
    const { publish, consumer } = brokerWith({ maxMessages: 2 });
    const ann = consumer();
    subscribe(ann);
    void ann.connection.close();
    publish(topic, 'one', 'two', 'three');
    const again = consumer();
    subscribe(again);
    expect(again.takeTexts()).toEqual(['two', 'three']);
  });

  it('drops as many of the oldest messages as a large one needs', async () => {
    const size = (text: string) => sizeOf(message(topic, text));
    const large = 'x'.repeat(1000);
    const { publish, consumer } = brokerWith({ maxBytes: size('1') + size(large) });
    const ann = consumer();
    subscribe(ann);
    void ann.connection.close();
    publish(topic, '1', '2', '3', '4', large);
    const again = consumer();
    subscribe(again);
    expect(again.takeTexts()).toEqual(['4', large]);
  });

  it('drops a message that is larger than its limit', async () => {
    const { publish, consumer, errors } = brokerWith({ maxBytes: 1000 });
    const ann = consumer();
    subscribe(ann);
    void ann.connection.close();
    publish(topic, 'x'.repeat(1000), 'small');
    const again = consumer();
    subscribe(again);
    expect([again.takeTexts(), errors]).toEqual([['small'], []]);
  });

  it('frees the memory of its messages when its retention ends', async () => {
    const { clock, publish, consumer } = brokerWith(
      {},
      { topic: { maxUnacknowledgedBytes: 3000 }, durable: { retention: 1000 } },
    );
    const [ann, bob] = [consumer(), consumer()];
    subscribe(ann);
    void ann.connection.close();
    publish(topic, 'x'.repeat(2000));
    bob.subscribe('b', '/topic/other', 'client');
    publish('/topic/other', 'x'.repeat(2000));
    expect([bob.takeTexts(), bob.failures]).toEqual([[], ['slow-consumer']]);
    await clock.advance(1000);
    publish('/topic/other', 'x'.repeat(2000));
    expect(bob.takeTexts()).toEqual(['x'.repeat(2000)]);
  });

  it('returns the unacknowledged messages to the new connection before the old one closes', async () => {
    const { publish, consumer } = brokerWith();
    const [old, young] = [consumer(), consumer()];
    subscribe(old, { ack: 'client' });
    publish(topic, 'one');
    subscribe(young, { ack: 'client' });
    expect(young.deliveries).toMatchObject([{ text: 'one', redelivered: 1 }]);
    expect(() => old.settle('ack', 'one')).toThrow(refusal('acknowledgement-unknown'));
    void young.connection.close();
    void old.connection.close();
    const again = consumer();
    subscribe(again);
    expect(again.takeTexts()).toEqual(['one']);
  });

  it('keeps one retention timer, however often its connections close', async () => {
    const { clock, consumer } = brokerWith({}, { durable: { retention: 1000 } });
    const [old, young] = [consumer(), consumer()];
    subscribe(old);
    subscribe(young);
    void young.connection.close();
    void old.connection.close();
    expect(clock.timers).toHaveLength(1);
    subscribe(consumer());
    expect(clock.timers).toHaveLength(0);
  });

  it.each([topic, '/topic/sport'])(
    'starts no retention timer when a connection closes whose subscription was taken over: %s',
    (destination) => {
      const { clock, consumer } = brokerWith();
      const [old, young] = [consumer(), consumer()];
      subscribe(old);
      subscribe(young, { destination });
      void old.connection.close();
      expect(clock.timers).toHaveLength(0);
    },
  );

  it('can be unsubscribed or closed after the broker has stopped', () => {
    const { subject, clock, consumer } = brokerWith();
    const [ann, bob] = [consumer(), consumer()];
    subscribe(ann);
    subscribe(bob, { name: 'bob' });
    void subject.stop();
    void ann.connection.unsubscribe('1');
    void bob.connection.close();
    expect(clock.timers).toHaveLength(0);
  });

  it('leaves no timer when the broker stops', async () => {
    const { subject, clock, consumer } = brokerWith();
    const ann = consumer();
    subscribe(ann);
    void ann.connection.close();
    void subject.stop();
    expect(clock.timers).toHaveLength(0);
  });

  it('sends no unacknowledged message to the dead letters when another destination replaces it', async () => {
    const { publish, consumer } = brokerWith({ maxDeliveries: 1 });
    const [old, young, dead] = [consumer(), consumer(), consumer()];
    dead.subscribe('1', '/queue/dead-letters');
    subscribe(old, { ack: 'client' });
    publish(topic, 'one');
    subscribe(young, { destination: '/topic/sport' });
    expect(dead.takeTexts()).toEqual([]);
  });

  it('ends the session of a subscriber that does not acknowledge enough', async () => {
    const { publish, consumer } = brokerWith({ maxMessages: 2 });
    const ann = consumer();
    subscribe(ann, { ack: 'client' });
    publish(topic, 'one', 'two', 'three');
    expect(ann.failures).toEqual(['slow-consumer']);
  });

  it('is kept for the retention time', async () => {
    const { subject, clock, publish, consumer } = brokerWith({}, { durable: { retention: 1000 } });
    const ann = consumer();
    subscribe(ann);
    await clock.advance(5000);
    void ann.connection.close();
    await clock.advance(999);
    publish(topic, 'kept');
    const again = consumer();
    subscribe(again);
    await clock.advance(5000);
    publish(topic, 'still');
    expect([again.takeTexts(), again.failures]).toEqual([['kept', 'still'], []]);
    void again.connection.close();
    await clock.advance(1000);
    publish(topic, 'gone');
    const late = consumer();
    subscribe(late);
    expect(late.takeTexts()).toEqual([]);
    void late.connection.close();
    void subject.stop();
    expect(clock.timers).toHaveLength(0);
  });

  it('is rejected when there are too many', async () => {
    const { consumer } = brokerWith({}, { durable: { maxSubscriptions: 1 } });
    const [ann, bob] = [consumer(), consumer()];
    subscribe(ann);
    expect(() => subscribe(bob, { name: 'bob' })).toThrow(refusal('subscription-limit'));
    void ann.connection.unsubscribe('1');
    subscribe(bob, { name: 'bob' });
  });

  it('may have another destination when there are as many as there may be', () => {
    const { publish, consumer } = brokerWith({}, { durable: { maxSubscriptions: 1 } });
    const ann = consumer();
    subscribe(ann);
    void ann.connection.close();
    const again = consumer();
    subscribe(again, { destination: '/topic/sport' });
    publish('/topic/sport', 'one');
    expect(again.takeTexts()).toEqual(['one']);
  });

  it('begins with the retained messages of its topic', async () => {
    const { subject, consumer } = brokerWith({}, { retain: { destinations: [topic] } });
    void subject.publish(publication(topic, 'kept'));
    const ann = consumer();
    subscribe(ann);
    expect(ann.deliveries).toMatchObject([{ text: 'kept', retained: true }]);
  });
});
