// Tests the messages of the portfolio without sockets.
import { testServer, type TestServer } from 'signalbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TradeRequest } from './portfolio.controller.js';
import { portfolio } from './portfolio.server.js';
import type { Position } from './portfolios.js';
import { Quotes, type Quote } from './quotes.js';
import type { PositionUpdate } from './trades.js';

interface Destinations {
  '/app/positions': readonly Position[];
  '/app/trade': Omit<TradeRequest, 'shares'> & { readonly shares: unknown };
  '/topic/price.stock.*': Quote;
  '/user/queue/position-updates': PositionUpdate;
  '/user/queue/errors': string;
}

let app: TestServer<Destinations>;

beforeEach(async () => {
  app = await testServer<Destinations>(portfolio);
});

afterEach(() => app.close());

/** Connects a user with the role USER. */
async function enter(name: string) {
  const client = await app.connect({ user: { name, roles: ['USER'] }, problems: false });
  return {
    client,
    updates: await client.subscribe('/user/queue/position-updates'),
    errors: await client.subscribe('/user/queue/errors'),
  };
}

const positionsOf = async (client: Awaited<ReturnType<typeof enter>>['client']) =>
  (await (await client.subscribe('/app/positions')).next()).payload;

describe('the positions', () => {
  it('are those of the user', async () => {
    const [{ client: fabrice }, { client: paulson }] = [
      await enter('fabrice'),
      await enter('paulson'),
    ];
    expect(await positionsOf(fabrice)).toEqual([
      { company: 'Citrix Systems, Inc.', ticker: 'CTXS', price: 24.3, shares: 75 },
      { company: 'Dell Inc.', ticker: 'DELL', price: 13.44, shares: 50 },
      { company: 'Microsoft', ticker: 'MSFT', price: 34.15, shares: 33 },
      { company: 'Oracle', ticker: 'ORCL', price: 31.22, shares: 45 },
    ]);
    expect(await positionsOf(paulson)).toEqual([
      { company: 'EMC Corporation', ticker: 'EMC', price: 24.3, shares: 75 },
      { company: 'Google Inc', ticker: 'GOOG', price: 905.09, shares: 5 },
      { company: 'VMware, Inc.', ticker: 'VMW', price: 65.58, shares: 23 },
      { company: 'Red Hat', ticker: 'RHT', price: 48.3, shares: 15 },
    ]);
  });
});

describe('the prices', () => {
  it('of eight stocks are published every two seconds, up to 2 % above their seed prices', async () => {
    const { client } = await enter('fabrice');
    const prices = await client.subscribe('/topic/price.stock.*');
    const quotes = await app.get(Quotes);
    quotes.start();
    for (let round = 1; round <= 2; round++) {
      await app.clock.advance(2000);
      const received = (await prices.drain()).map(({ destination, payload }) => {
        expect(destination).toBe(`/topic/price.stock.${payload.ticker}`);
        return payload;
      });
      const tickers = ['CTXS', 'DELL', 'EMC', 'GOOG', 'MSFT', 'ORCL', 'RHT', 'VMW'];
      expect(received.map(({ ticker }) => ticker)).toEqual(tickers);
      const { price } = received.find(({ ticker }) => ticker === 'GOOG')!;
      expect(price).toBeGreaterThanOrEqual(893.49);
      expect(price).toBeLessThanOrEqual(911.36);
      expect(price).toBe(Number(price.toFixed(2)));
    }
    quotes.stop();
  });
});

describe('a trade', () => {
  it.each([
    ['Buy', 5, 38],
    ['Sell', '33', 0],
  ] as const)('%s %s reaches all sessions of its user after two seconds', async (...given) => {
    const [action, shares, left] = given;
    const [desk, phone, other] = [
      await enter('fabrice'),
      await enter('fabrice'),
      await enter('paulson'),
    ];
    await desk.client.send('/app/trade', { action, ticker: 'MSFT', shares });
    await desk.updates.expectNone();
    await app.clock.advance(2000);
    for (const { updates } of [desk, phone]) {
      const update = await updates.next();
      expect(update.headers['content-type']).toBe('application/json');
      expect(update.payload).toEqual({
        company: 'Microsoft',
        ticker: 'MSFT',
        price: 34.15,
        shares: left,
        updateTime: Date.UTC(2000, 0, 1),
      });
    }
    await other.updates.expectNone();
    expect((await positionsOf(phone.client))[2]).toMatchObject({ ticker: 'MSFT', shares: left });
  });

  it.each([
    ['Buy', 'NOPE', 1, 'Rejected trade (Buy 1 NOPE): You have no position of this company.'],
    ['Buy', 'MSFT', 0, 'Rejected trade (Buy 0 MSFT): Trade at least one share.'],
    ['Sell', 'MSFT', '-5', 'Rejected trade (Sell -5 MSFT): Trade at least one share.'],
    ['Sell', 'MSFT', 34, 'Rejected trade (Sell 34 MSFT): You own 33 shares.'],
    ['Buy', 'MSFT', 'abc', 'shares must be a whole number'],
    ['Buy', 'MSFT', 1.5, 'shares must be a whole number'],
    ['Buy', 'MSFT', null, 'shares must be a whole number'],
    ['Buy', 'MSFT', 2 ** 31, 'shares must be less than 2,147,483,648'],
    ['Buy', '', 1, 'ticker must have 1 to 10 characters'],
    ['Gift', 'MSFT', 1, 'action must be Buy or Sell'],
  ])('%s %s %j is refused, as JSON for all sessions of its user', async (...given) => {
    const [action, ticker, shares, reason] = given;
    const [desk, phone, other] = [
      await enter('fabrice'),
      await enter('fabrice'),
      await enter('paulson'),
    ];
    await desk.client.send('/app/trade', { action: action as 'Buy', ticker, shares });
    for (const { errors } of [desk, phone]) {
      const { body } = await errors.next();
      expect(Buffer.from(body).toString()).toBe(JSON.stringify(reason));
    }
    await other.errors.expectNone();
    await app.clock.advance(10_000);
    await desk.updates.expectNone();
  });
});

describe('the access rules', () => {
  it.each(['/topic/other/secret', '/queue/orders', '/topic/a/**', '/topic/**'])(
    'end the session of a client that subscribes to %s',
    async (destination) => {
      const { client } = await enter('fabrice');
      await client.subscribe(destination as never).catch(() => {});
      expect(client.error).toMatchObject({ code: 'destination-refused' });
      expect(client.closed).toMatchObject({ code: 1008 });
    },
  );

  it.each(['/topic/price.stock.MSFT', '/user/paulson/queue/errors', '/queue/orders'])(
    'end the session of a client that sends to %s',
    async (destination) => {
      const { client } = await enter('fabrice');
      await client.send(destination as never, { ticker: 'MSFT', price: 1 } as never);
      expect(client.error).toMatchObject({ code: 'destination-refused' });
      expect(client.closed).toMatchObject({ code: 1008 });
    },
  );

  it.each(['/app/positions', '/topic/price.stock.*', '/user/queue/position-updates'] as const)(
    'allow %s only with the role USER',
    async (destination) => {
      const guest = await app.connect({ user: { name: 'guest' }, problems: false });
      await guest.subscribe('/user/queue/errors');
      await guest.subscribe(destination).catch(() => {});
      expect(guest.error).toMatchObject({ code: 'destination-refused' });
      expect(guest.closed).toMatchObject({ code: 1008 });
    },
  );
});
