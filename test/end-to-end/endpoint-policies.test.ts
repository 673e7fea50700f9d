// Tests two endpoints of one server: one closes clients that stop reading, the other drops their messages.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createServer, silentLogger, type Server } from '../../src/index.js';
import { portOf } from '../clients/server.js';

let server: Server;

beforeEach(async () => {
  server = await createServer({
    endpoints: [{ path: '/all' }, { path: '/latest', slowConsumers: { policy: 'conflate' } }],
    limits: { maxOutboxBytes: 64 * 1024 },
    logger: silentLogger,
  });
  await server.listen(0);
});

afterEach(() => server.close());

interface ReceivedFrame {
  readonly type: string;
  readonly payload?: { readonly n: number };
  readonly dropped?: number;
}

async function subscribe(path: string) {
  const socket = new WebSocket(`ws://127.0.0.1:${portOf(server)}${path}`, ['v1.json.signalbox']);
  const received: ReceivedFrame[] = [];
  let arrived = () => {};
  socket.on('message', (data: Buffer) => {
    for (const line of data.toString().trim().split('\n'))
      received.push(JSON.parse(line) as ReceivedFrame);
    arrived();
  });
  socket.on('error', () => {});
  const until = async (found: (each: ReceivedFrame) => boolean) => {
    while (!received.some(found)) await new Promise<void>((resolve) => (arrived = resolve));
  };
  socket.on('open', () =>
    socket.send('{"type":"subscribe","id":"1","destination":"/topic/load","receipt":"r"}'),
  );
  await until(({ type }) => type === 'receipt');
  return { socket, received, until };
}

it('each endpoint applies its slow-consumer policy', async () => {
  const [all, latest] = [await subscribe('/all'), await subscribe('/latest')];
  const closed = new Promise<string>((resolve) =>
    server.events.on('disconnected', ({ reason }) => resolve(reason)),
  );
  let ended = false;
  void closed.then(() => (ended = true));
  all.socket.pause();
  latest.socket.pause();
  const padding = '.'.repeat(16 * 1024);
  let n = 0;
  while (!ended) {
    await server.publisher.publish('/topic/load', { n: ++n, padding });
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await closed).toBe('slow-consumer');
  expect(server.sessions.size).toBe(1);
  for (let more = 0; more < 100; more++)
    await server.publisher.publish('/topic/load', { n: ++n, padding });
  latest.socket.resume();
  await latest.until(({ payload }) => payload?.n === n);
  expect(latest.received.length).toBeLessThan(n);
  expect(latest.received.reduce((sum, { dropped = 0 }) => sum + dropped, 0)).toBe(
    n - latest.received.filter(({ type }) => type === 'message').length,
  );
  for (const { socket } of [all, latest]) socket.terminate();
});
