// Tests the server of the greeting over sockets, as the page of Spring's guide uses it.
import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, type IMessage } from '@stomp/stompjs';
import type { Server } from 'signalbox';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { mount } from './greeting.server.js';

let http: HttpServer;
let server: Server;
let address: string;
const clients: Client[] = [];

beforeEach(async () => {
  http = createServer();
  server = await mount(http, '/greeting/');
  await once(http.listen(0, '127.0.0.1'), 'listening');
  address = `127.0.0.1:${(http.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.deactivate()));
  await server.close();
  http.close();
});

/** A client like that of the guide: versions, heart-beats and subscription ids are the defaults of stompjs. */
async function connect(): Promise<Client> {
  const protocols = ['v12.stomp', 'v11.stomp', 'v10.stomp'];
  const client = new Client({
    webSocketFactory: () => new WebSocket(`ws://${address}/gs-guide-websocket`, protocols),
    reconnectDelay: 0,
  });
  clients.push(client);
  await new Promise<void>((resolve) => {
    client.onConnect = () => resolve();
    client.activate();
  });
  return client;
}

/** Subscribes, and waits until the subscription is active. */
async function subscribe(client: Client, destination: string): Promise<() => Promise<IMessage>> {
  const received: IMessage[] = [];
  let wake = () => {};
  client.subscribe(destination, (message) => {
    received.push(message);
    wake();
  });
  // Frames of a session are processed in order: the receipt of a later frame means that this one is processed.
  await new Promise<void>((resolve) => {
    client.watchForReceipt('ready', () => resolve());
    client.subscribe('/topic/nothing', () => {}, { id: 'nothing', receipt: 'ready' });
  });
  client.unsubscribe('nothing');
  return async () => {
    while (received.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return received.shift()!;
  };
}

describe('a page of the guide', () => {
  it('receives the greeting, also after it reconnects', async () => {
    for (const name of ['Ann', 'Ann, again']) {
      const client = await connect();
      const next = await subscribe(client, '/topic/greetings');
      // As the page does, without a content type.
      client.publish({ destination: '/app/hello', body: JSON.stringify({ name }) });
      const message = await next();
      expect(JSON.parse(message.body)).toEqual({ content: `Hello, ${name}!` });
      expect(message.headers['destination']).toBe('/topic/greetings');
      await client.deactivate();
    }
  });
});

describe('the endpoint of the greeting', () => {
  async function open(origin: string): Promise<WebSocket> {
    const socket = new WebSocket(
      `ws://${address}/gs-guide-websocket`,
      ['v12.stomp', 'v11.stomp', 'v10.stomp'],
      { origin },
    );
    await once(socket, 'open');
    return socket;
  }

  it('uses text messages, and one of the offered versions', async () => {
    const socket = await open(`http://${address}`);
    expect(socket.protocol).toBe('v12.stomp');
    const answer = once(socket, 'message');
    socket.send('CONNECT\naccept-version:1.2,1.1,1.0\nheart-beat:10000,10000\n\n\0');
    const [data, isBinary] = await answer;
    expect(String(data)).toMatch(/^CONNECTED\n/);
    expect(isBinary).toBe(false);
    socket.terminate();
  });

  it.each(['http://localhost:8080', 'http://127.0.0.1:8080'])(
    'accepts a page of %s',
    async (origin) => {
      const socket = await open(origin);
      expect(socket.readyState).toBe(WebSocket.OPEN);
      socket.terminate();
    },
  );

  it('refuses pages of other sites', async () => {
    await expect(open('https://elsewhere.example')).rejects.toThrow('403');
  });
});

describe('the page of the greeting', () => {
  it.each([
    ['', 'text/html', '<title>Greeting'],
    ['app.js', 'text/javascript', '/topic/greetings'],
    ['style.css', 'text/css', '.connection'],
    ['look/look.css', 'text/css', 'prefers-color-scheme: dark'],
    ['stompjs/index.js', 'text/javascript', './client.js'],
  ])('is served below its base: /greeting/%s', async (path, type, part) => {
    const response = await fetch(`http://${address}/greeting/${path}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain(type);
    expect(await response.text()).toContain(part);
  });
});
