// 5,000 connections that come and vanish, before, in and behind their first frames: nothing of them is left.
import { once } from 'node:events';
import { connect } from 'node:net';
import { queryObjects } from 'node:v8';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Consumer } from '../../src/broker/embedded/queue/consumer.js';
import { EmbeddedConnection } from '../../src/broker/embedded/embedded-connection.js';
import { MessageQueue } from '../../src/broker/embedded/queue/message-queue.js';
import { SessionSubscriber } from '../../src/broker/subscriber.js';
import { createServer, memoryTransport, silentLogger, tcpTransport } from '../../src/index.js';
import { ClientSession } from '../../src/session/client-session.js';
import { countingClock } from '../counting-clock.js';
import { frameText } from '../stomp-client.js';
import { portOf } from './port.js';

const connections = 5000;
const atATime = 200;

const connectFrame = frameText('CONNECT', { 'accept-version': '1.2', host: 'x' });
const subscribe = frameText('SUBSCRIBE', {
  id: '1',
  destination: '/queue/jobs',
  ack: 'client',
  receipt: 'live',
});
const begun = frameText('BEGIN', { transaction: 't' });

/** What a client says before it vanishes: nothing, half a frame, all of it, or that and half of another. */
const words = [
  '',
  connectFrame.slice(0, 20),
  connectFrame,
  connectFrame + subscribe + begun + 'SEND\ndest',
];

/** What a server makes for each of them; counted while it runs. */
const fleeting = [ClientSession, SessionSubscriber, EmbeddedConnection, Consumer, MessageQueue];

it('leaves no session, timer, handle or object', { timeout: 120_000 }, async () => {
  const clock = countingClock();
  const [memory, tcp] = [memoryTransport(), tcpTransport({ port: 0 })];
  const server = await createServer({ transports: [memory, tcp], clock, logger: silentLogger });
  await server.listen(0);
  const port = portOf(server);

  const overTcp = async (said: string) => {
    const socket = connect(tcp.address()!.port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    if (said !== '') await new Promise<void>((resolve) => socket.write(said, () => resolve()));
    socket.destroy();
    await once(socket, 'close');
  };
  const overWebSocket = async (said: string) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, ['v12.stomp']);
    socket.on('error', () => {});
    await once(socket, 'open');
    if (said !== '') await new Promise<void>((resolve) => socket.send(said, () => resolve()));
    socket.terminate();
    await once(socket, 'close');
  };
  const inMemory = async (said: string) => {
    const client = memory.connect();
    if (said !== '') client.send(said);
    await Promise.resolve();
    client.vanish();
    await client.closed;
  };
  const ways = [overTcp, overWebSocket, inMemory];

  for (let from = 0; from < connections; from += atATime)
    await Promise.all(
      Array.from({ length: atATime }, (_, i) =>
        ways[(from + i) % ways.length]!(
          words[Math.floor((from + i) / ways.length) % words.length]!,
        ),
      ),
    );
  await server.idle();
  const left = () => ({
    sessions: server.sessions.size,
    timers: clock.timers,
    sockets: process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length,
  });
  // A server hears of the end of a connection a little later than its client.
  while (left().sessions + left().timers > 0) await new Promise((resolve) => setImmediate(resolve));
  const objects = fleeting.map((kind) => queryObjects(kind));
  await server.close();
  while (left().sockets > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(left()).toEqual({ sessions: 0, timers: 0, sockets: 0 });
  expect(objects).toEqual(fleeting.map(() => 0));
});
