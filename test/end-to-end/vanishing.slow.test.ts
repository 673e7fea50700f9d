// 5,000 connections that are lost before, in and after their first frames: the server releases everything.
import { once } from 'node:events';
import { queryObjects } from 'node:v8';
import { testClock } from 'signalbox/testing';
import { expect, it, vi } from 'vitest';
import { Consumer } from '../../src/broker/embedded/queue/consumer.js';
import { EmbeddedConnection } from '../../src/broker/embedded/embedded-connection.js';
import { MessageQueue } from '../../src/broker/embedded/queue/message-queue.js';
import { SessionSubscriber } from '../../src/broker/subscriber.js';
import { createServer, memoryTransport, silentLogger, tcpTransport } from '../../src/index.js';
import { ClientSession } from '../../src/session/client-session.js';
import { tcpConnection, webSocketConnection } from '../clients/connection.js';
import { portOf } from '../clients/server.js';
import { frameText } from '../clients/stomp.js';

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

/** What a client sends before it vanishes: nothing, half a frame, a frame, or several frames and a half. */
const texts = [
  '',
  connectFrame.slice(0, 20),
  connectFrame,
  connectFrame + subscribe + begun + 'SEND\ndest',
];

/** Classes of the objects that a server makes for each connection; counted while it runs. */
const perConnection = [
  ClientSession,
  SessionSubscriber,
  EmbeddedConnection,
  Consumer,
  MessageQueue,
];

it('keeps no session, timer, handle or object', { timeout: 300_000 }, async () => {
  const clock = testClock();
  const [memory, tcp] = [memoryTransport(), tcpTransport({ port: 0 })];
  const server = await createServer({ transports: [memory, tcp], clock, logger: silentLogger });
  await server.listen(0);
  const port = portOf(server);
  const countObjects = () => perConnection.map((kind) => queryObjects(kind));
  // The broker itself has a queue.
  const before = countObjects();

  const overTcp = async (text: string) => {
    const { socket } = tcpConnection(tcp.address()!.port);
    await once(socket, 'connect');
    if (text !== '') await new Promise<void>((resolve) => socket.write(text, () => resolve()));
    socket.destroy();
    await once(socket, 'close');
  };
  const overWebSocket = async (text: string) => {
    const { socket, closed } = await webSocketConnection(port, { subprotocols: ['v12.stomp'] });
    if (text !== '') await new Promise<void>((resolve) => socket.send(text, () => resolve()));
    socket.terminate();
    await closed;
  };
  const inMemory = async (text: string) => {
    const client = memory.connect();
    if (text !== '') client.send(text);
    await Promise.resolve();
    client.vanish();
    await client.closed;
  };
  const transports = [overTcp, overWebSocket, inMemory];

  for (let from = 0; from < connections; from += atATime)
    await Promise.all(
      Array.from({ length: atATime }, (_, i) =>
        transports[(from + i) % transports.length]!(
          texts[Math.floor((from + i) / transports.length) % texts.length]!,
        ),
      ),
    );
  await server.idle();
  const left = () => ({
    sessions: server.sessions.size,
    timers: clock.timers.length,
    sockets: process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length,
  });
  // The server notices the end of a connection later than its client, without an event for connections that sent nothing.
  const waiting = { timeout: 60_000, interval: 20 };
  await vi.waitFor(() => expect(left()).toMatchObject({ sessions: 0, timers: 0 }), waiting);
  const objects = countObjects();
  await server.close();
  await vi.waitFor(() => expect(left()).toEqual({ sessions: 0, timers: 0, sockets: 0 }), waiting);
  expect(objects).toEqual(before);
});
