// Tests transactions: frames are held until COMMIT, take effect together or not at all, and have limits.
import { IsString } from 'class-validator';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  Controller,
  createServer,
  EmbeddedBroker,
  memoryTransport,
  MessageMapping,
  Payload,
  SendTo,
  silentLogger,
  type Server,
  type ServerOptions,
} from '../../src/index.js';
import { Holding, Quota } from '../../src/message/quota.js';
import { Transactions, type HeldFrame } from '../../src/server/transactions.js';
import { testServer } from 'signalbox/testing';
import { connectJson } from '../clients/json.js';
import { connectStomp } from '../clients/stomp.js';

class Words {
  @IsString() text!: string;
}

@Controller()
class EchoController {
  @MessageMapping('/echo')
  @SendTo('/topic/echo')
  echo(@Payload() { text }: Words) {
    if (text === 'throw') throw new Error('a secret');
    return text;
  }

  @MessageMapping('/quiet')
  quiet() {}

  @MessageMapping('/stream')
  @SendTo('/topic/echo')
  async *stream() {
    yield await Promise.resolve('one');
  }
}

const running: Server[] = [];

async function scene(options: ServerOptions = {}) {
  const transport = memoryTransport();
  const server = await createServer({
    transports: [transport],
    controllers: [EchoController],
    logger: silentLogger,
    ...options,
  });
  running.push(server);
  await server.start();
  const listener = await connectStomp(transport);
  await listener.subscribe('s', '/topic/*');
  const received = async () => {
    await server.idle();
    const bodies: string[] = [];
    while (listener.received.length > 0) bodies.push((await listener.next('MESSAGE')).body);
    return bodies;
  };
  return { server, transport, received };
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

const transaction = 't';
const words = (text: string) => JSON.stringify({ text });

describe('a transaction', () => {
  it('takes effect at COMMIT, in order, including its handlers', async () => {
    const { transport, received } = await scene();
    const ann = await connectStomp(transport);
    ann.send('BEGIN', { transaction });
    ann.send('SEND', { destination: '/topic/x', transaction }, '1');
    ann.send('SEND', { destination: '/app/echo', transaction, receipt: 'held' }, words('2'));
    ann.send('SEND', { destination: '/app/quiet', transaction });
    ann.send('SEND', { destination: '/topic/x', transaction }, '3');
    await ann.next('RECEIPT');
    expect(await received()).toEqual([]);
    ann.send('COMMIT', { transaction, receipt: 'done' });
    await ann.next('RECEIPT');
    expect(await received()).toEqual(['1', '2', '3']);
  });

  it('has no effect after ABORT, or if the connection ends first', async () => {
    const { transport, received } = await scene();
    const ann = await connectStomp(transport);
    for (const name of ['a', 'b']) {
      ann.send('BEGIN', { transaction: name });
      ann.send('SEND', { destination: '/topic/x', transaction: name }, name);
    }
    ann.send('ABORT', { transaction: 'a' });
    ann.send('DISCONNECT', { receipt: 'bye' });
    await ann.next('RECEIPT');
    expect(await received()).toEqual([]);
  });

  it('acknowledges at COMMIT', async () => {
    const { server, transport } = await scene();
    const ann = await connectStomp(transport);
    await ann.subscribe('q', '/queue/x', { ack: 'client', 'prefetch-count': '1' });
    for (const text of ['1', '2']) await server.publisher.publish('/queue/x', text);
    const { headers } = await ann.next('MESSAGE');
    ann.send('BEGIN', { transaction });
    ann.send('ACK', { id: headers['ack']!, transaction, receipt: 'held' });
    await ann.next('RECEIPT');
    await server.idle();
    expect(ann.received).toEqual([]);
    ann.send('COMMIT', { transaction });
    expect(await ann.next('MESSAGE')).toMatchObject({ body: '2' });
  });

  it('is independent of other transactions, and of those of other sessions', async () => {
    const { transport, received } = await scene();
    const [ann, bob] = [await connectJson(transport), await connectJson(transport)];
    for (const [client, name] of [
      [ann, 'x'],
      [ann, 'y'],
      [bob, 'x'],
    ] as const) {
      client.send({ type: 'begin', transaction: name });
      client.send({ type: 'send', destination: '/topic/x', transaction: name, payload: name });
    }
    ann.send({ type: 'commit', transaction: 'y', receipt: 'r' });
    await ann.next('receipt');
    expect(await received()).toEqual(['"y"']);
    bob.send({ type: 'commit', transaction: 'x', receipt: 'r' });
    await bob.next('receipt');
    expect(await received()).toEqual(['"x"']);
  });

  it.each([
    ['a handler that throws', '/app/echo', words('throw'), 'handler-failed: The handler failed.'],
    ['an invalid payload', '/app/echo', '{}', 'payload-invalid: The payload is not valid.'],
    ['a stream', '/app/stream', '', 'not-supported: A stream cannot be part of a transaction.'],
    [
      'no route',
      '/app/nowhere',
      '',
      expect.stringContaining("no-route: Nothing serves '/app/nowhere' for SEND."),
    ],
    ['the problem queue', '/user/ann/queue/errors', '', expect.stringContaining('refused')],
  ])('fails as a whole because of %s', async (_, destination, body, detail) => {
    const { transport, received } = await scene();
    const ann = await connectJson(transport);
    ann.send({ type: 'begin', transaction });
    ann.send({ type: 'send', destination: '/topic/x', transaction, payload: 1 });
    const headers = { 'content-type': 'application/json;charset=utf-8' };
    const payload = body === '' ? {} : { payload: JSON.parse(body) as unknown, headers };
    ann.send({ type: 'send', destination, transaction, ...payload });
    ann.send({ type: 'commit', transaction, receipt: 'r' });
    const error = await ann.next('error');
    expect(error).toMatchObject({ code: 'transaction-failed', receipt: 'r', fatal: false });
    expect(error['detail']).toEqual(detail);
    expect(JSON.stringify(error)).not.toContain('secret');
    expect(await received()).toEqual([]);
    ann.send({ type: 'abort', transaction });
    expect(await ann.next('error')).toMatchObject({ code: 'transaction-unknown' });
  });
});

it('a transaction keeps the order of frames that a slow interceptor processes concurrently', async () => {
  let delays = 4;
  await using app = await testServer({
    concurrency: 4,
    interceptors: [
      async (frame, _, next) => {
        if (frame.kind === 'send') for (let i = delays--; i > 0; i--) await Promise.resolve();
        await next();
      },
    ],
  });
  const ann = await app.connect();
  const topic = await ann.subscribe('/topic/x');
  await ann.begin(transaction);
  await Promise.all([1, 2, 3, 4].map((n) => ann.send('/topic/x', n, { transaction })));
  await ann.commit(transaction);
  expect((await topic.drain()).map(({ payload }) => payload)).toEqual([1, 2, 3, 4]);
});

it('the server logs no error if a transaction fails because of its client', async () => {
  const errors: string[] = [];
  const logger = { ...silentLogger, error: (text: string) => void errors.push(text) };
  const { transport } = await scene({ logger });
  const ann = await connectStomp(transport);
  ann.send('BEGIN', { transaction });
  ann.send('ACK', { id: '7', transaction });
  ann.send('COMMIT', { transaction, receipt: 'r' });
  expect(await ann.next('ERROR')).toMatchObject({ headers: { code: 'transaction-failed' } });
  expect(errors).toEqual([]);
});

it('the client receives no detail of an exception of the broker at COMMIT, and the server logs it', async () => {
  const failure = new Error('disk full');
  const broker = new EmbeddedBroker();
  const connect = broker.connect.bind(broker);
  vi.spyOn(broker, 'connect').mockImplementation((subscriber) =>
    Object.assign(connect(subscriber), { commit: () => Promise.reject(failure) }),
  );
  const errors: unknown[] = [];
  const logger = { ...silentLogger, error: (_: string, cause: unknown) => void errors.push(cause) };
  const { transport } = await scene({ logger, broker });
  const ann = await connectJson(transport);
  ann.send({ type: 'begin', transaction });
  ann.send({ type: 'send', destination: '/topic/x', transaction });
  ann.send({ type: 'commit', transaction, receipt: 'r' });
  const error = await ann.next('error');
  expect(error).toMatchObject({ code: 'transaction-failed', receipt: 'r', fatal: false });
  expect(error['detail']).toBeUndefined();
  expect(errors).toEqual([failure]);
});

describe('a session rejects', () => {
  it.each([
    ['a second BEGIN of an open transaction', ['begin t', 'begin t'], 'transaction-exists'],
    ['a COMMIT of an unknown transaction', ['commit t'], 'transaction-unknown'],
    ['an ABORT of an unknown transaction', ['abort t'], 'transaction-unknown'],
    ['a second COMMIT', ['begin t', 'commit t', 'commit t'], 'transaction-unknown'],
    ['a SEND in an unknown transaction', ['send t'], 'transaction-unknown'],
    ['a transaction above the limit', ['begin a', 'begin b', 'begin c'], 'transaction-limit'],
    ['a frame above the limit', ['begin t', 'send t', 'send t', 'send t'], 'transaction-limit'],
  ])('%s', async (_, frames, code) => {
    const { transport } = await scene({ limits: { maxTransactions: 2, maxTransactionFrames: 2 } });
    const ann = await connectJson(transport);
    for (const each of frames) {
      const [type, name] = each.split(' ');
      ann.send({ type, transaction: name, destination: '/topic/x' });
    }
    expect(await ann.next('error')).toMatchObject({ code, fatal: false });
  });

  it('a frame if all its transactions together hold too many bytes', async () => {
    const { transport } = await scene({ limits: { maxTransactionBytes: 1000 } });
    const ann = await connectJson(transport);
    const fill = (name: string) =>
      ann.send({
        type: 'send',
        destination: '/topic/x',
        transaction: name,
        payload: 'x'.repeat(600),
        receipt: name,
      });
    ann.send({ type: 'begin', transaction: 'a' });
    ann.send({ type: 'begin', transaction: 'b' });
    fill('a');
    await ann.next('receipt');
    fill('b');
    expect(await ann.next('error')).toMatchObject({ code: 'transaction-limit', receipt: 'b' });
    ann.send({ type: 'abort', transaction: 'a' });
    fill('b');
    expect(await ann.next('receipt')).toMatchObject({ id: 'b' });
  });
});

describe('the bytes of transactions', () => {
  /** Two SENDs fit. */
  const limits = { maxTransactions: 2, maxTransactionFrames: 10, maxTransactionBytes: 2 * 330 };
  /** Counts 330 bytes: 256 for the frame, 2 of the destination, 69 of the header, 3 of the body. */
  const send: HeldFrame = {
    kind: 'send',
    message: { destination: '/x', headers: new Map([['ab', 'cde']]), body: Buffer.from('123') },
  };
  const ack = { kind: 'ack', id: '1' } as const;
  const transactionsOf = (held = new Quota(10_000, 1), account = 'user ann') =>
    new Transactions(limits, new Holding(held, account));

  it('count destinations, headers and bodies, up to the limit', () => {
    const transactions = transactionsOf();
    transactions.begin('a');
    transactions.begin('b');
    transactions.hold('a', send);
    transactions.hold('b', send);
    expect(() => transactions.hold('b', ack)).toThrow(
      'at most 660 bytes (limits.maxTransactionBytes)',
    );
    transactions.release(transactions.take('a'));
    transactions.hold('b', ack);
  });

  it.each<[string, HeldFrame]>([
    ['the receipt of a SEND', { ...send, receipt: 'r'.repeat(331) }],
    ['the receipt of an ACK', { ...ack, receipt: 'r'.repeat(404) }],
    ['the id of an ACK', { ...ack, id: 'i'.repeat(405) }],
    ['the subscription of an ACK', { ...ack, subscription: 's'.repeat(404) }],
    ['the name of the transaction', { ...ack, transaction: 't'.repeat(404) }],
  ])('count %s', (_text, frame) => {
    const transactions = transactionsOf();
    transactions.begin('a');
    expect(() => transactions.hold('a', frame)).toThrow(
      'at most 660 bytes (limits.maxTransactionBytes)',
    );
  });

  it('are released when all transactions are aborted', () => {
    const transactions = transactionsOf();
    transactions.begin('a');
    transactions.hold('a', send);
    transactions.hold('a', send);
    transactions.clear();
    transactions.begin('a');
    transactions.hold('a', send);
    expect(transactions.take('a')).toEqual([send]);
  });

  it('count for all sessions of an account, which can use one share', () => {
    const held = new Quota(4 * 330, 2);
    const [first, second] = [transactionsOf(held), transactionsOf(held)];
    for (const transactions of [first, second]) transactions.begin('a');
    first.hold('a', send);
    second.hold('a', send);
    expect(() => second.hold('a', ack)).toThrow('bytes in transactions and waiting frames');
    const other = transactionsOf(held, 'user eve');
    other.begin('a');
    other.hold('a', send);
    first.clear();
    second.hold('a', send);
    expect(held.used).toBe(3 * 330);
  });

  it('count until the frames are processed', () => {
    const held = new Quota(10_000, 1);
    const transactions = transactionsOf(held);
    transactions.begin('a');
    transactions.hold('a', send);
    const taken = transactions.take('a');
    expect(held.used).toBe(330);
    transactions.release(taken);
    expect(held.used).toBe(0);
  });

  it('count once when the session ends while COMMIT is in process', () => {
    const held = new Quota(10_000, 1);
    const transactions = transactionsOf(held);
    for (const name of ['a', 'b']) {
      transactions.begin(name);
      transactions.hold(name, send);
    }
    const taken = transactions.take('a');
    transactions.clear();
    expect(held.used).toBe(330);
    transactions.release(taken);
    expect(held.used).toBe(0);
  });

  it('do not include other bytes of the buffer of a body', () => {
    const transactions = transactionsOf();
    const body = Buffer.allocUnsafeSlow(64 * 1024).subarray(0, 3);
    transactions.begin('a');
    transactions.hold('a', { ...send, message: { ...send.message, body } });
    const [held] = transactions.take('a');
    expect(held?.kind === 'send' && held.message.body.buffer.byteLength).toBe(3);
  });
});
