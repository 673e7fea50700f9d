// SSE sessions of a server: STOMP over events, resumption, heart-beats, slow readers, raw handlers, and the end of the server.
import { afterEach, describe, expect, it } from 'vitest';
import { createServer, silentLogger, type Server, type ServerOptions } from '../../src/index.js';
import { webSocketConnection } from '../clients/connection.js';
import { portOf } from '../clients/server.js';
import {
  http1Client,
  sseConnection,
  type SseConnection,
  type SseConnectionOptions,
} from '../clients/sse.js';
import { connected, StompClient } from '../clients/stomp.js';

let server: Server;
let opened: SseConnection[] = [];

afterEach(async () => {
  for (const connection of opened) connection.close();
  opened = [];
  await server.close();
});

async function start(options: ServerOptions = {}): Promise<void> {
  server = await createServer({
    endpoints: [{ path: '/ws', sse: true }],
    logger: silentLogger,
    ...options,
  });
  await server.listen(0);
}

async function open(options?: SseConnectionOptions): Promise<SseConnection> {
  const connection = await sseConnection(http1Client(portOf(server)), options);
  opened.push(connection);
  return connection;
}

/** A STOMP client that is connected. */
async function connect(): Promise<StompClient<SseConnection>> {
  const client = new StompClient(await open({ subprotocols: ['v12.stomp', 'v11.stomp'] }));
  await connected(client, { 'accept-version': '1.2' });
  return client;
}

describe('STOMP over SSE', () => {
  it('has the subprotocol that the endpoint chooses', async () => {
    await start();
    const { connection } = await connect();
    expect(connection.protocol).toBe('v12.stomp');
    expect((await open()).protocol).toBe('');
  });

  it('receives messages together with WebSockets on the same URL', async () => {
    await start();
    const client = await connect();
    await client.subscribe('s', '/topic/x');
    const other = new StompClient(await webSocketConnection(portOf(server)));
    await connected(other, { 'accept-version': '1.2' });
    await other.subscribe('s', '/topic/x');
    client.publish('/topic/x', {}, 'to both');
    expect(await client.texts(1)).toEqual(['to both']);
    expect(await other.texts(1)).toEqual(['to both']);
    other.connection.vanish();
  });

  it('continues after a lost response without a lost message', async () => {
    await start();
    const client = await connect();
    await client.subscribe('s', '/topic/x');
    await server.publisher.publish('/topic/x', '1');
    expect(await client.texts(1)).toEqual(['1']);
    const again = client.connection.reconnect();
    await server.publisher.publish('/topic/x', '2');
    expect(await again).toBe(200);
    await server.publisher.publish('/topic/x', '3');
    expect(await client.texts(2)).toEqual(['2', '3']);
  });
});
