// Messages with the header `persistent:true`: they are stored before their delivery, until they are acknowledged.
import { describe, expect, it } from 'vitest';
import type { Operation } from '../../../../src/broker/broker.js';
import type { Publication } from '../../../../src/broker/publication.js';
import { publication } from '../../publication.js';
import { brokerWith, refusal } from '../started-broker.js';
import { memoryStore } from './memory-store.js';

const jobs = '/queue/jobs';
const persistent = (text: string, destination = jobs) =>
  publication(destination, text, { persistent: 'true' });

const sending = (each: Publication): Operation => ({ kind: 'send', publication: each });

/** Resolves when the journal has written its removals. */
const written = () => new Promise<void>((resolve) => setImmediate(resolve));

async function stored(options = {}, store = memoryStore()) {
  const broker = brokerWith(options, { store });
  await broker.started;
  return { ...broker, store };
}

describe('a persistent message', () => {
  it('is accepted and delivered only when it is stored', async () => {
    const { subject, store, consumer } = await stored();
    const ann = consumer();
    ann.subscribe('1', jobs, 'client');
    store.hold();
    let accepted = false;
    const sent = Promise.resolve(ann.connection.send(persistent('one')));
    void sent.then(() => (accepted = true));
    await written();
    expect([accepted, ann.takeTexts()]).toEqual([false, []]);
    store.release();
    await sent;
    expect([store.texts, ann.takeTexts()]).toEqual([['one'], ['one']]);
    await subject.stop();
  });

  it('leaves the store when it is acknowledged', async () => {
    const { subject, store, consumer } = await stored();
    const ann = consumer();
    ann.subscribe('1', jobs, 'client-individual');
    for (const text of ['one', 'two', 'three']) await subject.publish(persistent(text));
    ann.settle('ack', 'two');
    await written();
    expect(store.texts).toEqual(['one', 'three']);
    ann.settle('nack', 'one');
    await written();
    expect(store.texts).toEqual(['one', 'three']);
  });

  it('is written together with other messages that arrived during a write', async () => {
    const { subject, store } = await stored();
    store.hold();
    const sent = [subject.publish(persistent('one'))];
    await written();
    sent.push(subject.publish(persistent('two')), subject.publish(persistent('three')));
    store.release();
    for (const each of sent) await each;
    expect(store.writes).toEqual([['+one'], ['+two', '+three']]);
  });

  it('is not overtaken by messages that are not stored', async () => {
    const { subject, store, consumer } = await stored();
    const ann = consumer();
    ann.subscribe('1', jobs);
    store.hold();
    const sent = [subject.publish(persistent('one')), subject.publish(publication(jobs, 'two'))];
    await written();
    expect(ann.takeTexts()).toEqual([]);
    store.release();
    for (const each of sent) await each;
    expect(ann.takeTexts()).toEqual(['one', 'two']);
    expect(subject.publish(publication(jobs, 'three'))).toBeUndefined();
  });

  it('is not overtaken by a commit that publishes to its queue and to another', async () => {
    const { subject, store, consumer } = await stored();
    const ann = consumer();
    for (const destination of [jobs, '/queue/other']) ann.subscribe(destination, destination);
    store.hold();
    const sent = subject.publish(persistent('one'));
    const committed = ann.connection.commit([
      sending(publication(jobs, 'two')),
      sending(publication('/queue/other', 'three')),
    ]);
    await written();
    expect(ann.takeTexts()).toEqual([]);
    store.release();
    await sent;
    await committed;
    expect(ann.takeTexts()).toEqual(['one', 'two', 'three']);
  });

  it('counts once for the limits after it was written', async () => {
    const { subject, consumer } = await stored({ maxTotalBytes: 3000 });
    const ann = consumer();
    ann.subscribe('1', jobs);
    for (let n = 0; n < 5; n++) await subject.publish(persistent('x'.repeat(1000)));
    expect(ann.takeTexts()).toHaveLength(5);
  });

  it('delays only its own queue while it is written', async () => {
    const { subject, store, consumer } = await stored();
    const ann = consumer();
    for (const destination of [jobs, '/queue/other', '/topic/news'])
      ann.subscribe(destination, destination);
    store.hold();
    const sent = subject.publish(persistent('one'));
    expect(subject.publish(publication('/queue/other', 'two'))).toBeUndefined();
    expect(subject.publish(publication('/topic/news', 'three'))).toBeUndefined();
    expect(ann.takeTexts()).toEqual(['two', 'three']);
    store.release();
    await sent;
    expect(ann.takeTexts()).toEqual(['one']);
  });

  it('counts for the limits while it is written, and not after a failed write', async () => {
    const { subject, store } = await stored({ maxMessages: 2, maxQueues: 1 });
    store.hold();
    const sent = [persistent('one'), persistent('two')].map((each) => subject.publish(each));
    expect(() => subject.publish(persistent('three'))).toThrow(refusal('queue-full'));
    expect(() => subject.publish(persistent('x', '/queue/other'))).toThrow(refusal('queue-limit'));
    store.fail(new Error('EIO'));
    store.release();
    for (const each of sent) await expect(each).rejects.toEqual(refusal('store-failed'));
    await subject.publish(persistent('y', '/queue/other'));
    expect(store.texts).toEqual(['y']);
  });

  it('is rejected and not delivered when the store fails', async () => {
    const { subject, store, consumer } = await stored();
    const ann = consumer();
    ann.subscribe('1', jobs);
    store.fail(new Error('ENOSPC: no space left on device'));
    await expect(subject.publish(persistent('one'))).rejects.toEqual(refusal('store-failed'));
    await subject.publish(persistent('two'));
    expect(ann.takeTexts()).toEqual(['two']);
  });

  it('is removed with the next write when the store has failed to remove it', async () => {
    const { subject, store, errors, consumer } = await stored();
    const ann = consumer();
    ann.subscribe('1', jobs, 'client');
    await subject.publish(persistent('one'));
    store.fail(new Error('EIO'));
    ann.settle('ack', 'one');
    await written();
    expect(errors).toEqual(['Acknowledged messages could not be removed from the store yet.']);
    expect(store.texts).toEqual(['one']);
    await subject.publish(persistent('two'));
    expect(store.texts).toEqual(['two']);
  });

  it('is removed after a write that was under way', async () => {
    const { subject, store, consumer } = await stored();
    const ann = consumer();
    ann.subscribe('1', jobs, 'client', { 'prefetch-count': '1' });
    await subject.publish(persistent('one'));
    store.hold();
    const sent = subject.publish(persistent('two'));
    await written();
    ann.settle('ack', 'one');
    store.release();
    await sent;
    await written();
    expect(store.texts).toEqual(['two']);
  });

  it('is logged once when the store fails to remove it several times', async () => {
    const { subject, store, errors, consumer } = await stored();
    const ann = consumer();
    ann.subscribe('1', jobs, 'client-individual');
    for (const text of ['one', 'two']) await subject.publish(persistent(text));
    for (const text of ['one', 'two']) {
      store.fail(new Error('EIO'));
      ann.settle('ack', text);
      await written();
    }
    expect(errors).toHaveLength(1);
  });

  it('does not affect a message behind it that is not stored, when the store fails', async () => {
    const { subject, store, consumer } = await stored();
    const ann = consumer();
    ann.subscribe('1', jobs);
    store.hold();
    const cause = new Error('EIO');
    store.fail(cause);
    const sent = subject.publish(persistent('one'));
    const behind = subject.publish(publication(jobs, 'two'));
    store.release();
    await expect(sent).rejects.toMatchObject({ code: 'store-failed', cause });
    await behind;
    expect(ann.takeTexts()).toEqual(['two']);
  });

  it('is delivered again after a restart, in order and marked', async () => {
    const before = await stored();
    await before.subject.publish(persistent('one'));
    await before.subject.publish(persistent('elsewhere', '/queue/other'));
    await before.subject.publish(publication(jobs, 'lost'));
    await before.subject.publish(persistent('two'));
    await before.subject.stop();
    const { subject, consumer, store } = await stored({}, before.store);
    await subject.publish(persistent('three'));
    expect(store.texts).toEqual(['one', 'elsewhere', 'two', 'three']);
    const ann = consumer();
    ann.subscribe('1', jobs, 'client');
    expect(ann.deliveries).toMatchObject([
      { text: 'one', redelivered: 1 },
      { text: 'two', redelivered: 1 },
      { text: 'three', redelivered: undefined },
    ]);
    ann.settle('ack', 'three');
    await written();
    expect(store.texts).toEqual(['elsewhere']);
  });

  it('moves to the dead letters in one write', async () => {
    const { subject, store, consumer } = await stored({ maxDeliveries: 1 });
    const ann = consumer();
    ann.subscribe('1', jobs, 'client');
    await subject.publish(persistent('one'));
    ann.settle('nack', 'one');
    await written();
    expect(store.writes).toEqual([['+one'], ['+one', '-one']]);
    const bob = consumer();
    bob.subscribe('1', '/queue/dead-letters');
    expect(bob.deliveries).toMatchObject([{ text: 'one' }]);
  });

  it('stays in the store when it cannot be moved to the dead letters', async () => {
    const before = await stored({ maxDeliveries: 1 });
    const ann = before.consumer();
    ann.subscribe('1', jobs, 'client');
    await before.subject.publish(persistent('one'));
    before.store.fail(new Error('ENOSPC'));
    ann.settle('nack', 'one');
    await written();
    expect(before.errors).toEqual([
      "A message for '/queue/dead-letters' could not be stored. Failures are not logged again until a write succeeds.",
      "A message of '/queue/jobs' could not be moved to '/queue/dead-letters' and is delivered again after a restart. It counts for the application.",
    ]);
    await before.subject.stop();
    const { consumer } = await stored({}, before.store);
    const bob = consumer();
    bob.subscribe('1', jobs);
    expect(bob.takeTexts()).toEqual(['one']);
  });

  it('leaves the store when it is lost', async () => {
    const { subject, store, errors, consumer } = await stored({
      maxDeliveries: 1,
      deadLetters: jobs,
    });
    const ann = consumer();
    ann.subscribe('1', jobs, 'client');
    await subject.publish(persistent('one'));
    ann.settle('nack', 'one');
    await written();
    expect(errors).toEqual([
      "A message of '/queue/jobs' could not be moved to '/queue/jobs' and is lost. It counts for the application.",
    ]);
    expect(store.texts).toEqual([]);
  });

  it('has no part in the loss of a message that is not stored', async () => {
    const { subject, store, errors, consumer } = await stored({
      maxDeliveries: 1,
      deadLetters: jobs,
    });
    const ann = consumer();
    ann.subscribe('1', jobs, 'client');
    void subject.publish(publication(jobs, 'one'));
    ann.settle('nack', 'one');
    await written();
    expect(errors).toEqual([
      "A message of '/queue/jobs' could not be moved to '/queue/jobs' and is lost. It counts for the application.",
    ]);
    expect(store.writes).toEqual([]);
  });

  it('cannot be sent by a connection that is still open after the stop', async () => {
    const { subject, consumer } = await stored();
    const ann = consumer();
    await subject.stop();
    expect(() => ann.connection.send(publication('/topic/x', 'one'))).toThrow(
      refusal('broker-unavailable'),
    );
  });

  it('is stored before the broker stops, and rejected afterwards', async () => {
    const { subject, store } = await stored();
    store.hold();
    const sent = subject.publish(persistent('one'));
    const stopped = subject.stop();
    store.release();
    await sent;
    await stopped;
    expect(store.texts).toEqual(['one']);
    expect(() => subject.publish(persistent('two'))).toThrow(refusal('broker-unavailable'));
    expect(store.texts).toEqual(['one']);
  });

  it('stays in the store when it is acknowledged after the stop', async () => {
    const { subject, store, errors, consumer } = await stored();
    const ann = consumer();
    ann.subscribe('1', jobs, 'client');
    await subject.publish(persistent('one'));
    await subject.stop();
    ann.settle('ack', 'one');
    await written();
    expect([store.texts, errors]).toEqual([['one'], []]);
  });

  it('leaves the store when it expires or is dropped', async () => {
    const { subject, clock, store } = await stored({ maxMessages: 1, whenFull: 'drop-oldest' });
    await subject.publish(persistent('one'));
    await subject.publish(persistent('two'));
    await written();
    expect(store.texts).toEqual(['two']);
    await subject.publish(
      publication('/queue/other', 'late', {
        persistent: 'true',
        expires: String(clock.date() + 10),
      }),
    );
    await clock.advance(10_000);
    await written();
    expect(store.texts).toEqual(['two']);
  });

  it('is not stored for a topic, and is kept in memory without a store', async () => {
    const { subject, store } = await stored();
    expect(subject.publish(persistent('one', '/topic/x'))).toBeUndefined();
    expect(store.writes).toEqual([]);
    const { subject: plain, consumer } = brokerWith();
    expect(plain.publish(persistent('one'))).toBeUndefined();
    const ann = consumer();
    ann.subscribe('1', jobs);
    expect(ann.takeTexts()).toEqual(['one']);
  });
});

