// Tests how messages are moved to the dead letters, with whole brokers and a clock whose turns the test counts.
import { expect, it, vi } from 'vitest';
import { movesPerTurn } from '../../../../src/broker/embedded/queue/dead-letters.js';
import type { QueueOptions } from '../../../../src/broker/embedded/queue/queue-memory.js';
import { publication } from '../../publication.js';
import { brokerWith } from '../started-broker.js';
import { memoryStore } from '../store/memory-store.js';

/** A broker whose messages are undeliverable after one delivery, and a subscriber with unacknowledged messages. */
function stage(messages: number, options: Partial<QueueOptions> = {}) {
  const queue = { maxDeliveries: 1, maxPrefetch: 10_000, ...options };
  const broker = brokerWith(queue);
  const turns: (() => void)[] = [];
  vi.spyOn(broker.clock, 'soon').mockImplementation((action) => void turns.push(action));
  const [ann, dead] = [broker.consumer('user ann'), broker.consumer()];
  ann.subscribe('a', '/queue/x', 'client-individual', { 'prefetch-count': '10000' });
  const texts = Array.from({ length: messages }, (_, i) => `${i}`);
  for (const text of texts) void ann.connection.send(publication('/queue/x', text, {}, 'user ann'));
  const nextTurn = () => turns.splice(0).forEach((action) => action());
  return { ...broker, ann, dead, texts, turns, nextTurn };
}

it('moves the messages of a session that ends in several turns, in order', () => {
  const { ann, dead, texts, turns, nextTurn } = stage(movesPerTurn * 2 + 1);
  dead.subscribe('d', '/queue/dead-letters');
  void ann.connection.close();
  expect(dead.deliveries).toHaveLength(movesPerTurn);
  nextTurn();
  expect(dead.deliveries).toHaveLength(movesPerTurn * 2);
  nextTurn();
  expect(dead.takeTexts()).toEqual(texts);
  nextTurn();
  expect(turns).toEqual([]);
});

it('counts messages for their queue until they are moved', () => {
  const { ann, subject, nextTurn } = stage(movesPerTurn * 2, {
    maxMessages: movesPerTurn * 2,
    whenFull: 'refuse',
  });
  void ann.connection.close();
  const send = () => subject.publish(publication('/queue/x', 'new'));
  for (let i = 0; i < movesPerTurn; i++) void send();
  expect(send).toThrow('The queue is full.');
  nextTurn();
  expect(send).not.toThrow();
});

it('limits the messages of one turn also when they are rejected one by one', () => {
  const { ann, dead, texts, nextTurn } = stage(movesPerTurn + 2);
  dead.subscribe('d', '/queue/dead-letters');
  for (const text of texts) ann.settle('nack', text);
  expect(dead.deliveries).toHaveLength(movesPerTurn);
  nextTurn();
  expect(dead.takeTexts()).toEqual(texts);
});

it('creates no publication for messages that do not fit, logs one line, and frees their queue', () => {
  const { ann, subject, errors, context } = stage(100, { maxMessages: 100 });
  for (let i = 0; i < 90; i++) void subject.publish(publication('/queue/dead-letters'));
  const created = vi.spyOn(context.ids, 'message');
  void ann.connection.close();
  // Ten fit, and the first one that does not fit is logged with its error.
  expect([created.mock.calls.length, errors.length]).toEqual([11, 1]);
  for (let i = 0; i < 100; i++) void subject.publish(publication('/queue/x'));
});

it('stores the dead letters that wait for a later turn when the broker stops', async () => {
  const store = memoryStore();
  const { subject, clock, consumer, started } = brokerWith({ maxDeliveries: 1 }, { store });
  await started;
  const ann = consumer();
  const count = movesPerTurn + 50;
  ann.subscribe('a', '/queue/x', 'client-individual', { 'prefetch-count': '1000' });
  for (let i = 0; i < count; i++)
    await subject.publish(publication('/queue/x', `${i}`, { persistent: 'true' }));
  vi.spyOn(clock, 'soon').mockImplementation(() => {});
  void ann.connection.close();
  await subject.stop();
  const restarted = brokerWith({}, { store });
  await restarted.started;
  const dead = restarted.consumer();
  dead.subscribe('d', '/queue/dead-letters');
  expect(dead.takeTexts()).toEqual(Array.from({ length: count }, (_, i) => `${i}`));
});

it('keeps stored messages under their old destination until they are moved', async () => {
  const store = memoryStore();
  const { subject, clock, consumer, started } = brokerWith({ maxDeliveries: 1 }, { store });
  await started;
  const ann = consumer();
  const count = movesPerTurn + 50;
  ann.subscribe('a', '/queue/x', 'client-individual', { 'prefetch-count': '1000' });
  for (let i = 0; i < count; i++)
    await subject.publish(publication('/queue/x', `${i}`, { persistent: 'true' }));
  vi.spyOn(clock, 'soon').mockImplementation(() => {});
  void ann.connection.close();
  await vi.waitFor(() => expect(store.writes.length).toBeGreaterThan(count));
  // The process ends here, without a call of `stop`.
  const restarted = brokerWith({}, { store });
  await restarted.started;
  const bob = restarted.consumer();
  bob.subscribe('b', '/queue/x');
  expect(bob.takeTexts()).toHaveLength(50);
});
