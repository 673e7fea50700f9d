// Retained messages: the last message of each chosen destination, delivered first to later subscriptions.
import { describe, expect, it, vi } from 'vitest';
import type { Subscription } from '../../../../src/broker/broker.js';
import { sizeOf } from '../../../../src/message/kept-message.js';
import { SharedBytes } from '../../../../src/broker/embedded/queue/held-bytes.js';
import type { QueueOptions } from '../../../../src/broker/embedded/queue/queue-memory.js';
import type { RetainOptions } from '../../../../src/broker/embedded/topic/retained-messages.js';
import { message, publication } from '../../publication.js';
import { brokerWith, refusal, type Consumer } from '../started-broker.js';
import { deliveriesPerSlice } from '../../../../src/broker/embedded/turn-queue.js';

const keeping = (retain: Partial<RetainOptions>, queue: Partial<QueueOptions> = {}) =>
  brokerWith(queue, { retain });
const prices = { destinations: ['/topic/price/**'] };

describe('a retained message', () => {
  it('is the last message of its destination and is delivered first, with a mark', () => {
    const { publish, consumer } = keeping(prices);
    publish('/topic/price/a', '1', '2');
    publish('/topic/other', 'gone');
    const ann = consumer();
    ann.subscribe('p', '/topic/price/a');
    ann.subscribe('o', '/topic/other');
    publish('/topic/price/a', '3');
    expect(ann.deliveries.map(({ text, retained }) => [text, retained])).toEqual([
      ['2', true],
      ['3', false],
    ]);
  });

  it('is delivered to a pattern from all destinations that match', () => {
    const { publish, consumer } = keeping(prices);
    publish('/topic/price/a', 'a');
    publish('/topic/price/b/c', 'c');
    publish('/topic/price/b', 'b');
    const ann = consumer();
    ann.subscribe('p', '/topic/price/*');
    expect(ann.takeTexts()).toEqual(['a', 'b']);
  });

  it('is acknowledged like other messages', () => {
    const { publish, consumer } = keeping(prices);
    publish('/topic/price/a', '1');
    const ann = consumer();
    ann.subscribe('p', '/topic/price/a', 'client', { 'prefetch-count': '1' });
    publish('/topic/price/a', '2');
    expect(ann.deliveries).toMatchObject([{ text: '1', retained: true }]);
    ann.settle('ack', '1');
    expect(ann.takeTexts()).toEqual(['1', '2']);
  });

  it('is removed by an empty message', () => {
    const { publish, consumer } = keeping(prices);
    publish('/topic/price/a', '1', '');
    const ann = consumer();
    ann.subscribe('p', '/topic/price/a');
    expect(ann.takeTexts()).toEqual([]);
  });

  it('is kept for the header `retain:true` if the option allows it', () => {
    for (const options of [{ byHeader: true }, { byHeader: false }, prices]) {
      const { subject, consumer } = keeping(options);
      void subject.publish(publication('/topic/x', 'kept', { retain: 'true' }));
      void subject.publish(publication('/topic/x', 'not', { retain: 'false' }));
      const ann = consumer();
      ann.subscribe('x', '/topic/x');
      expect(ann.takeTexts()).toEqual('byHeader' in options && options.byHeader ? ['kept'] : []);
    }
  });

  it('waits for room, and is left out when it was replaced or the subscription has ended', async () => {
    const { publish, consumer } = keeping(prices);
    for (const name of ['a', 'b', 'c', 'd']) publish(`/topic/price/${name}`, `${name}1`);
    const [ann, bob] = [consumer(), consumer()];
    for (const each of [ann, bob]) {
      each.fill();
      each.subscribe('p', '/topic/price/*');
    }
    publish('/topic/price/b', 'b2');
    expect(ann.takeTexts()).toEqual(['a1', 'b2']);
    void bob.connection.unsubscribe('p');
    await ann.drain();
    await bob.drain();
    expect(ann.deliveries.map(({ text, retained }) => [text, retained])).toEqual([
      ['c1', true],
      ['d1', true],
    ]);
    expect(bob.takeTexts()).toEqual(['a1', 'b2']);
  });

  it('is not delivered after the broker has stopped', async () => {
    const { subject, publish, consumer } = keeping(prices);
    for (const name of ['a', 'b']) publish(`/topic/price/${name}`, name);
    const ann = consumer();
    ann.fill();
    ann.subscribe('p', '/topic/price/*');
    void subject.stop();
    await ann.drain();
    expect(ann.takeTexts()).toEqual(['a']);
  });

  it('is kept up to the limit of all of them; a larger one drops no other', () => {
    const limit = sizeOf(message('/topic/price/a', 'a'));
    const { publish, consumer } = keeping({ ...prices, maxBytes: limit });
    publish('/topic/price/a', 'a');
    publish('/topic/price/b', 'too large');
    const ann = consumer();
    ann.subscribe('p', '/topic/price/*');
    expect(ann.takeTexts()).toEqual(['a']);
  });

  it('is read by a subscription with acknowledgement when the subscriber can take it', () => {
    const { publish, consumer } = keeping(prices);
    for (let i = 0; i < 90; i++) publish(`/topic/price/${i}`, `${i}`);
    const [hold, release] = [
      vi.spyOn(SharedBytes.prototype, 'hold'),
      vi.spyOn(SharedBytes.prototype, 'release'),
    ];
    const ann = consumer();
    ann.subscribe('p', '/topic/price/*', 'client', { 'prefetch-count': '2' });
    expect([ann.takeTexts(), hold.mock.calls.length]).toEqual([['0', '1'], 2]);
    void ann.connection.unsubscribe('p');
    expect(release.mock.calls).toHaveLength(2);
    vi.restoreAllMocks();
  });

  it('comes before later messages, and keeps its place after NACK', () => {
    const { publish, consumer } = keeping(prices);
    for (const name of ['a', 'b', 'c']) publish(`/topic/price/${name}`, `${name}1`);
    const ann = consumer();
    ann.subscribe('p', '/topic/price/*', 'client', { 'prefetch-count': '1' });
    publish('/topic/price/b', 'b2');
    publish('/topic/price/d', 'd1');
    ann.settle('nack', 'a1');
    for (const text of ['a1', 'c1', 'b2', 'd1']) ann.settle('ack', text);
    expect(ann.deliveries.map(({ text, retained }) => `${text} ${retained}`)).toEqual([
      'a1 true',
      'a1 true',
      'c1 true',
      'b2 false',
      'd1 false',
    ]);
  });

  it('waits for acknowledgements when its subscription holds as many messages as it may', () => {
    const { publish, consumer } = keeping(prices, { maxMessages: 2 });
    for (const name of ['a', 'b', 'c', 'd']) publish(`/topic/price/${name}`, name);
    const ann = consumer();
    ann.subscribe('p', '/topic/price/*', 'client');
    expect(ann.takeTexts()).toEqual(['a', 'b']);
    ann.settle('ack', 'b');
    expect([ann.takeTexts(), ann.failures]).toEqual([['c', 'd'], []]);
  });

  it('is logged when its delivery fails', async () => {
    const { subject, publish, errors } = keeping(prices);
    publish('/topic/price/a', 'a');
    const connection = subject.connect({
      id: 'ann',
      busy: false,
      gone: false,
      deliver() {
        throw new Error('no');
      },
      room: () => Promise.resolve(),
      fail: () => {},
    });
    void connection.subscribe({
      id: 'p',
      destination: '/topic/price/a',
      ack: 'auto',
      headers: new Map(),
    });
    expect(errors).toEqual(['A delivery to the subscriber ann failed.']);
  });

  it.each([
    ['too many', { ...prices, maxMessages: 2 }],
    ['too large together', { ...prices, maxBytes: 2 * sizeOf(message('/topic/price/a', 'a')) }],
  ])('is dropped when they are %s, the oldest first', (_, retain) => {
    const { publish, consumer } = keeping(retain);
    for (const name of ['a', 'b', 'a', 'c']) publish(`/topic/price/${name}`, name);
    const ann = consumer();
    ann.subscribe('p', '/topic/price/*');
    expect(ann.takeTexts()).toEqual(['a', 'c']);
  });
});

