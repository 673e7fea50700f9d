// HTTPS: the server of listen() and that of an application, with STOMP, SockJS and WebSocket handlers.
import { once } from 'node:events';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import {
  createServer as createHttpsServer,
  globalAgent,
  request,
  type RequestOptions,
  type Server,
} from 'node:https';
import type { AddressInfo } from 'node:net';
import SockJS from 'sockjs-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import {
  createServer,
  silentLogger,
  WebSocketHandler,
  type MessageParts,
  type ServerOptions,
  type WebSocketSession,
} from '../../src/index.js';
import { selfSigned } from '../certificate.js';
import { portOf } from '../clients/server.js';
import { frameText } from '../clients/stomp.js';

const certificate = selfSigned();

@WebSocketHandler('/echo', { sockjs: true })
class Echo {
  message(session: WebSocketSession, data: string | Uint8Array) {
    session.send(`${session.handshake.secure} ${String(data)}`);
  }
}

@WebSocketHandler('/upload', { maxPartBytes: 1024 })
class Upload {
  async message(session: WebSocketSession, parts: MessageParts) {
    let bytes = 0;
    for await (const part of parts) bytes += part.length;
    session.send(`${bytes}`);
  }
}

const options: ServerOptions = {
  controllers: [Echo, Upload],
  endpoints: [{ path: '/ws', sse: true, sockjs: { sessionCookie: true, disconnectDelay: 50 } }],
  logger: silentLogger,
};

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Starts a server by listen(), and returns it with its port. */
async function listen() {
  const server = await createServer(options);
  closers.push(() => server.close());
  await server.listen({ port: 0, tls: certificate! });
  return { server, port: portOf(server) };
}

/** Starts a server on an HTTPS server of an application, and returns both with the port. */
async function attach() {
  const https: Server = createHttpsServer(
    certificate!,
    (_request, response) => void response.end('own'),
  );
  closers.push(() => {
    https.closeAllConnections();
    https.close();
  });
  const server = await createServer(options);
  closers.push(() => server.close());
  await server.attach(https);
  await once(https.listen(0, '127.0.0.1'), 'listening');
  return { server, https, port: (https.address() as AddressInfo).port };
}

/** The status, the body and the cookies that answer a request. */
async function answerTo(port: number, options: RequestOptions) {
  const sent = request({ host: '127.0.0.1', port, ca: certificate!.cert, ...options }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode, body, cookies: response.headers['set-cookie'] };
}

const upgrade = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
};

describe.skipIf(certificate === undefined).each([
  ['listen({ tls })', listen],
  ['attach() to an HTTPS server', attach],
])('%s', (_name, start) => {
  // sockjs-client takes no certificates for its HTTP requests.
  beforeAll(() => void (globalAgent.options.ca = certificate!.cert));
  afterAll(() => void delete globalAgent.options.ca);

  it('serves STOMP to a page of its own origin', async () => {
    const { server, port } = await start();
    const socket = new WebSocket(`wss://127.0.0.1:${port}/ws`, ['v12.stomp'], {
      ca: certificate!.cert,
      origin: `https://127.0.0.1:${port}`,
    });
    await once(socket, 'open');
    socket.send(frameText('CONNECT', { 'accept-version': '1.2', host: 'x' }));
    const [data] = (await once(socket, 'message')) as [Buffer];
    expect(data.toString()).toMatch(/^CONNECTED\n/);
    expect([...server.sessions.all()][0]?.handshake.secure).toBe(true);
    const closed = once(socket, 'close');
    await server.close();
    expect((await closed)[0]).toBe(1001);
  });

  it.each<[string, Omit<RequestOptions, 'headers'> & { readonly headers?: OutgoingHttpHeaders }]>([
    ['WebSocket', { path: '/ws', headers: upgrade }],
    ['SSE', { path: '/ws/sse' }],
    ['SockJS', { path: '/ws/server/session/xhr', method: 'POST' }],
    ['SockJS over WebSocket', { path: '/ws/server/session/websocket', headers: upgrade }],
  ])('refuses a page without TLS on the same host and port: %s', async (_transport, options) => {
    const { port } = await start();
    const headers = { ...options.headers, origin: `http://127.0.0.1:${port}` };
    expect((await answerTo(port, { ...options, headers })).status).toBe(403);
  });

  it.each(['websocket', 'xhr-streaming', 'eventsource', 'xhr-polling'])(
    'serves a WebSocket handler to sockjs-client over %s',
    async (transport) => {
      const { port } = await start();
      const socket = new SockJS(`https://127.0.0.1:${port}/echo`, undefined, {
        transports: [transport],
        transportOptions: { websocket: { tls: { ca: certificate!.cert } } },
      });
      socket.onopen = () => socket.send('hello');
      const answer = await new Promise((resolve, reject) => {
        socket.onmessage = ({ data }) => resolve(data);
        socket.onclose = ({ reason }) => reject(new Error(reason));
      });
      expect([answer, socket.transport]).toEqual(['true hello', transport]);
      const closed = new Promise<void>((resolve) => (socket.onclose = () => resolve()));
      socket.close();
      await closed;
    },
  );

  it('receives a large message in parts', async () => {
    const { port } = await start();
    const socket = new WebSocket(`wss://127.0.0.1:${port}/upload`, { ca: certificate!.cert });
    await once(socket, 'open');
    socket.send(Buffer.alloc(100_000));
    const [data] = (await once(socket, 'message')) as [Buffer];
    expect(data.toString()).toBe('100000');
    socket.terminate();
  });

  it('sends the secret of SockJS sessions in a cookie for HTTPS only', async () => {
    const { port } = await start();
    const poll = { method: 'POST', path: '/ws/server/session/xhr' };
    const [, secret] = (await answerTo(port, poll)).cookies!;
    expect(secret).toMatch(/; HttpOnly; SameSite=None; Secure$/);
  });
});

describe.skipIf(certificate === undefined)('an HTTPS server of an application', () => {
  it('serves its own routes, also after the close of the signalbox server', async () => {
    const { server, port } = await attach();
    expect((await answerTo(port, {})).body).toBe('own');
    await server.close();
    const headers = { connection: 'Upgrade', upgrade: 'h2' };
    expect((await answerTo(port, { headers })).body).toBe('own');
  });
});
