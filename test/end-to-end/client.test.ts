// The factories of signalbox/client in Node, with @stomp/stompjs and with JSON, against a whole server.
import { Client } from '@stomp/stompjs';
import SockJS from 'sockjs-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { auto, sockjs, sse, websocket, type ClientSocket } from '../../src/client.js';
import { createServer, silentLogger, type EndpointOptions, type Server } from '../../src/index.js';
import { lossyProxy, type LossyProxy } from '../clients/lossy-proxy.js';
import { portOf } from '../clients/server.js';
import { activate, exchangeThousand } from '../clients/stompjs.js';

const sockjsOptions = { transports: ['xhr-streaming'] };

const json = ['v1.json.signalbox'];

type Factory = (url: string, protocols?: readonly string[]) => () => ClientSocket;

const factories: Record<string, Factory> = {
  'websocket()': (url, protocols) => websocket(url, { WebSocket, protocols }),
  'sse()': (url, protocols) => sse(url, { protocols }),
  'sockjs()': (url) => sockjs(url, { SockJS, sockjsOptions }),
  'auto() over WebSocket': (url, protocols) =>
    auto(url, { transports: ['websocket'], WebSocket, protocols }),
  'auto() over SSE': (url, protocols) => auto(url, { transports: ['sse'], protocols }),
  'auto() over SockJS': (url) => auto(url, { transports: ['sockjs'], SockJS, sockjsOptions }),
};

let server: Server;
let url: string;

beforeEach(async () => {
  server = await createServer({
    endpoints: [{ path: '/ws', sockjs: true, sse: true }],
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
    await activate(client);
  });

  afterEach(() => client.deactivate());

  it('receives 1,000 messages in order, and receipts', async () => {
    const { sent, received } = await exchangeThousand(client);
    expect(received).toEqual(sent);
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

describe('the fallback of auto()', () => {
  /** Connects to an endpoint without WebSocket. Resolves with the transport, and the failures before it. */
  async function connectTo(endpoint: EndpointOptions): Promise<readonly string[]> {
    await server.close();
    server = await createServer({ endpoints: [endpoint], logger: silentLogger });
    await server.listen(0);
    return new Promise((resolve) => {
      const webSocketFactory = auto(`http://127.0.0.1:${portOf(server)}/ws`, {
        WebSocket,
        SockJS,
        sockjsOptions,
        onTransport: (name, failures) => resolve([name, ...failures]),
      });
      const client = new Client({ webSocketFactory });
      client.onConnect = () => void client.deactivate();
      client.activate();
    });
  }

  const noWebSocket = 'websocket: Unexpected server response: 404';

  it('is SSE when the endpoint refuses WebSocket', async () => {
    const endpoint = { path: '/ws', sockjs: { websocket: false }, sse: true };
    expect(await connectTo(endpoint)).toEqual(['sse', noWebSocket]);
  });

  it('is SockJS when the endpoint refuses WebSocket and has no SSE', async () => {
    const endpoint = { path: '/ws', sockjs: { websocket: false } };
    const noSse = 'sse: The server has answered 404.';
    expect(await connectTo(endpoint)).toEqual(['sockjs', noWebSocket, noSse]);
  });
});

describe('a client of sse() whose network fails', () => {
  let proxy: LossyProxy;
  let socket: ClientSocket;

  beforeEach(async () => {
    proxy = await lossyProxy(portOf(server));
    const endpoint = `http://127.0.0.1:${proxy.port}/ws`;
    socket = sse(endpoint, { protocols: json, retryDelay: 1 })();
    await new Promise<void>((resolve) => (socket.onopen = () => resolve()));
  });

  afterEach(() => {
    socket.terminate!();
    proxy.close();
  });

  /** Resolves with the frames of one type, when there are enough. */
  function frames(type: string, count: number): Promise<Record<string, unknown>[]> {
    return new Promise((resolve) => {
      const received: Record<string, unknown>[] = [];
      socket.onmessage = ({ data }) => {
        const frame = JSON.parse(data as string) as Record<string, unknown>;
        if (frame['type'] === type) received.push(frame);
        if (received.length === count) resolve(received);
      };
    });
  }

  async function subscribe(): Promise<void> {
    const receipt = frames('receipt', 1);
    socket.send('{"type":"subscribe","id":"1","destination":"/topic/a","receipt":"r"}');
    await receipt;
  }

  it('receives each message once and in order', async () => {
    await subscribe();
    const received = frames('message', 1000);
    for (let i = 0; i < 1000; i++) {
      if (i % 100 === 50) proxy.breakConnections();
      await server.publisher.publish('/topic/a', i);
      // Lets the sockets read and write.
      if (i % 10 === 0) await new Promise(setImmediate);
    }
    expect((await received).map(({ payload }) => payload)).toEqual([...Array(1000).keys()]);
    expect(proxy.accepted).toBeGreaterThan(4);
    expect(server.sessions.size).toBe(1);
  });

  it('continues to send after the network works again', async () => {
    await subscribe();
    const received = frames('message', 2);
    proxy.breakConnections();
    await server.publisher.publish('/topic/a', 1);
    await new Promise<void>((resolve) => {
      const { onmessage } = socket;
      socket.onmessage = (event) => {
        onmessage!(event);
        resolve();
      };
    });
    socket.send('{"type":"send","destination":"/topic/a","payload":2}');
    expect((await received).map(({ payload }) => payload)).toEqual([1, 2]);
  });

  it('is closed with 1006 when the network does not come back', async () => {
    const closed = new Promise((resolve) => (socket.onclose = resolve));
    proxy.refuse(true);
    proxy.breakConnections();
    expect(await closed).toMatchObject({ code: 1006, wasClean: false });
  });
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
