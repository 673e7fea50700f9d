// The delay before a message is delivered again.
import { describe, expect, it } from 'vitest';
import { brokerWith } from '../started-broker.js';

const jobs = '/queue/jobs';

function stage({
  initial = 1000,
  multiplier = 2,
  max = 3000,
  ackTimeout = 0,
  maxDeliveries = 10,
} = {}) {
  const redeliveryDelay = { initial, multiplier, max };
  const broker = brokerWith({ redeliveryDelay, ackTimeout, maxDeliveries });
  const ann = broker.consumer();
  ann.subscribe('1', jobs, 'client-individual');
  return { ...broker, ann };
}

describe('the redelivery delay', () => {
  it('grows with each NACK of a message up to its maximum', async () => {
    const { clock, publish, ann } = stage();
    publish(jobs, 'one');
    for (const delay of [1000, 2000, 3000, 3000]) {
      ann.takeTexts();
      ann.settle('nack', 'one');
      await clock.advance(delay - 1);
      expect(ann.takeTexts()).toEqual([]);
      await clock.advance(1);
      expect(ann.deliveries).toMatchObject([{ text: 'one' }]);
    }
    expect(ann.deliveries).toMatchObject([{ redelivered: 4 }]);
  });

  it('has one timer for all messages of one NACK', async () => {
    const { clock, publish, consumer } = stage();
    const bob = consumer();
    bob.subscribe('1', '/topic/jobs', 'client');
    const texts = Array.from({ length: 100 }, (_, i) => `${i}`);
    publish('/topic/jobs', ...texts);
    const timers = clock.timers.length;
    bob.settle('nack', '99');
    expect(clock.timers).toHaveLength(timers + 1);
    bob.takeTexts();
    await clock.advance(1000);
    expect(bob.takeTexts()).toEqual(texts);
  });

  it('lets later messages pass', async () => {
    const { clock, publish, ann } = stage();
    publish(jobs, 'one', 'two');
    ann.settle('nack', 'one');
    publish(jobs, 'three');
    await clock.advance(1000);
    expect(ann.takeTexts()).toEqual(['one', 'two', 'three', 'one']);
  });

  it('also applies when the acknowledgement timeout has passed', async () => {
    const { clock, publish, ann } = stage({ ackTimeout: 800 });
    publish(jobs, 'one');
    ann.takeTexts();
    await clock.advance(1799);
    expect(ann.takeTexts()).toEqual([]);
    await clock.advance(1);
    expect(ann.takeTexts()).toEqual(['one']);
  });

  it('does not apply when a subscriber has left', () => {
    const { publish, consumer, ann } = stage();
    publish(jobs, 'one');
    const bob = consumer();
    bob.subscribe('b', jobs);
    void ann.connection.close();
    expect(bob.takeTexts()).toEqual(['one']);
  });

  it('does not delay dead letters', () => {
    const { publish, consumer, ann } = stage({ maxDeliveries: 1 });
    const eve = consumer();
    eve.subscribe('d', '/queue/dead-letters');
    publish(jobs, 'one');
    ann.settle('nack', 'one');
    expect(eve.takeTexts()).toEqual(['one']);
  });

  it('leaves no timer when its queue or the broker ends', async () => {
    const { clock, publish, subject, ann } = stage();
    ann.subscribe('t', '/topic/x', 'client');
    publish(jobs, 'one');
    publish('/topic/x', 'two');
    ann.settle('nack', 'one');
    ann.settle('nack', 'two');
    expect(clock.timers).toHaveLength(2);
    void ann.connection.unsubscribe('t');
    expect(clock.timers).toHaveLength(1);
    await subject.stop();
    expect(clock.timers).toHaveLength(0);
  });
});