/** Resolves after all promises that are settled by now have had their effect. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A broker that keeps so many messages `/topic/price/0` and so on; its turns of the event loop are run by the test. */
function keepingMany(count: number, retain: Partial<RetainOptions> = prices) {
  const broker = keeping(retain);
  const waiting: (() => void)[] = [];
  vi.spyOn(broker.clock, 'soon').mockImplementation((action) => void waiting.push(action));
  for (let i = 0; i < count; i++)
    void broker.subject.publish(publication(`/topic/price/${i}`, `${i}`, { retain: 'true' }));
  return {
    ...broker,
    /** Runs one turn; false when none is waiting. */
    turn: async (): Promise<boolean> => {
      await settled();
      const actions = waiting.splice(0);
      for (const action of actions) action();
      await settled();
      return actions.length > 0;
    },
  };
}

describe('the search of many retained messages for a pattern', () => {
  const numbers = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => `${from + i}`);

  it.each([
    [100, 0],
    [101, 1],
    [1000, 1],
    [2500, 3],
  ])('of %i messages takes %i turns of the event loop', async (count, turns) => {
    const { consumer, turn } = keepingMany(count);
    const ann = consumer();
    ann.subscribe('p', '/topic/price/*');
    for (let i = 0; i < turns; i++) {
      expect(ann.deliveries).toEqual([]);
      expect(await turn()).toBe(true);
    }
    expect(ann.deliveries).toHaveLength(Math.min(count, deliveriesPerSlice));
    while (await turn());
    expect(ann.takeTexts()).toEqual(numbers(0, count));
  });

  it('is not needed for one destination', () => {
    const { consumer } = keepingMany(2500);
    const ann = consumer();
    ann.subscribe('p', '/topic/price/7');
    expect(ann.takeTexts()).toEqual(['7']);
  });

  it.each(['auto', 'client'] as const)(
    'misses and repeats no message that is published meanwhile (ack %s)',
    async (ack) => {
      const { publish, consumer, turn } = keepingMany(2500);
      const ann = consumer();
      ann.subscribe('p', '/topic/price/*', ack, { 'prefetch-count': '1000' });
      await turn();
      // One that was compared, one that was not, a new one, a removed one of each kind, and two messages of one destination.
      publish('/topic/price/0', 'again 0');
      publish('/topic/price/2000', 'again 2000');
      publish('/topic/price/new', 'new');
      publish('/topic/price/1', '');
      publish('/topic/price/2001', '');
      publish('/topic/price/2', 'first', 'last');
      await turn();
      publish('/topic/price/3', 'again 3');
      while (await turn());
      publish('/topic/price/4', 'live');
      for (let last = ann.deliveries.length; ack === 'client'; last = ann.deliveries.length) {
        ann.settle('ack', ann.deliveries.at(-1)!.text);
        while (await turn());
        if (ann.deliveries.length === last) break;
      }
      const expected = [
        ...numbers(4, 2500).filter((each) => each !== '2000' && each !== '2001'),
        'again 0',
        'again 2000',
        'new',
        'last',
        'again 3',
        'live',
      ];
      expect(ann.deliveries.slice(0, -1).every(({ retained }) => retained)).toBe(true);
      expect(ann.takeTexts()).toEqual(expected);
      expect(await turn()).toBe(false);
    },
  );

  it('comes before the beginning of the subscription: earlier messages that are not retained do not belong to it', async () => {
    const { subject, consumer, turn } = keepingMany(200, { byHeader: true });
    const ann = consumer();
    const begun = ann.connection.subscribe(subscription('p', '/topic/**'));
    void subject.publish(publication('/topic/price/0', 'before'));
    await turn();
    await begun;
    void subject.publish(publication('/topic/price/0', 'after'));
    expect(ann.takeTexts()).toEqual([...numbers(0, 200), 'after']);
  });

  it('ends although more messages are published than it compares', async () => {
    const { publish, consumer, turn } = keepingMany(2000);
    const ann = consumer();
    ann.subscribe('p', '/topic/price/*');
    for (let i = 0; i < 2; i++) {
      for (const each of numbers(0, 1500)) publish(`/topic/price/${each}`, `${i}`);
      await turn();
    }
    while (await turn());
    expect(ann.deliveries).toHaveLength(2000);
  });

  it('runs for one subscription after the other', async () => {
    const { consumer, turn } = keepingMany(2000);
    const [ann, bob] = [consumer(), consumer()];
    ann.subscribe('p', '/topic/price/*');
    bob.subscribe('p', '/topic/price/1*');
    const begun: boolean[][] = [];
    while (await turn()) begun.push([ann.deliveries.length > 0, bob.deliveries.length > 0]);
    expect(begun.slice(0, 4)).toEqual([
      [false, false],
      [true, false],
      [true, false],
      [true, true],
    ]);
    expect([ann.deliveries.length, bob.deliveries.length]).toEqual([2000, 1111]);
  });

  it('takes as long for one client as if another client had one subscription', async () => {
    const { consumer, turn } = keepingMany(2000);
    const mallory = Array.from({ length: 20 }, () => consumer('user mallory'));
    for (const each of mallory) each.subscribe('p', '/topic/price/*');
    const ann = consumer('user ann');
    ann.subscribe('p', '/topic/price/*');
    for (let i = 0; i < 4; i++) await turn();
    expect([
      mallory.filter(({ deliveries }) => deliveries.length > 0).length,
      ann.deliveries.length,
    ]).toEqual([1, deliveriesPerSlice]);
  });

  it('takes no turn for subscriptions that have ended', async () => {
    const { consumer, turn } = keepingMany(2000);
    const left = Array.from({ length: 20 }, () => consumer('user ann'));
    for (const each of left) {
      void each.connection.subscribe(subscription('p', '/topic/price/*'));
      each.state.gone = true;
    }
    const ann = consumer('user ann');
    ann.subscribe('p', '/topic/price/*');
    for (let i = 0; i < 2; i++) await turn();
    expect(ann.deliveries).toHaveLength(deliveriesPerSlice);
  });

  it.each([
    ['unsubscribes', (ann: Consumer) => void ann.connection.unsubscribe('p')],
    ['disconnects', (ann: Consumer) => void ann.connection.close()],
    ['has left', (ann: Consumer) => void (ann.state.gone = true)],
  ])('ends when the subscriber %s', async (_, leave) => {
    const { publish, consumer, turn } = keepingMany(3000);
    const ann = consumer();
    const begun = ann.connection.subscribe(subscription('p', '/topic/price/*'));
    await turn();
    leave(ann);
    await turn();
    await begun;
    publish('/topic/price/0', 'late');
    expect([ann.deliveries, await turn()]).toEqual([[], false]);
  });

  it('runs once for a subscription that replaces one with the same id', async () => {
    const { consumer, turn } = keepingMany(150);
    const ann = consumer();
    ann.subscribe('p', '/topic/price/*');
    expect(() => ann.subscribe('p', '/topic/price/*')).toThrow(refusal('subscription-exists'));
    void ann.connection.unsubscribe('p');
    ann.subscribe('p', '/topic/price/1*');
    while (await turn());
    expect(ann.deliveries).toHaveLength(61);
  });

  it('is not repeated for a durable subscription that is kept, and ends for one whose client has left', async () => {
    const { publish, consumer, turn } = keepingMany(150);
    const durable = { ...subscription('p', '/topic/price/*'), durable: 'ann' };
    const ann = consumer();
    void ann.connection.subscribe(durable);
    ann.state.gone = true;
    await turn();
    void ann.connection.close();
    publish('/topic/price/0', 'meanwhile');
    const again = consumer();
    void again.connection.subscribe(durable);
    expect(again.takeTexts()).toEqual([...numbers(0, 150), 'meanwhile']);
    expect(await turn()).toBe(false);
  });

  it.each(['auto', 'client', 'durable'])(
    'is followed by 250 deliveries in each turn (%s)',
    async (kind) => {
      const { consumer, turn } = keepingMany(1000);
      const ann = consumer();
      void ann.connection.subscribe({
        ...subscription('p', '/topic/price/*'),
        ack: kind === 'client' ? 'client' : 'auto',
        headers: new Map([['prefetch-count', '1000']]),
        ...(kind === 'durable' && { durable: 'ann' }),
      });
      await turn();
      const counts = [ann.deliveries.length];
      while (await turn()) counts.push(ann.deliveries.length);
      expect([...new Set(counts)]).toEqual([250, 500, 750, 1000]);
      expect(ann.takeTexts()).toEqual(numbers(0, 1000));
    },
  );

  it('stops its deliveries when the subscription ends', async () => {
    const { consumer, turn } = keepingMany(1000);
    const ann = consumer();
    ann.subscribe('p', '/topic/price/*');
    await turn();
    void ann.connection.unsubscribe('p');
    while (await turn());
    expect(ann.deliveries).toHaveLength(deliveriesPerSlice);
  });

  it('fails with the error of the subscription, and the next one runs', async () => {
    const { consumer, turn } = keepingMany(150);
    const ann = consumer();
    const failed = ann.connection.subscribe({
      ...subscription('p', '/topic/price/*'),
      ack: 'client',
      headers: new Map([['prefetch-count', 'many']]),
    });
    ann.subscribe('q', '/topic/price/*');
    await Promise.all([expect(failed).rejects.toThrow(refusal('header-refused')), turn()]);
    await turn();
    expect(ann.deliveries).toHaveLength(150);
    // The id of the rejected subscription is free.
    ann.subscribe('p', '/topic/price/7');
  });

  it('fails when the broker stops', async () => {
    const { subject, consumer, turn } = keepingMany(150);
    const begun = consumer().connection.subscribe(subscription('p', '/topic/price/*'));
    void subject.stop();
    await Promise.all([expect(begun).rejects.toThrow(refusal('broker-unavailable')), turn()]);
  });

  it('does not begin for a malformed pattern', async () => {
    const { consumer, turn } = keepingMany(150);
    const begun = consumer().connection.subscribe(subscription('p', '/topic/{x}'));
    await expect(begun).rejects.toThrow(refusal('destination-invalid'));
    expect(await turn()).toBe(false);
  });
});

const subscription = (id: string, destination: string): Subscription => ({
  id,
  destination,
  ack: 'auto',
  headers: new Map(),
});
