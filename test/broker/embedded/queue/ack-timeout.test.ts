// The time in which a consumer must acknowledge a message.
import { expect, it } from 'vitest';
import { brokerWith, refusal } from '../started-broker.js';

/** A queue with one subscriber that acknowledges, and one that acts when the first is too late. */
function stage(ackTimeout = 800) {
  const broker = brokerWith({ ackTimeout });
  const ann = broker.consumer();
  ann.subscribe('1', '/queue/jobs', 'client-individual');
  return { ...broker, ann };
}

it('returns the messages that were not acknowledged in time', async () => {
  const { clock, publish, ann } = stage();
  publish('/queue/jobs', 'one', 'two');
  await clock.advance(300);
  publish('/queue/jobs', 'three');
  ann.settle('ack', 'two');
  ann.takeTexts();
  await clock.advance(500);
  expect(ann.takeTexts()).toEqual(['one']);
  ann.settle('ack', 'one');
  await clock.advance(300);
  expect(ann.deliveries).toMatchObject([{ text: 'three', redelivered: 1 }]);
});

it('is never shorter because of earlier messages', async () => {
  const { clock, publish, ann } = stage();
  publish('/queue/jobs', 'one');
  await clock.advance(99);
  publish('/queue/jobs', 'two');
  ann.takeTexts();
  await clock.advance(799);
  expect(ann.takeTexts()).toEqual(['one']);
  await clock.advance(100);
  expect(ann.takeTexts()).toEqual(['two']);
});

it('does not count while frames of the client are processed', async () => {
  const { clock, publish, ann } = stage();
  publish('/queue/jobs', 'one');
  ann.takeTexts();
  await clock.advance(400);
  ann.state.busy = true;
  await clock.advance(10_000);
  expect(ann.takeTexts()).toEqual([]);
  ann.state.busy = false;
  await clock.advance(400);
  expect(ann.takeTexts()).toEqual(['one']);
});

it('gives the message to another subscriber, and rejects the late acknowledgement', async () => {
  const { clock, publish, consumer } = brokerWith({ ackTimeout: 800 });
  const [ann, bob] = [consumer(), consumer()];
  ann.subscribe('1', '/queue/jobs', 'client', { 'prefetch-count': '1' });
  publish('/queue/jobs', 'job');
  bob.subscribe('1', '/queue/jobs', 'client');
  await clock.advance(800);
  expect(bob.deliveries).toMatchObject([{ text: 'job', redelivered: 1 }]);
  expect(() => ann.settle('ack', 'job')).toThrow(refusal('acknowledgement-unknown'));
  bob.settle('ack', 'job');
  expect(clock.timers).toHaveLength(0);
});

it('frees the prefetch window of the subscriber that was too late', async () => {
  const { clock, publish, consumer } = brokerWith({ ackTimeout: 800, maxDeliveries: 1 });
  const ann = consumer();
  ann.subscribe('1', '/queue/jobs', 'client', { 'prefetch-count': '1' });
  publish('/queue/jobs', 'one', 'two');
  await clock.advance(800);
  expect(ann.takeTexts()).toEqual(['one', 'two']);
});

it('runs a timer only while a message waits for its acknowledgement', async () => {
  const { clock, publish, ann } = stage();
  publish('/queue/jobs', 'one', 'two');
  ann.settle('ack', 'one');
  expect(clock.timers).toHaveLength(1);
  ann.settle('ack', 'two');
  expect(clock.timers).toHaveLength(0);
});

it('runs no timer without a timeout', async () => {
  const { clock, publish } = stage(0);
  publish('/queue/jobs', 'one');
  expect(clock.timers).toHaveLength(0);
});

it.each(['unsubscribe', 'close'] as const)('leaves no timer after %s', async (end) => {
  const { clock, publish, ann } = stage();
  publish('/queue/jobs', 'one');
  void ann.connection[end]('1');
  expect(clock.timers).toHaveLength(0);
});
