// Tests `idempotency-key` on SEND: a repeated message receives a receipt and is not processed again.
import { Controller, MessageMapping, Payload, SendTo } from 'signalbox';
import { testClock, testServer } from 'signalbox/testing';
import { describe, expect, it } from 'vitest';
import { Idempotency } from '../../src/server/idempotency.js';

class Gate {
  #open!: () => void;
  readonly opened = new Promise<void>((resolve) => (this.#open = resolve));

  open(): void {
    this.#open();
  }
}

@Controller()
class OrderController {
  #failures = 0;

  constructor(private readonly gate: Gate) {}

  @MessageMapping('/order')
  @SendTo('/topic/orders')
  order(@Payload() item: string) {
    return item;
  }

  @MessageMapping('/flaky')
  @SendTo('/topic/orders')
  flaky(@Payload() item: string) {
    if (this.#failures++ === 0) throw new Error('A handler that fails at first.');
    return item;
  }

  @MessageMapping('/slow-and-flaky')
  @SendTo('/topic/orders')
  async slowAndFlaky(@Payload() item: string) {
    await this.gate.opened;
    return this.flaky(item);
  }

  @MessageMapping('/slow')
  @SendTo('/topic/orders')
  async slow(@Payload() item: string) {
    await this.gate.opened;
    return item;
  }
}

const app = (limits = {}) => testServer({ controllers: [OrderController], limits });
const key = (value: string, more = {}) => ({ headers: { 'idempotency-key': value }, ...more });

it('a repeated message receives a receipt and is not processed again', async () => {
  await using server = await app();
  const ann = await server.connect();
  const orders = await ann.subscribe('/topic/orders');
  await ann.send('/app/order', 'tea', key('1', { receipt: 'a' }));
  await ann.send('/app/order', 'tea', key('1', { receipt: 'b' }));
  await ann.send('/topic/orders', 'straight', key('2'));
  await ann.send('/topic/orders', 'straight', key('2'));
  expect((await orders.drain()).map(({ payload }) => payload)).toEqual(['tea', 'straight']);
  expect(ann.receipts).toEqual(['a', 'b']);
});

it('keys of a named user are shared by all its sessions; keys of an anonymous client last for one session', async () => {
  await using server = await app();
  const listener = await server.connect();
  const orders = await listener.subscribe('/topic/orders');
  for (const user of ['ann', 'ann', 'bob', undefined, undefined]) {
    const client = await server.connect(user === undefined ? {} : { user });
    await client.send('/app/order', user ?? 'anonymous', key('1'));
  }
  expect((await orders.drain()).map(({ payload }) => payload)).toEqual([
    'ann',
    'bob',
    'anonymous',
    'anonymous',
  ]);
});

it('a message whose handler failed is processed again', async () => {
  await using server = await app();
  const ann = await server.connect();
  const orders = await ann.subscribe('/topic/orders');
  await ann.send('/app/flaky', 'tea', key('1'));
  expect(ann.problems).toMatchObject([{ code: 'handler-failed' }]);
  await ann.send('/app/flaky', 'tea', key('1'));
  expect(await orders.next()).toMatchObject({ payload: 'tea' });
});

it('a repeated message waits while the first one is in progress', async () => {
  await using server = await app();
  const [first, again] = [
    await server.connect({ user: 'ann' }),
    await server.connect({ user: 'ann' }),
  ];
  const orders = await again.subscribe('/topic/orders');
  const sent = [
    first.send('/app/slow', 'tea', key('1', { receipt: 'a' })),
    again.send('/app/slow', 'tea', key('1', { receipt: 'b' })),
  ];
  (await server.get(Gate)).open();
  await Promise.all(sent);
  expect([first.receipts, again.receipts]).toEqual([['a'], ['b']]);
  expect(await orders.drain()).toHaveLength(1);
});

it('a repeated message is processed if the first one fails in the meantime', async () => {
  await using server = await app();
  const [first, again] = [
    await server.connect({ user: 'ann' }),
    await server.connect({ user: 'ann' }),
  ];
  const orders = await again.subscribe('/topic/orders');
  const sent = [
    first.send('/app/slow-and-flaky', 'tea', key('1')),
    again.send('/app/slow-and-flaky', 'tea', key('1', { receipt: 'b' })),
  ];
  (await server.get(Gate)).open();
  await Promise.all(sent);
  expect(first.problems).toMatchObject([{ code: 'handler-failed' }]);
  expect(again.receipts).toEqual(['b']);
  expect(await orders.drain()).toHaveLength(1);
});

it('a transaction skips repeated messages, and its keys are stored at COMMIT', async () => {
  await using server = await app();
  const ann = await server.connect();
  const orders = await ann.subscribe('/topic/orders');
  const payloads = async () => (await orders.drain()).map(({ payload }) => payload);
  await ann.send('/app/order', 'one', key('1'));
  await ann.begin('t');
  await ann.send('/app/order', 'one', key('1', { transaction: 't' }));
  await ann.send('/app/order', 'two', key('2', { transaction: 't' }));
  await ann.send('/app/order', 'two', key('2', { transaction: 't' }));
  await ann.commit('t');
  expect(await payloads()).toEqual(['one', 'two']);
  await ann.send('/app/order', 'two', key('2'));
  await ann.begin('u');
  await ann.send('/app/order', 'three', key('3', { transaction: 'u' }));
  await ann.abort('u');
  await ann.send('/app/order', 'three', key('3'));
  expect(await payloads()).toEqual(['three']);
});

it('a transaction waits for messages in progress, and repeated messages wait for the transaction', async () => {
  await using server = await app();
  const clients = [];
  for (let i = 0; i < 4; i++) clients.push(await server.connect({ user: 'ann' }));
  const [sender, first, again, late] = clients;
  const orders = await sender!.subscribe('/topic/orders');
  for (const client of [first!, again!]) {
    await client.begin('t');
    for (const item of ['tea', 'cake'])
      await client.send('/app/slow', item, key(item, { transaction: 't' }));
  }
  const all = [
    sender!.send('/app/slow', 'tea', key('tea')),
    first!.commit('t', { receipt: 'first' }),
    again!.commit('t', { receipt: 'again' }),
    late!.send('/app/slow', 'cake', key('cake', { receipt: 'late' })),
  ];
  (await server.get(Gate)).open();
  await Promise.all(all);
  expect((await orders.drain()).map(({ payload }) => payload)).toEqual(['tea', 'cake']);
  expect([first, again, late].map((each) => each!.receipts)).toEqual([
    ['first'],
    ['again'],
    ['late'],
  ]);
});

it('keys are deleted after the retention time and above the limit', async () => {
  await using server = await app({ maxIdempotencyKeys: 2, idempotencyRetention: 1000, shares: 1 });
  const ann = await server.connect();
  const orders = await ann.subscribe('/topic/orders');
  await ann.send('/app/order', 'one', key('1'));
  await server.clock.advance(999);
  await ann.send('/app/order', 'one', key('1'));
  await server.clock.advance(1);
  for (const each of ['1', '2', '3', '1']) await ann.send('/app/order', each, key(each));
  expect((await orders.drain()).map(({ payload }) => payload)).toEqual(['one', '1', '2', '3', '1']);
});

it('a key that is stored again becomes the newest', async () => {
  await using server = await app({ maxIdempotencyKeys: 2, idempotencyRetention: 1000, shares: 1 });
  const ann = await server.connect();
  const orders = await ann.subscribe('/topic/orders');
  await ann.send('/app/order', 'one', key('1'));
  await server.clock.advance(500);
  await ann.send('/app/order', 'two', key('2'));
  await server.clock.advance(500);
  for (const each of ['1', '3', '1', '2']) await ann.send('/app/order', each, key(each));
  expect((await orders.drain()).map(({ payload }) => payload)).toEqual([
    'one',
    'two',
    '1',
    '3',
    '2',
  ]);
});

it('messages that are processed together receive the keys that are new', async () => {
  const limits = { idempotencyRetention: 1000, maxIdempotencyKeys: 10, shares: 1 };
  const idempotency = new Idempotency(testClock(), limits);
  const seen: (readonly string[])[] = [];
  const process = async (fresh: readonly string[]) => void seen.push(fresh);
  void idempotency.once('a', 'user ann', () => {});
  await idempotency.together(new Set(['a', 'b', 'c']), 'user ann', process);
  await idempotency.together(new Set(['c', 'd']), 'user ann', process);
  expect(seen).toEqual([['b', 'c'], ['d']]);
});

it('a key that is longer than the limit is refused, alone and in a transaction', async () => {
  await using server = await app({ maxIdempotencyKeyCharacters: 3 });
  const ann = await server.connect();
  const orders = await ann.subscribe('/topic/orders');
  await ann.send('/app/order', 'alone', key('1234'));
  await ann.begin('t');
  await ann.send('/app/order', 'in a transaction', key('1234', { transaction: 't' }));
  await ann.commit('t');
  expect(ann.problems.map(({ code }) => code)).toEqual(['header-invalid', 'header-invalid']);
  await ann.send('/app/order', 'tea', key('123'));
  expect((await orders.drain()).map(({ payload }) => payload)).toEqual(['tea']);
});

describe('the share of an account', () => {
  const limits = { idempotencyRetention: 1000, maxIdempotencyKeys: 16, shares: 8 };

  /** Processes a message with this key; returns true when it was new. */
  function processing(idempotency: Idempotency) {
    return (account: string, key: string): boolean => {
      let isNew = false;
      void idempotency.once(key, account, () => void (isNew = true));
      return isNew;
    };
  }

  it('replaces only its own keys', () => {
    const process = processing(new Idempotency(testClock(), limits));
    process('ann', 'order');
    for (let i = 0; i < 100; i++) process('mallory', `${i}`);
    expect(process('ann', 'order')).toBe(false);
    expect(['98', '99'].map((key) => process('mallory', key))).toEqual([false, false]);
    expect(process('mallory', '97')).toBe(true);
  });

  it('is not needed by accounts with few keys when the server has no more room', () => {
    const process = processing(new Idempotency(testClock(), limits));
    process('ann', 'order');
    for (let i = 0; i < 100; i++) process(`mallory-${i % 10}`, `${i}`);
    expect(process('ann', 'order')).toBe(false);
  });
});
