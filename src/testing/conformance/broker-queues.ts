// What a broker promises of queues, acknowledgement and transactions: each message is somebody's until it is settled.
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import type { Operation } from '../../broker/broker.js';
import type { Checks } from './conformance-case.js';
import { messageOf, publicationOf, type Delivery, type Listener } from './listener.js';
import { eventually } from './patience.js';
import { hears, onStage, type BrokerSubject } from './stage.js';

const individually = { ack: 'client-individual' } as const;

export const queueChecks: Checks<BrokerSubject> = {
  'gives each message of a queue to one consumer': onStage(async (stage) => {
    const [ann, bob] = [stage.join(), stage.join()];
    await ann.subscribe(stage.queue('jobs'));
    await bob.subscribe(stage.queue('jobs'));
    const texts = ['1', '2', '3', '4', '5', '6'];
    await stage.publish(stage.queue('jobs'), ...texts);
    const got = () => [...ann.texts, ...bob.texts];
    await eventually('Not all messages of the queue were delivered.', () => got().length >= 6);
    await stage.rest();
    deepEqual(got().toSorted(), texts);
    ok(ann.texts.length > 0 && bob.texts.length > 0, 'One consumer got all messages.');
  }),

  'stores messages while nobody listens': onStage(async (stage) => {
    await stage.publish(stage.queue('jobs'), '1', '2', '3');
    const ann = stage.join();
    await ann.subscribe(stage.queue('jobs'));
    await hears(stage, ann, ['1', '2', '3']);
  }),

  'marks what wants acknowledgement, each by a name of its own': onStage(async (stage) => {
    const [ann, bob] = [stage.join(), stage.join()];
    await ann.subscribe(stage.topic('news'), individually);
    await bob.subscribe(stage.topic('news'));
    await stage.publish(stage.topic('news'), 'one', 'two');
    await hears(stage, ann, ['one', 'two']);
    await hears(stage, bob, ['one', 'two']);
    const names = ann.deliveries.map(({ marks }) => marks?.ack);
    ok(names.every((name) => name !== undefined && name !== ''));
    equal(new Set(names).size, 2);
    ok(bob.deliveries.every(({ marks }) => marks?.ack === undefined));
  }),

  'delivers nothing again that was acknowledged': onStage(async (stage) => {
    const ann = stage.join();
    await ann.subscribe(stage.queue('jobs'), individually);
    await stage.publish(stage.queue('jobs'), '1', '2');
    await hears(stage, ann, ['1', '2']);
    for (const delivery of ann.deliveries) await ann.settle('ack', nameOf(delivery));
    await ann.leave();
    const bob = stage.join();
    await bob.subscribe(stage.queue('jobs'));
    await hears(stage, bob, []);
  }),

  'settles with ack client all that came before': onStage(async (stage) => {
    const ann = stage.join();
    await ann.subscribe(stage.queue('jobs'), { ack: 'client' });
    await stage.publish(stage.queue('jobs'), '1', '2', '3');
    await hears(stage, ann, ['1', '2', '3']);
    await ann.settle('ack', nameOf(ann.deliveries[1]!));
    await leftTo(stage.join(), ann, stage.queue('jobs'), ['3']);
  }),

  'settles with ack client-individual one message alone': onStage(async (stage) => {
    const ann = stage.join();
    await ann.subscribe(stage.queue('jobs'), individually);
    await stage.publish(stage.queue('jobs'), '1', '2', '3');
    await hears(stage, ann, ['1', '2', '3']);
    await ann.settle('ack', nameOf(ann.deliveries[1]!));
    await leftTo(stage.join(), ann, stage.queue('jobs'), ['1', '3']);
  }),

  'gives what was left unsettled to another, in order and marked': onStage(async (stage) => {
    const ann = stage.join();
    await ann.subscribe(stage.queue('jobs'), { ack: 'client' });
    await stage.publish(stage.queue('jobs'), '1', '2');
    await hears(stage, ann, ['1', '2']);
    equal(ann.deliveries[0]!.marks?.redelivered, undefined);
    const bob = stage.join();
    await leftTo(bob, ann, stage.queue('jobs'), ['1', '2']);
    ok(bob.deliveries.every(({ marks }) => (marks?.redelivered ?? 0) >= 1));
  }),

  'delivers again what was refused': onStage(async (stage) => {
    const ann = stage.join();
    await ann.subscribe(stage.queue('jobs'), individually);
    await stage.publish(stage.queue('jobs'), '1');
    await hears(stage, ann, ['1']);
    await ann.settle('nack', nameOf(ann.deliveries[0]!));
    await hears(stage, ann, ['1', '1']);
    ok((ann.deliveries[1]!.marks?.redelivered ?? 0) >= 1);
  }),

  'holds back what a consumer has no window for': onStage(async (stage) => {
    const ann = stage.join();
    await ann.subscribe(stage.queue('jobs'), {
      ...individually,
      headers: { 'prefetch-count': '2' },
    });
    await stage.publish(stage.queue('jobs'), '1', '2', '3');
    await hears(stage, ann, ['1', '2']);
    await ann.settle('ack', nameOf(ann.deliveries[0]!));
    await hears(stage, ann, ['1', '2', '3']);
  }),

  'waits for the room of a consumer': onStage(async (stage) => {
    const ann = stage.join();
    await ann.subscribe(stage.queue('jobs'));
    ann.fill();
    await stage.publish(stage.queue('jobs'), '1', '2', '3');
    await hears(stage, ann, ['1']);
    ann.empty();
    await hears(stage, ann, ['1', '2', '3']);
  }),

  'ignores a settlement that comes too late': onStage(async (stage) => {
    const ann = stage.join();
    await ann.subscribe(stage.queue('jobs'), individually);
    await stage.publish(stage.queue('jobs'), '1');
    await hears(stage, ann, ['1']);
    const name = nameOf(ann.deliveries[0]!);
    await ann.settle('ack', name);
    await ann.settle('ack', name);
    await ann.settle('nack', name);
    await hears(stage, ann, ['1']);
  }),

  'refuses a settlement of what never was': onStage(async (stage) => {
    await rejects(stage.join().settle('ack', 'unknown'), { code: 'acknowledgement-unknown' });
  }),

  'commits all of a transaction, in order': onStage(async (stage) => {
    const [ann, bob] = [stage.join(), stage.join()];
    await ann.subscribe(stage.queue('jobs'), individually);
    await bob.subscribe(stage.topic('done'));
    await stage.publish(stage.queue('jobs'), '1');
    await hears(stage, ann, ['1']);
    await ann.commit([
      sending(stage.topic('done'), 'first'),
      { kind: 'settle', settlement: { kind: 'ack', id: nameOf(ann.deliveries[0]!) } },
      sending(stage.topic('done'), 'second'),
    ]);
    await hears(stage, bob, ['first', 'second']);
    await leftTo(stage.join(), ann, stage.queue('jobs'), []);
  }),

  'commits nothing where one step is refused': onStage(async (stage) => {
    const [ann, bob] = [stage.join(), stage.join()];
    await bob.subscribe(stage.topic('done'));
    const unknown = { kind: 'settle', settlement: { kind: 'ack', id: 'unknown' } } as const;
    await rejects(ann.commit([sending(stage.topic('done'), 'first'), unknown]), {
      code: 'acknowledgement-unknown',
    });
    await hears(stage, bob, []);
  }),
};

/** What another consumer gets when the first has gone. */
async function leftTo(
  other: Listener,
  first: Listener,
  queue: string,
  texts: readonly string[],
): Promise<void> {
  await first.leave();
  await other.subscribe(queue, individually);
  await eventually(
    `${texts.length} unsettled messages were to come, and ${other.texts.length} came.`,
    () => other.texts.length >= texts.length,
  );
  deepEqual(other.texts, texts);
}

function sending(destination: string, text: string): Operation {
  return { kind: 'send', publication: publicationOf(messageOf(destination, text)) };
}

function nameOf({ marks }: Delivery): string {
  ok(marks?.ack !== undefined, 'The delivery wants no acknowledgement.');
  return marks.ack;
}
