// Tests acknowledgements of queue messages by clients of each version and protocol, with whole servers.
import { afterEach, describe, expect, it } from 'vitest';
import { testClock, testServer } from 'signalbox/testing';
import {
  Controller,
  createServer,
  EmbeddedBroker,
  memoryTransport,
  MessageMapping,
  Signal,
  silentLogger,
  type Server,
} from '../../src/index.js';
import { connectJson } from '../clients/json.js';
import { connectStomp, type StompFrame } from '../clients/stomp.js';

const running: Server[] = [];

async function serve() {
  const transport = memoryTransport();
  const server = await createServer({ transports: [transport], logger: silentLogger });
  running.push(server);
  await server.start();
  return { server, transport };
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

/** The headers by which a client of each version acknowledges. */
const versions: readonly [string, (message: StompFrame) => Record<string, string>][] = [
  ['1.2', ({ headers }) => ({ id: headers['ack']! })],
  [
    '1.1',
    ({ headers }) => ({
      'message-id': headers['message-id']!,
      subscription: headers['subscription']!,
    }),
  ],
  ['1.0', ({ headers }) => ({ 'message-id': headers['message-id']! })],
];

describe.each(versions)('STOMP %s', (version, idHeaders) => {
  it('acknowledges messages, and the others are redelivered to another session', async () => {
    const { server, transport } = await serve();
    const ann = await connectStomp(transport, { 'accept-version': version });
    await ann.subscribe('a', '/queue/jobs', { ack: 'client' });
    for (const text of ['1', '2', '3'])
      await server.publisher.publish('/queue/jobs', text, { headers: { n: text } });
    const messages = [
      await ann.next('MESSAGE'),
      await ann.next('MESSAGE'),
      await ann.next('MESSAGE'),
    ];
    expect(messages.map(({ body }) => body)).toEqual(['1', '2', '3']);
    expect(messages.map(({ headers }) => headers['ack'] !== undefined)).toEqual(
      Array(3).fill(version === '1.2'),
    );
    ann.send('ACK', { ...idHeaders(messages[1]!), receipt: 'acked' });
    expect(await ann.next('RECEIPT')).toMatchObject({ headers: { 'receipt-id': 'acked' } });
    ann.connection.vanish();
    await ann.connection.closed;
    await server.idle();
    const bob = await connectStomp(transport, { 'accept-version': version });
    await bob.subscribe('b', '/queue/jobs');
    expect(await bob.next('MESSAGE')).toMatchObject({
      body: '3',
      headers: { redelivered: 'true', 'delivery-count': '2', n: '3' },
    });
  });

  it('ignores a repeated ACK, and rejects an unknown one', async () => {
    const { server, transport } = await serve();
    const ann = await connectStomp(transport, { 'accept-version': version });
    await ann.subscribe('a', '/queue/jobs', { ack: 'client' });
    await server.publisher.publish('/queue/jobs', '1');
    const message = await ann.next('MESSAGE');
    for (const receipt of ['once', 'twice']) {
      ann.send('ACK', { ...idHeaders(message), receipt });
      expect(await ann.next('RECEIPT')).toMatchObject({ headers: { 'receipt-id': receipt } });
    }
    const wrong = Object.fromEntries(Object.keys(idHeaders(message)).map((name) => [name, '999']));
    ann.send('ACK', { ...idHeaders(message), ...wrong, receipt: 'r' });
    expect(await ann.next('ERROR')).toMatchObject({ headers: { code: 'acknowledgement-unknown' } });
  });

  it('rejects an ACK after UNSUBSCRIBE, because another subscriber receives the message', async () => {
    const { server, transport } = await serve();
    const ann = await connectStomp(transport, { 'accept-version': version });
    await ann.subscribe('a', '/queue/jobs', { ack: 'client' });
    await server.publisher.publish('/queue/jobs', '1');
    const message = await ann.next('MESSAGE');
    await ann.request('UNSUBSCRIBE', { id: 'a' });
    ann.send('ACK', { ...idHeaders(message), receipt: 'r' });
    expect(await ann.next('ERROR')).toMatchObject({ headers: { code: 'acknowledgement-unknown' } });
  });
});

it('a JSON client acknowledges with the `ack` of the message', async () => {
  const { server, transport } = await serve();
  const ann = await connectJson(transport);
  ann.send({ type: 'subscribe', id: 'a', destination: '/queue/jobs', ack: 'client-individual' });
  await server.publisher.publish('/queue/jobs', { n: 1 });
  const first = await ann.next('message');
  expect(first).toMatchObject({ payload: { n: 1 }, ack: first['id'] });
  ann.send({ type: 'nack', id: first['ack'] });
  const again = await ann.next('message');
  expect(again).toMatchObject({ id: first['id'], deliveries: 2, ack: `${String(first['id'])}@1` });
  ann.send({ type: 'ack', id: again['ack'], receipt: 'r' });
  expect(await ann.next('receipt')).toEqual({ type: 'receipt', id: 'r' });
  ann.send({ type: 'ack', id: '3' });
  expect(await ann.next('error')).toMatchObject({ code: 'acknowledgement-unknown', fatal: false });
});

it('a user queue is separate for each session, and supports acknowledgements', async () => {
  const { server, transport } = await serve();
  const [ann, bob] = [await connectStomp(transport), await connectStomp(transport)];
  for (const each of [ann, bob]) await each.subscribe('s', '/user/queue/x', { ack: 'client' });
  for (const { id } of server.sessions.all())
    await server.publisher.publishToSession(id, '/queue/x', 'own');
  for (const each of [ann, bob]) {
    const message = await each.next('MESSAGE');
    expect(message).toMatchObject({ body: 'own', headers: { destination: '/user/queue/x' } });
    each.send('NACK', { id: message.headers['ack']! });
    expect(await each.next('MESSAGE')).toMatchObject({ headers: { redelivered: 'true' } });
  }
});

describe('the acknowledgement timeout', () => {
  @Controller()
  class SlowController {
    @MessageMapping('/slow')
    async slow(@Signal() signal: AbortSignal) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    }
  }

  it('is paused while an ACK waits for a handler', async () => {
    const clock = testClock();
    const broker = new EmbeddedBroker({ queue: { ackTimeout: 800 } });
    await using app = await testServer({
      controllers: [SlowController],
      broker,
      clock,
      handlerTimeout: 5000,
    });
    const [ann, bob] = [await app.connect(), await app.connect()];
    const jobs = await ann.subscribe('/queue/jobs', { ack: 'client' });
    await bob.send('/queue/jobs', 'job');
    const job = await jobs.next();
    const others = await bob.subscribe('/queue/jobs', { ack: 'client' });
    const slow = ann.send('/app/slow');
    const acknowledged = ann.ack(job);
    await clock.advance(5000);
    await Promise.all([slow, acknowledged]);
    expect(ann.problems).toMatchObject([{ code: 'handler-timeout' }]);
    await clock.advance(5000);
    await others.expectNone();
    await bob.send('/queue/jobs', 'another');
    await others.expectNone();
    await clock.advance(800);
    expect(await others.next()).toMatchObject({ payload: 'another', redelivered: 1 });
  });
});

it.each([
  ['a topic', '/topic/news', '/topic/news'],
  ['a queue of its user', '/user/queue/news', '/user/ann/queue/news'],
])(
  'closes a session with 4500 that acknowledges too little of %s',
  async (_name, from, destination) => {
    const transport = memoryTransport();
    const server = await createServer({
      transports: [transport],
      logger: silentLogger,
      broker: new EmbeddedBroker({ queue: { maxMessages: 2 } }),
      authenticate: () => ({ name: 'ann' }),
    });
    running.push(server);
    await server.start();
    const ann = await connectStomp(transport);
    await ann.subscribe('a', from, { ack: 'client' });
    for (const text of ['1', '2', '3']) await server.publisher.publish(destination, text);
    expect(await ann.connection.closed).toMatchObject({ code: 4500, reason: 'slow-consumer' });
  },
);
