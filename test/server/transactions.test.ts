// Transactions: held until COMMIT, everything or nothing, bounded.
import { IsString } from 'class-validator';
import { afterEach, describe, expect, it } from 'vitest';
import {
  Controller,
  createServer,
  memoryTransport,
  MessageMapping,
  Payload,
  SendTo,
  silentLogger,
  type LimitOptions,
  type Logger,
  type Server,
} from '../../src/index.js';
import { MessagingError } from '../../src/message/error.js';
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

async function scene(limits: Partial<LimitOptions> = {}, logger: Logger = silentLogger) {
  const transport = memoryTransport();
  const server = await createServer({
    transports: [transport],
    controllers: [EchoController],
    logger,
    limits,
  });
  running.push(server);
  await server.start();
  const listener = await connectStomp(transport);
  await listener.subscribe('s', '/topic/*');
  const heard = async () => {
    await server.idle();
    const bodies: string[] = [];
    while (listener.received.length > 0) bodies.push((await listener.next('MESSAGE')).body);
    return bodies;
  };
  return { server, transport, heard };
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

const transaction = 't';
const words = (text: string) => JSON.stringify({ text });

describe('a transaction', () => {
  it('lines 37, 61: takes effect at COMMIT, in order, handlers and all', async () => {
    const { transport, heard } = await scene();
    const ann = await connectStomp(transport);
    ann.send('BEGIN', { transaction });
    ann.send('SEND', { destination: '/topic/x', transaction }, '1');
    ann.send('SEND', { destination: '/app/echo', transaction, receipt: 'held' }, words('2'));
    ann.send('SEND', { destination: '/app/quiet', transaction });
    ann.send('SEND', { destination: '/topic/x', transaction }, '3');
    await ann.next('RECEIPT');
    expect(await heard()).toEqual([]);
    ann.send('COMMIT', { transaction, receipt: 'done' });
    await ann.next('RECEIPT');
    expect(await heard()).toEqual(['1', '2', '3']);
  });

  it('line 61: of which nothing is left by ABORT, nor by the end of the connection', async () => {
    const { transport, heard } = await scene();
    const ann = await connectStomp(transport);
    for (const name of ['a', 'b']) {
      ann.send('BEGIN', { transaction: name });
      ann.send('SEND', { destination: '/topic/x', transaction: name }, name);
    }
    ann.send('ABORT', { transaction: 'a' });
    ann.send('DISCONNECT', { receipt: 'bye' });
    await ann.next('RECEIPT');
    expect(await heard()).toEqual([]);
  });

  it('line 55: settles at COMMIT', async () => {
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

  it('line 63: is one of several, and a session’s own', async () => {
    const { transport, heard } = await scene();
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
    expect(await heard()).toEqual(['"y"']);
    bob.send({ type: 'commit', transaction: 'x', receipt: 'r' });
    await bob.next('receipt');
    expect(await heard()).toEqual(['"x"']);
  });

  it.each([
    ['a handler that throws', '/app/echo', words('throw'), 'handler-failed: The handler failed.'],
    [
      'a payload that is not valid',
      '/app/echo',
      '{}',
      'payload-invalid: The payload is not valid.',
    ],
    ['a stream', '/app/stream', '', 'not-supported: A stream cannot be part of a transaction.'],
    ['no route', '/app/nowhere', '', 'no-route: Nothing serves this destination.'],
    ['the problem queue', '/user/ann/queue/errors', '', expect.stringContaining('refused')],
  ])('fails as a whole by %s', async (_, destination, body, detail) => {
    const { transport, heard } = await scene();
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
    expect(await heard()).toEqual([]);
    ann.send({ type: 'abort', transaction });
    expect(await ann.next('error')).toMatchObject({ code: 'transaction-unknown' });
  });
});

it('keeps its order, though frames of the session overlap and an interceptor takes its time', async () => {
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

it('that fails by a mistake of its client is no error of the server', async () => {
  const errors: string[] = [];
  const logger = { ...silentLogger, error: (text: string) => void errors.push(text) };
  const { transport } = await scene({}, logger);
  const ann = await connectStomp(transport);
  ann.send('BEGIN', { transaction });
  ann.send('ACK', { id: '7', transaction });
  ann.send('COMMIT', { transaction });
  expect(await ann.next('ERROR')).toMatchObject({ headers: { code: 'transaction-failed' } });
  expect(errors).toEqual([]);
});

describe('what is refused', () => {
  it.each([
    ['line 59: a BEGIN of an open one', ['begin t', 'begin t'], 'transaction-exists'],
    ['line 60: a COMMIT of none', ['commit t'], 'transaction-unknown'],
    ['line 60: an ABORT of none', ['abort t'], 'transaction-unknown'],
    ['line 60: a second COMMIT', ['begin t', 'commit t', 'commit t'], 'transaction-unknown'],
    ['line 37: a SEND in none', ['send t'], 'transaction-unknown'],
    ['one too many', ['begin a', 'begin b', 'begin c'], 'transaction-limit'],
    ['a frame too many', ['begin t', 'send t', 'send t', 'send t'], 'transaction-limit'],
  ])('%s', async (_, said, code) => {
    const { transport } = await scene({ maxTransactions: 2, maxTransactionFrames: 2 });
    const ann = await connectJson(transport);
    for (const each of said) {
      const [type, name] = each.split(' ');
      ann.send({ type, transaction: name, destination: '/topic/x' });
    }
    expect(await ann.next('error')).toMatchObject({ code, fatal: false });
  });

  it('is what holds too many octets, over all transactions of a session', async () => {
    const { transport } = await scene({ maxTransactionBytes: 1000 });
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
  const limits = { maxTransactions: 2, maxTransactionFrames: 10, maxTransactionBytes: 20 };
  /** Holds 10 bytes: 2 of the destination, 5 of the header, 3 of the body. */
  const ten: HeldFrame = {
    kind: 'send',
    message: { destination: '/x', headers: new Map([['ab', 'cde']]), body: Buffer.from('123') },
  };

  it('are those of destinations, headers and bodies, up to the limit', () => {
    const transactions = new Transactions(limits);
    transactions.begin('a');
    transactions.begin('b');
    transactions.hold('a', ten);
    transactions.hold('b', ten);
    const ack: HeldFrame = { kind: 'ack', id: '1', subscription: undefined };
    expect(() => transactions.hold('b', ack)).toThrow(new MessagingError('transaction-limit'));
    transactions.end('a');
    transactions.hold('b', ack);
  });

  it('are free again when all transactions are aborted', () => {
    const transactions = new Transactions(limits);
    transactions.begin('a');
    transactions.hold('a', ten);
    transactions.hold('a', ten);
    transactions.clear();
    transactions.begin('a');
    transactions.hold('a', ten);
    expect(transactions.end('a')).toEqual([ten]);
  });
});
