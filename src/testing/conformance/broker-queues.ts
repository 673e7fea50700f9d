// The checks of a broker's queues, acknowledgements and transactions: one consumer receives a message until it is settled.
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import type { Operation } from '../../broker/broker.js';
import { withBroker, type BrokerHarness, type BrokerSubject } from './broker-harness.js';
import type { Checks } from './conformance-case.js';
import { messageOf, publicationOf, type Delivery, type TestSubscriber } from './test-subscriber.js';

const individually = { ack: 'client-individual' } as const;

export const queueChecks: Checks<BrokerSubject> = {
  'delivers each message of a queue to one consumer': withBroker(async (harness) => {
    const jobs = harness.queue('jobs');
    const [ann, bob] = [harness.connect(), harness.connect()];
    await ann.subscribe(jobs);
    await bob.subscribe(jobs);
    const texts = ['1', '2', '3', '4', '5', '6'];
    await harness.publish(jobs, ...texts);
    await harness.expectShared([ann, bob], texts, jobs);
    ok(ann.texts.length > 0 && bob.texts.length > 0, 'One consumer received all messages.');
  }),

  'keeps messages of a queue without subscribers, in order': withBroker(async (harness) => {
    const jobs = harness.queue('jobs');
    await harness.publish(jobs, '1', '2', '3');
    const ann = harness.connect();
    await ann.subscribe(jobs);
    await harness.expectTexts(ann, ['1', '2', '3'], jobs);
  }),

  'delivers no message of a queue twice, even after a delay': withBroker(async (harness) => {
    const jobs = harness.queue('jobs');
    const ann = harness.connect();
    await ann.subscribe(jobs, individually);
    await harness.publish(jobs, '1', '2');
    await ann.receive(2);
    await ann.settle('ack', ackOf(ann.deliveries[0]!));
    await harness.expectTexts(ann, ['1', '2'], jobs, { late: true });
  }),

  'delivers no message of a queue after UNSUBSCRIBE, even after a delay': withBroker(
    async (harness) => {
      const jobs = harness.queue('jobs');
      const [ann, bob] = [harness.connect(), harness.connect()];
      await ann.subscribe(jobs);
      await harness.publish(jobs, '1');
      await ann.receive(1);
      await ann.unsubscribe();
      await bob.subscribe(jobs);
      await harness.publish(jobs, '2', '3');
      await harness.expectTexts(bob, ['2', '3'], jobs, { late: true });
      deepEqual(ann.texts, ['1']);
    },
  ),

  'marks deliveries that need an acknowledgement, each with its own id': withBroker(
    async (harness) => {
      const news = harness.topic('news');
      const [ann, bob] = [harness.connect(), harness.connect()];
      await ann.subscribe(news, individually);
      await bob.subscribe(news);
      await harness.publish(news, 'one', 'two');
      await harness.expectTexts(ann, ['one', 'two'], news);
      await harness.expectTexts(bob, ['one', 'two'], news);
      const ids = ann.deliveries.map(({ marks }) => marks?.ack);
      ok(ids.every((id) => id !== undefined && id !== ''));
      equal(new Set(ids).size, 2);
      ok(bob.deliveries.every(({ marks }) => marks?.ack === undefined));
    },
  ),

  'delivers an acknowledged message only once': withBroker(async (harness) => {
    const jobs = harness.queue('jobs');
    const ann = harness.connect();
    await ann.subscribe(jobs, individually);
    await harness.publish(jobs, '1', '2');
    for (const delivery of await ann.receive(2)) await ann.settle('ack', ackOf(delivery));
    await expectLeft(harness, ann, ['1', '2'], []);
  }),

  'acknowledges all earlier messages with ack client': withBroker(async (harness) => {
    const ann = harness.connect();
    await ann.subscribe(harness.queue('jobs'), { ack: 'client' });
    await harness.publish(harness.queue('jobs'), '1', '2', '3');
    await ann.receive(3);
    await ann.settle('ack', ackOf(ann.deliveries[1]!));
    await expectLeft(harness, ann, ['1', '2', '3'], ['3']);
  }),

  'acknowledges one message with ack client-individual': withBroker(async (harness) => {
    const ann = harness.connect();
    await ann.subscribe(harness.queue('jobs'), individually);
    await harness.publish(harness.queue('jobs'), '1', '2', '3');
    await ann.receive(3);
    await ann.settle('ack', ackOf(ann.deliveries[1]!));
    await expectLeft(harness, ann, ['1', '2', '3'], ['1', '3']);
  }),

  'delivers unacknowledged messages of a closed connection again, in order and marked': withBroker(
    async (harness) => {
      const ann = harness.connect();
      await ann.subscribe(harness.queue('jobs'), { ack: 'client' });
      await harness.publish(harness.queue('jobs'), '1', '2');
      await ann.receive(2);
      equal(ann.deliveries[0]!.marks?.redelivered, undefined);
      const bob = await expectLeft(harness, ann, ['1', '2'], ['1', '2']);
      ok(bob.deliveries.every(({ marks }) => (marks?.redelivered ?? 0) >= 1));
    },
  ),

  'delivers a message again after NACK, marked': withBroker(async (harness) => {
    const jobs = harness.queue('jobs');
    const ann = harness.connect();
    await ann.subscribe(jobs, individually);
    await harness.publish(jobs, '1');
    await ann.receive(1);
    await ann.settle('nack', ackOf(ann.deliveries[0]!));
    await harness.expectTexts(ann, ['1', '1'], jobs);
    ok((ann.deliveries[1]!.marks?.redelivered ?? 0) >= 1);
  }),

  'delivers no more messages than the prefetch window holds': withBroker(async (harness) => {
    const jobs = harness.queue('jobs');
    const ann = harness.connect();
    await ann.subscribe(harness.topic('news'), { id: 'sentinels' });
    await ann.subscribe(jobs, { ...individually, headers: { 'prefetch-count': '2' } });
    await harness.publish(jobs, '1', '2', '3');
    // The queue cannot deliver a sentinel now, so a topic delivers it.
    await harness.expectTexts(ann, ['1', '2'], harness.topic('news'));
    await ann.settle('ack', ackOf(ann.deliveries[0]!));
    await harness.expectTexts(ann, ['1', '2', '3'], harness.topic('news'));
  }),

  'waits for room in the outbox of a consumer': withBroker(async (harness) => {
    const jobs = harness.queue('jobs');
    const ann = harness.connect();
    await ann.subscribe(harness.topic('news'), { id: 'sentinels' });
    await ann.subscribe(jobs);
    ann.fill();
    await harness.publish(jobs, '1', '2', '3');
    // Topics do not wait for room.
    await harness.expectTexts(ann, ['1'], harness.topic('news'));
    ann.drain();
    await harness.expectTexts(ann, ['1', '2', '3'], jobs);
  }),

  'ignores the acknowledgement of a settled message': withBroker(async (harness) => {
    const jobs = harness.queue('jobs');
    const ann = harness.connect();
    await ann.subscribe(jobs, individually);
    await harness.publish(jobs, '1');
    await ann.receive(1);
    const ack = ackOf(ann.deliveries[0]!);
    await ann.settle('ack', ack);
    await ann.settle('ack', ack);
    await ann.settle('nack', ack);
    await harness.expectTexts(ann, ['1'], jobs);
  }),

  'rejects an unknown acknowledgement': withBroker(async (harness) => {
    await rejects(harness.connect().settle('ack', 'unknown'), { code: 'acknowledgement-unknown' });
  }),

  'commits all steps of a transaction, in order': withBroker(async (harness) => {
    const done = harness.topic('done');
    const [ann, bob] = [harness.connect(), harness.connect()];
    await ann.subscribe(harness.queue('jobs'), individually);
    await bob.subscribe(done);
    await harness.publish(harness.queue('jobs'), '1');
    await ann.receive(1);
    await ann.commit([
      sendOf(done, 'first'),
      { kind: 'settle', settlement: { kind: 'ack', id: ackOf(ann.deliveries[0]!) } },
      sendOf(done, 'second'),
    ]);
    await harness.expectTexts(bob, ['first', 'second'], done);
    await expectLeft(harness, ann, ['1'], []);
  }),

  'commits no step of a transaction when it refuses one': withBroker(async (harness) => {
    const done = harness.topic('done');
    const [ann, bob] = [harness.connect(), harness.connect()];
    await bob.subscribe(done);
    const unknown = { kind: 'settle', settlement: { kind: 'ack', id: 'unknown' } } as const;
    await rejects(ann.commit([sendOf(done, 'first'), unknown]), {
      code: 'acknowledgement-unknown',
    });
    await harness.expectTexts(bob, [], done);
  }),
};

/** Closes the only consumer of the queue `jobs`, and checks the messages that another consumer then receives. */
async function expectLeft(
  harness: BrokerHarness,
  first: TestSubscriber,
  received: readonly string[],
  left: readonly string[],
): Promise<TestSubscriber> {
  await first.close();
  const second = harness.connect();
  await second.subscribe(harness.queue('jobs'), individually);
  await harness.expectTexts(second, left, harness.queue('jobs'));
  deepEqual(first.texts, received);
  return second;
}

function sendOf(destination: string, text: string): Operation {
  return { kind: 'send', publication: publicationOf(messageOf(destination, text)) };
}

function ackOf({ marks }: Delivery): string {
  ok(marks?.ack !== undefined, 'The delivery has no acknowledgement id.');
  return marks.ack;
}
