// Durable subscriptions: what was published while nobody was there comes when somebody is.
import { describe, expect, it } from 'vitest';
import type { AckMode } from '../../../../src/message/frame.js';
import { brokerWith, publication, refusal, type Consumer } from '../consuming.js';

const topic = '/topic/news';

function subscribe(
  { connection }: Consumer,
  { id = '1', name = 'ann', destination = topic, ack = 'auto' as AckMode } = {},
): void {
  void connection.subscribe({ id, destination, ack, headers: new Map(), durable: name });
}

describe('a durable subscription', () => {
  it('gathers while its subscriber is away', () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    subscribe(ann);
    publish(topic, 'one');
    void ann.connection.close();
    publish(topic, 'two', 'three');
    const again = consumer();
    subscribe(again, { id: '2' });
    publish(topic, 'four');
    expect(ann.texts()).toEqual(['one']);
    expect(again.got.map(({ subscription, text }) => `${subscription} ${text}`)).toEqual([
      '2 two',
      '2 three',
      '2 four',
    ]);
  });

  it('delivers again what was not settled', () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    subscribe(ann, { ack: 'client-individual' });
    publish(topic, 'one', 'two');
    ann.settle('ack', 'one');
    void ann.connection.close();
    const again = consumer();
    subscribe(again, { ack: 'client-individual' });
    expect(again.got).toMatchObject([{ text: 'two', redelivered: 1 }]);
  });

  it('ends for good by UNSUBSCRIBE', () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    subscribe(ann);
    void ann.connection.unsubscribe('1');
    publish(topic, 'one');
    const again = consumer();
    subscribe(again);
    publish(topic, 'two');
    expect(again.texts()).toEqual(['two']);
  });

  it('is another one with another destination', () => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    subscribe(ann);
    void ann.connection.close();
    publish(topic, 'one');
    const again = consumer();
    subscribe(again, { destination: '/topic/sport' });
    publish(topic, 'two');
    publish('/topic/sport', 'three');
    expect(again.texts()).toEqual(['three']);
  });

  it('is taken over by a new connection, and the old one is told', () => {
    const { publish, consumer } = brokerWith();
    const [old, young] = [consumer(), consumer()];
    subscribe(old, { ack: 'client' });
    publish(topic, 'one');
    subscribe(young, { ack: 'client' });
    expect(old.failures).toEqual(['subscription-taken']);
    publish(topic, 'two');
    void old.connection.close();
    publish(topic, 'three');
    expect([old.texts(), young.texts()]).toEqual([['one'], ['one', 'two', 'three']]);
  });

  it('is not ended by the late UNSUBSCRIBE of what had its name before', () => {
    const { publish, consumer } = brokerWith();
    const [old, young] = [consumer(), consumer()];
    subscribe(old);
    subscribe(young, { destination: '/topic/sport' });
    expect(old.failures).toEqual(['subscription-taken']);
    void old.connection.unsubscribe('1');
    publish('/topic/sport', 'one');
    expect([young.texts(), young.failures]).toEqual([['one'], []]);
  });

  it('ends no subscriber for messages that have expired', () => {
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
    clock.advance(100);
    void subject.publish(publication(topic, 'four'));
    expect(ann.failures).toEqual([]);
  });

  it('lets the oldest go while nobody is there to read', () => {
    const { publish, consumer } = brokerWith({ maxMessages: 2 });
    const ann = consumer();
    subscribe(ann);
    void ann.connection.close();
    publish(topic, 'one', 'two', 'three');
    const again = consumer();
    subscribe(again);
    expect(again.texts()).toEqual(['two', 'three']);
  });

  it('ends its subscriber that is there and does not read', () => {
    const { publish, consumer } = brokerWith({ maxMessages: 2 });
    const ann = consumer();
    subscribe(ann, { ack: 'client' });
    publish(topic, 'one', 'two', 'three');
    expect(ann.failures).toEqual(['slow-consumer']);
  });

  it('is kept for so long and no longer', () => {
    const { subject, clock, publish, consumer } = brokerWith({}, { durable: { retention: 1000 } });
    const ann = consumer();
    subscribe(ann);
    clock.advance(5000);
    void ann.connection.close();
    clock.advance(999);
    publish(topic, 'kept');
    const again = consumer();
    subscribe(again);
    clock.advance(5000);
    publish(topic, 'still');
    expect([again.texts(), again.failures]).toEqual([['kept', 'still'], []]);
    void again.connection.close();
    clock.advance(1000);
    publish(topic, 'gone');
    const late = consumer();
    subscribe(late);
    expect(late.texts()).toEqual([]);
    void late.connection.close();
    void subject.stop();
    expect(clock.timers).toBe(0);
  });

  it('is refused where there are too many', () => {
    const { consumer } = brokerWith({}, { durable: { maxSubscriptions: 1 } });
    const [ann, bob] = [consumer(), consumer()];
    subscribe(ann);
    expect(() => subscribe(bob, { name: 'bob' })).toThrow(refusal('subscription-limit'));
    void ann.connection.unsubscribe('1');
    subscribe(bob, { name: 'bob' });
  });

  it('gets first what its topic has kept', () => {
    const { subject, consumer } = brokerWith({}, { retain: { destinations: [topic] } });
    void subject.publish(publication(topic, 'kept'));
    const ann = consumer();
    subscribe(ann);
    expect(ann.got).toMatchObject([{ text: 'kept', retained: true }]);
  });
});
