// Tests transactions with very many deliveries, with a clock whose turns the test counts.
import { expect, it, vi } from 'vitest';
import { deliveriesPerTurn } from '../../../src/broker/embedded/exchange.js';
import { publication, sending } from '../publication.js';
import { brokerWith, refusal } from './started-broker.js';

const subscriptions = deliveriesPerTurn / 5;

/** A broker with a topic `/topic/x` of so many subscriptions that one turn delivers five messages. */
function stage() {
  const broker = brokerWith({ maxMessages: 2 });
  const turns: (() => void)[] = [];
  vi.spyOn(broker.clock, 'soon').mockImplementation((action) => void turns.push(action));
  const [ann, bob] = [broker.consumer(), broker.consumer()];
  for (let i = 0; i < subscriptions; i++) ann.subscribe(`${i}`, '/topic/x');
  bob.subscribe('x', '/topic/x');
  bob.subscribe('y', '/topic/y');
  bob.subscribe('q', '/queue/y', 'client');
  ann.deliveries.length = 0;
  const texts = Array.from({ length: 8 }, (_, i) => `${i}`);
  const nextTurn = async () => {
    for (const action of turns.splice(0)) action();
    await new Promise((resolve) => setImmediate(resolve));
  };
  const end = { resolved: false };
  const commit = (...more: Parameters<typeof ann.connection.commit>[0]) => {
    const operations = [...texts.map((text) => sending('/topic/x', text)), ...more];
    return Promise.resolve(ann.connection.commit(operations)).then(() => (end.resolved = true));
  };
  return { ...broker, ann, bob, texts, turns, nextTurn, commit, end };
}

it('a transaction with very many deliveries is delivered in several turns, and its call ends afterwards', async () => {
  const { ann, bob, texts, turns, nextTurn, commit, end } = stage();
  void commit();
  expect(ann.deliveries.length).toBeLessThanOrEqual(deliveriesPerTurn);
  expect(bob.takeTexts()).toEqual(texts.slice(0, 5));
  await nextTurn();
  expect([bob.takeTexts(), end.resolved, turns]).toEqual([texts.slice(5), true, []]);
});

it('no other publication comes between the messages of a transaction, and each one waits for its delivery', async () => {
  const { subject, bob, texts, nextTurn, commit } = stage();
  void commit();
  const sent = [
    subject.publish(publication('/topic/y', 'y')),
    subject.publish(publication('/queue/y', 'q')),
  ];
  expect(sent).toEqual([expect.any(Promise), expect.any(Promise)]);
  await nextTurn();
  for (const each of sent) await each;
  expect(bob.takeTexts()).toEqual([...texts, 'y', 'q']);
  expect(subject.publish(publication('/topic/y', 'later'))).toBeUndefined();
});

it('messages for queues count for their limits until they are delivered', async () => {
  const { subject, publish, bob, nextTurn, commit } = stage();
  void commit(sending('/queue/z', '1'), sending('/queue/z', '2'));
  expect(() => publish('/queue/z', '3')).toThrow(refusal('queue-full'));
  await nextTurn();
  expect(() => publish('/queue/z', '3')).toThrow(refusal('queue-full'));
  bob.subscribe('z', '/queue/z');
  expect(bob.takeTexts().slice(-2)).toEqual(['1', '2']);
  await subject.publish(publication('/queue/z', '3'));
});

it('acknowledgements of the transaction take effect at once, also if the client leaves before the last delivery', async () => {
  const { publish, consumer, ann, nextTurn, commit } = stage();
  ann.subscribe('q', '/queue/jobs', 'client');
  publish('/queue/jobs', 'job');
  const id = ann.deliveries.at(-1)!.ack!;
  void commit({ kind: 'settle', settlement: { kind: 'ack', id } });
  void ann.connection.close();
  await nextTurn();
  const bob = consumer();
  bob.subscribe('q', '/queue/jobs');
  expect(bob.takeTexts()).toEqual([]);
});

it('a call ends when the broker stops before the last delivery', async () => {
  const { subject, bob, turns, nextTurn, commit } = stage();
  const committed = commit();
  bob.takeTexts();
  void subject.stop();
  await committed;
  expect(turns).toHaveLength(1);
  await nextTurn();
  expect(bob.takeTexts()).toEqual([]);
});
