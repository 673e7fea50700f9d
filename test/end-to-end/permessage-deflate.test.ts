// Compressed and plain clients of one topic: @stomp/stompjs, with and without permessage-deflate.
import { Client, type IMessage } from '@stomp/stompjs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createServer, silentLogger, type Server } from '../../src/index.js';
import { portOf } from '../clients/server.js';
import { activate } from '../clients/stompjs.js';

let server: Server;
let clients: Client[];

beforeEach(async () => {
  clients = [];
  server = await createServer({
    endpoints: [{ path: '/ws', perMessageDeflate: { threshold: 100 } }, { path: '/plain' }],
    logger: silentLogger,
  });
  await server.listen(0);
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.deactivate()));
  await server.close();
});

/** A connected client; resolves with the client and its negotiated extensions. */
async function connect(path: string, perMessageDeflate: boolean) {
  let socket: WebSocket | undefined;
  const client = new Client({
    webSocketFactory: () =>
      (socket = new WebSocket(`ws://127.0.0.1:${portOf(server)}${path}`, ['v12.stomp'], {
        perMessageDeflate: perMessageDeflate && { threshold: 0 },
      })),
    reconnectDelay: 0,
  });
  clients.push(client);
  await activate(client);
  return { client, extensions: socket!.extensions };
}

it('a message reaches compressed and plain clients alike, in the order of its topic', async () => {
  const opened = [
    await connect('/ws', true),
    await connect('/ws', true),
    await connect('/ws', false),
    await connect('/plain', true),
  ];
  expect(opened.map(({ extensions }) => extensions)).toEqual([
    'permessage-deflate',
    'permessage-deflate',
    '',
    '',
  ]);
  const bodies = ['small', 'a larger text, '.repeat(1000), '', 'ünïcödé '.repeat(200), 'last'];
  const received = opened.map(
    ({ client }) =>
      new Promise<string[]>((resolve) => {
        const messages: string[] = [];
        client.subscribe('/topic/news', ({ body }: IMessage) => {
          messages.push(body);
          if (body === 'last') resolve(messages);
        });
      }),
  );
  const subscribed = opened.map(
    ({ client }) =>
      new Promise<void>((resolve) => {
        client.watchForReceipt('subscribed', () => resolve());
        client.publish({ destination: '/topic/none', headers: { receipt: 'subscribed' } });
      }),
  );
  await Promise.all(subscribed);
  for (const body of bodies) opened[0]!.client.publish({ destination: '/topic/news', body });
  expect(await Promise.all(received)).toEqual(opened.map(() => bodies));
});