describe('a transaction', () => {
  it('is one write of its messages and its acknowledgements', async () => {
    const { subject, store, consumer } = await stored();
    const [ann, bob] = [consumer(), consumer()];
    ann.subscribe('1', jobs, 'client');
    bob.subscribe('1', '/queue/done');
    await subject.publish(persistent('one'));
    await subject.publish(persistent('two'));
    const { ack } = ann.deliveries[1]!;
    await ann.connection.commit([
      sending(persistent('done', '/queue/done')),
      { kind: 'settle', settlement: { kind: 'ack', id: ack! } },
    ]);
    expect(store.writes).toEqual([['+one'], ['+two'], ['+done', '-one', '-two']]);
    expect(bob.takeTexts()).toEqual(['done']);
    await written();
    expect(store.writes.at(-1)).toEqual(['-done']);
  });

  it('writes no removal for an acknowledged message that is not stored', async () => {
    const { subject, store, consumer } = await stored();
    const ann = consumer();
    ann.subscribe('1', jobs, 'client');
    void subject.publish(publication(jobs, 'one'));
    const settlement = { kind: 'ack', id: ann.deliveries[0]!.ack! } as const;
    await ann.connection.commit([
      sending(persistent('done', '/queue/done')),
      { kind: 'settle', settlement },
    ]);
    expect(store.writes).toEqual([['+done']]);
  });

  it('keeps a message that it rejects by NACK, even if a later ACK covers it', async () => {
    const { subject, store, consumer } = await stored();
    const ann = consumer();
    ann.subscribe('1', jobs, 'client');
    for (const text of ['one', 'two', 'three']) await subject.publish(persistent(text));
    const [one, , three] = ann.deliveries.map(({ ack }) => ack!);
    await ann.connection.commit([
      { kind: 'settle', settlement: { kind: 'nack', id: one! } },
      { kind: 'settle', settlement: { kind: 'ack', id: one! } },
      { kind: 'settle', settlement: { kind: 'ack', id: three! } },
    ]);
    await written();
    expect(store.texts).toEqual(['one']);
    expect(ann.deliveries.at(-1)).toMatchObject({ text: 'one', redelivered: 1 });
    ann.settle('ack', 'one');
    await written();
    expect(store.texts).toEqual([]);
  });

  it('takes no effect when the store fails', async () => {
    const { subject, store, consumer } = await stored();
    const ann = consumer();
    ann.subscribe('1', jobs, 'client');
    await subject.publish(persistent('one'));
    store.fail(new Error('ENOSPC'));
    const settlement = { kind: 'ack', id: ann.deliveries[0]!.ack! } as const;
    const commit = ann.connection.commit([
      sending(persistent('done', '/queue/done')),
      { kind: 'settle', settlement },
    ]);
    await expect(commit).rejects.toEqual(refusal('store-failed'));
    expect(store.texts).toEqual(['one']);
    void ann.connection.close();
    const bob = consumer();
    bob.subscribe('1', jobs);
    expect(bob.takeTexts()).toEqual(['one']);
  });
});
