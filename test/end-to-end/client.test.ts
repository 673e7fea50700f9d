// The factories of signalbox/client in Node, with @stomp/stompjs and with JSON, against a whole server.
import { Client, type IMessage } from '@stomp/stompjs';
import SockJS from 'sockjs-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { auto, sockjs, websocket, type ClientSocket } from '../../src/client.js';
import { createServer, silentLogger, type Server } from '../../src/index.js';
import { portOf } from '../clients/server.js';

const sockjsOptions = { transports: ['xhr-streaming'] };

const json = ['v1.json.signalbox'];

type Factory = (url: string, protocols?: readonly string[]) => () => ClientSocket;

const factories: Record<string, Factory> = {
  'websocket()': (url, protocols) => websocket(url, { WebSocket, protocols }),
  'sockjs()': (url) => sockjs(url, { SockJS, sockjsOptions }),
  'auto() over WebSocket': (url, protocols) =>
    auto(url, { transports: ['websocket'], WebSocket, protocols }),
  'auto() over SockJS': (url) => auto(url, { transports: ['sockjs'], SockJS, sockjsOptions }),
};

let server: Server;
let url: string;

beforeEach(async () => {
  server = await createServer({
    endpoints: [{ path: '/ws', sockjs: true }],
    logger: silentLogger,
  });
  await server.listen(0);
  url = `http://127.0.0.1:${portOf(server)}/ws`;
});

afterEach(() => server.close());

describe.each(Object.entries(factories))('stompjs over %s', (_, factory) => {
  let client: Client;

  beforeEach(async () => {
    client = new Client({ webSocketFactory: factory(url), reconnectDelay: 0 });
    await new Promise<void>((resolve) => {
      client.onConnect = () => resolve();
      client.activate();
    });
  });

  afterEach(() => client.deactivate());

  /** Resolves when the server has processed everything that the client has sent. */
  function receipt(send: (receipt: string) => void): Promise<void> {
    const id = `r${Math.random()}`;
    return new Promise((resolve) => {
      client.watchForReceipt(id, () => resolve());
      send(id);
    });
  }

  it('receives 1,000 messages in order, and receipts', async () => {
    const bodies: string[] = [];
    let complete = () => {};
    const all = new Promise<void>((resolve) => (complete = resolve));
    const onMessage = ({ body }: IMessage) => {
      bodies.push(body);
      if (bodies.length === 1000) complete();
    };
    await receipt((id) => client.subscribe('/topic/numbers', onMessage, { receipt: id }));
    const sent = Array.from({ length: 1000 }, (__, i) => `${i} é % < \u2028`);
    for (const body of sent) client.publish({ destination: '/topic/numbers', body });
    await receipt((id) =>
      client.publish({ destination: '/topic/other', body: '', headers: { receipt: id } }),
    );
    await all;
    expect(bodies).toEqual(sent);
  });

  it('disconnects', async () => {
    const disconnected = new Promise((resolve) => server.events.on('disconnected', resolve));
    await client.deactivate();
    expect(await disconnected).toMatchObject({ code: 1000 });
    expect(server.sessions.size).toBe(0);
  });

  it('receives code and reason when the server stops', async () => {
    const closed = new Promise((resolve) => (client.onWebSocketClose = resolve));
    await server.close();
    expect(await closed).toMatchObject({ code: 1001, reason: 'server-stopping' });
  });
});

it('the fallback of auto() connects when the endpoint refuses WebSocket', async () => {
  await server.close();
  server = await createServer({
    endpoints: [{ path: '/ws', sockjs: { websocket: false } }],
    logger: silentLogger,
  });
  await server.listen(0);
  const chosen = await new Promise((resolve) => {
    const client = new Client({
      webSocketFactory: auto(`http://127.0.0.1:${portOf(server)}/ws`, {
        WebSocket,
        SockJS,
        sockjsOptions,
        onTransport: (name, failures) => resolve([name, ...failures]),
      }),
    });
    client.onConnect = () => void client.deactivate();
    client.activate();
  });
  expect(chosen).toEqual(['sockjs', 'websocket: Unexpected server response: 404']);
});

it.each(Object.entries(factories))('JSON over %s works without a library', async (_, factory) => {
  const socket = factory(url, json)();
  const receipt = new Promise<unknown>((resolve) => {
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(data as string) as { type: string };
      if (frame.type === 'receipt') resolve(frame);
    };
  });
  socket.onopen = () =>
    socket.send('{"type":"subscribe","id":"1","destination":"/topic/a","receipt":"r"}');
  expect(await receipt).toEqual({ type: 'receipt', id: 'r' });
  const closed = new Promise((resolve) => (socket.onclose = resolve));
  socket.close(1000, 'enough');
  expect(await closed).toMatchObject({ code: 1000, reason: 'enough', wasClean: true });
});
