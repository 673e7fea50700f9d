// Two servers behind nginx and behind HAProxy, with the configurations of docs/deploy.md.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { globalAgent, request, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Client } from '@stomp/stompjs';
import SockJS from 'sockjs-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import {
  createServer,
  silentLogger,
  WebSocketHandler,
  type HandshakeRequest,
  type Server,
  type SockJsOptions,
  type WebSocketSession,
} from '../../src/index.js';
import { selfSigned } from '../certificate.js';
import { portOf } from '../clients/server.js';
import { frameText } from '../clients/stomp.js';
import { activate } from '../clients/stompjs.js';
import { freePort } from '../docs/free-port.js';
import { documented, findProxy, haproxy, nginx, startProxy, type Change } from './proxy.js';

const certificate = selfSigned();
const kinds = [nginx, haproxy].map((kind) => ({ ...kind, kind, program: findProxy(kind) }));

/** The transports of sockjs-client that need no page. */
const transports = ['websocket', 'xhr-streaming', 'eventsource', 'xhr-polling'];

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

// sockjs-client takes no certificates for its HTTP requests.
beforeAll(() => void (globalAgent.options.ca = certificate?.cert));
afterAll(() => void delete globalAgent.options.ca);

interface Backend {
  readonly server: Server;
  /** The handshakes that the server has received. */
  readonly handshakes: HandshakeRequest[];
}

/** Returns messages with the variables and the scheme of the client. */
@WebSocketHandler('/files/{space}/{name}', {
  sockjs: { disconnectDelay: 500 },
  trustedProxies: ['127.0.0.1'],
})
class FileHandler {
  message(session: WebSocketSession, text: string) {
    const path = [...session.variables.values()].join('/');
    const scheme = session.handshake.secure ? 'https' : 'http';
    session.send(`${text} to ${path} over ${scheme}`);
  }
}

/** @param place a port, or the path of a Unix socket */
async function startBackend(
  sockjs: Partial<SockJsOptions> = {},
  place: number | string = 0,
): Promise<Backend> {
  const handshakes: HandshakeRequest[] = [];
  const server = await createServer({
    controllers: [FileHandler],
    endpoints: [
      {
        path: '/ws',
        sse: { disconnectDelay: 500 },
        sockjs: { disconnectDelay: 500, ...sockjs },
        trustedProxies: [typeof place === 'string' ? 'unix' : '127.0.0.1'],
      },
    ],
    handshakeInterceptors: [{ before: (handshake) => void handshakes.push(handshake) }],
    logger: silentLogger,
  });
  await server.listen(place);
  closers.push(() => server.close());
  return { server, handshakes };
}

function addressOf(server: Server): string {
  return `127.0.0.1:${portOf(server)}`;
}

describe.each(kinds.filter(({ program }) => program !== undefined && certificate !== undefined))(
  'behind $name',
  ({ kind, program, bySession, byHandlerSession, byCookie, withoutStickiness }) => {
    async function start(changes: readonly Change[] = [], sockjs: Partial<SockJsOptions> = {}) {
      const backends = [await startBackend(sockjs), await startBackend(sockjs)] as const;
      const addresses = [addressOf(backends[0].server), addressOf(backends[1].server)] as const;
      const proxy = await startProxy(kind, program!, certificate!, addresses, changes);
      closers.push(() => proxy.close());
      /** The server that has received a handshake since the last call. */
      let seen = [0, 0];
      const receiver = () => {
        const counts = backends.map(({ handshakes }) => handshakes.length);
        const index = counts.findIndex((count, i) => count > seen[i]!);
        seen = counts;
        return backends[index]!;
      };
      return { backends, receiver, port: proxy.port };
    }

    function sockJs(port: number, transport: string, path = '/ws'): SockJS {
      return new SockJS(`https://127.0.0.1:${port}${path}`, undefined, {
        transports: [transport],
        transportOptions: { websocket: { tls: { ca: certificate!.cert } } },
      });
    }

    function stompClient(webSocketFactory: () => SockJS, reconnectDelay = 0): Client {
      const client = new Client({ webSocketFactory, reconnectDelay });
      closers.push(() => client.deactivate());
      return client;
    }

    /** Sends a message to a topic and receives it. */
    async function echo(client: Client): Promise<void> {
      const body = await new Promise((resolve) => {
        client.subscribe('/topic/echo', (message) => resolve(message.body));
        client.publish({ destination: '/topic/echo', body: 'hello' });
      });
      expect(body).toBe('hello');
    }

    /** Opens a WebSocket without SockJS from an address of this machine. */
    async function webSocket(port: number, localAddress: string, headers = {}) {
      const socket = new WebSocket(`wss://127.0.0.1:${port}/ws`, ['v12.stomp'], {
        ca: certificate!.cert,
        origin: `https://127.0.0.1:${port}`,
        localAddress,
        headers,
      });
      closers.push(() => socket.terminate());
      await once(socket, 'open');
      return socket;
    }

    /** The response to a request from an address of this machine. */
    async function respond(options: RequestOptions, body = ''): Promise<IncomingMessage> {
      const sent = request({ host: '127.0.0.1', ca: certificate!.cert, ...options });
      closers.push(() => sent.destroy());
      sent.on('error', () => {});
      sent.end(body);
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      return response;
    }

    /** Reads a stream from now on. The returned function resolves when a part of its whole text matches. */
    function readerOf(stream: Readable): (pattern: RegExp) => Promise<RegExpExecArray> {
      let received = '';
      stream.on('data', (data: Buffer) => void (received += data.toString()));
      return async (pattern) => {
        let found: RegExpExecArray | null;
        while ((found = pattern.exec(received)) === null) await once(stream, 'data');
        return found;
      };
    }

    it.each(transports)('STOMP is exchanged over SockJS with %s', async (transport) => {
      const { port } = await start();
      const client = stompClient(() => sockJs(port, transport));
      await activate(client);
      await echo(client);
    });

    it.each(transports.slice(1))('sessions are distributed by their ids: %s', async (transport) => {
      const { backends, port } = await start(bySession);
      while (backends.some(({ handshakes }) => handshakes.length === 0)) {
        const client = stompClient(() => sockJs(port, transport));
        await activate(client);
        await echo(client);
        await client.deactivate();
      }
    });

    it.each(transports.slice(1))(
      'sessions of a WebSocket handler are distributed by their ids: %s',
      async (transport) => {
        const { backends, port } = await start(byHandlerSession);
        while (backends.some(({ handshakes }) => handshakes.length === 0)) {
          const socket = sockJs(port, transport, '/files/plans/house');
          socket.onopen = () => socket.send('hello');
          const data = await new Promise((resolve, reject) => {
            socket.onmessage = (event) => resolve(event.data);
            socket.onclose = ({ reason }) => reject(new Error(reason));
          });
          expect(data).toBe('hello to plans/house over https');
          socket.close();
        }
      },
    );

    it('STOMP is exchanged over Server-Sent Events, and the session continues in another response', async () => {
      const { port } = await start();
      const path = '/ws/sse';
      const first = readerOf(await respond({ port, path: `${path}?protocols=v12.stomp` }));
      const [, session] = await first(/"session":"([\w-]+)"/);
      const send = async (...frames: readonly string[]) => {
        const sent = { port, path: `${path}/${session}`, method: 'POST' };
        return (await respond(sent, JSON.stringify(frames))).statusCode;
      };
      expect(await send(frameText('CONNECT', { 'accept-version': '1.2', host: 'x' }))).toBe(204);
      const [, last] = await first(/id: (\S+)\ndata: \["CONNECTED/);
      const second = await respond({ port, path, headers: { 'last-event-id': last } });
      const echo = { destination: '/topic/echo' };
      const subscribe = frameText('SUBSCRIBE', { id: '1', ...echo });
      expect(await send(subscribe, frameText('SEND', echo, 'hello'))).toBe(204);
      await readerOf(second)(/data: \["MESSAGE.*hello/);
    });

    it.each(byCookie)('a client with $cookie may change its address', async ({ changes }) => {
      const { port } = await start(changes, { sessionCookie: true });
      const session = { port, method: 'POST', path: '/ws/0/session/xhr' };
      const opened = await respond({ ...session, localAddress: '127.0.0.2' });
      const cookie = opened.headers['set-cookie']!.map((each) => each.split(';')[0]).join('; ');
      for (let last = 3; last < 10; last++) {
        const localAddress = `127.0.0.${last}`;
        const path = `${session.path}_send`;
        const sent = await respond({ ...session, path, headers: { cookie }, localAddress }, '[]');
        expect(sent.statusCode).toBe(204);
      }
    });

    it('the server knows the address, scheme and host of the client, also if the client sends other ones', async () => {
      const { receiver, port } = await start();
      const forged = {
        'x-forwarded-for': '192.0.2.1',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': 'other.example',
        'x-forwarded-port': '1',
        forwarded: 'for=192.0.2.2;proto=http;host=other.example',
      };
      // The origin check accepts the page of the host that the client requests.
      await webSocket(port, '127.0.0.9', forged);
      expect(receiver().handshakes[0]).toMatchObject({ remoteAddress: '127.0.0.9', secure: true });
    });

    it('a server on a Unix socket knows the address of the client, too', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'signalbox-'));
      closers.push(() => rmSync(folder, { recursive: true }));
      const { handshakes } = await startBackend({}, join(folder, 'socket'));
      const address = `${kind.unix}${join(folder, 'socket')}`;
      const proxy = await startProxy(kind, program!, certificate!, [address, address]);
      closers.push(() => proxy.close());
      await webSocket(proxy.port, '127.0.0.9');
      expect(handshakes[0]).toMatchObject({ remoteAddress: '127.0.0.9', secure: true });
    });

    it('many streams of a browser share one connection of HTTP/2', async () => {
      const { port } = await start();
      const connection = connectHttp2(`https://127.0.0.1:${port}`, { ca: certificate!.cert });
      closers.push(() => connection.destroy());
      // With HTTP/1.1, a browser opens at most six connections.
      const streams = Array.from({ length: 10 }, (_, i) =>
        connection.request({ ':path': `/ws/0/session-${i}/eventsource` }),
      );
      for (const stream of streams) await readerOf(stream)(/data: o\r\n/);
    });

    it('clients of one address use one server', async () => {
      const { backends, receiver, port } = await start();
      const used = new Set<Backend>();
      for (let last = 2; used.size < backends.length; last++) {
        const address = `127.0.0.${last}`;
        await webSocket(port, address);
        const first = receiver();
        await webSocket(port, address);
        expect(receiver()).toBe(first);
        used.add(first);
      }
    });

    it('a stream without data is ended by the time limit of the proxy, but not if heart-beats are more frequent', async () => {
      const limit: readonly Change[] = [['60s', '1s']];
      const path = '/ws/0/session/xhr_streaming';
      const silent = await start(limit, { heartbeatInterval: 60_000 });
      const ended = await respond({ port: silent.port, path, method: 'POST' });
      ended.resume().on('error', () => {});
      await new Promise((resolve) => ended.once('close', resolve));

      const beating = await start(limit, { heartbeatInterval: 250 });
      const stream = await respond({ port: beating.port, path, method: 'POST' });
      // Ten heart-beats take twice as long as the limit.
      await readerOf(stream)(/o\n(?:h\n){10}/);
    });

    it('without sticky sessions, WebSocket works, and SockJS over HTTP closes with 1006', async () => {
      const { port } = await start(withoutStickiness);
      for (let i = 0; i < 4; i++) await webSocket(port, '127.0.0.1');
      const closed = await new Promise<{ code: number; reason: string }>((resolve) => {
        const open = () => {
          const socket = sockJs(port, 'xhr-streaming');
          socket.onopen = () => socket.send('a message');
          // The message may have reached the right server by chance.
          const again = () => {
            socket.close();
            open();
          };
          socket.onmessage = again;
          socket.onclose = ({ code, reason }) => {
            if (code === 1006) resolve({ code, reason });
            else open();
          };
        };
        open();
      });
      expect(closed).toEqual({ code: 1006, reason: 'Sending error: Error: http status 404' });
    });

    it('without sticky sessions, requests of Server-Sent Events get 404', async () => {
      const { port } = await start(withoutStickiness);
      const stream = await respond({ port, path: '/ws/sse' });
      const [, session] = await readerOf(stream)(/"session":"([\w-]+)"/);
      const sent = { port, path: `/ws/sse/${session}`, method: 'POST' };
      const statuses = new Set<number | undefined>();
      while (!statuses.has(404)) statuses.add((await respond(sent, '[]')).statusCode);
      expect([...statuses].filter((status) => status !== 204)).toEqual([404]);
    });

    it('clients of a server that stops receive 1001, and connect to the other server', async () => {
      const { backends, receiver, port } = await start();
      const client = stompClient(() => sockJs(port, 'websocket'), 10);
      await activate(client);
      const first = receiver();
      const closed = new Promise((resolve) => (client.onWebSocketClose = resolve));
      const again = new Promise<void>((resolve) => (client.onConnect = () => resolve()));
      await first.server.close();
      expect(await closed).toMatchObject({ code: 1001, reason: 'server-stopping' });
      await again;
      expect(receiver()).toBe(backends.find((backend) => backend !== first));
    });
  },
);

describe('the program of docs/deploy.md', () => {
  it('closes its clients with 1001 on SIGTERM, and ends', async () => {
    const port = await freePort();
    const program = spawn(
      process.execPath,
      ['--input-type=module', '--eval', documented('js main.js')],
      { env: { ...process.env, PORT: String(port) }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const exited = once(program, 'exit');
    await once(program.stdout, 'data');
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, ['v12.stomp']);
    await once(socket, 'open');
    const closed = once(socket, 'close');
    program.kill('SIGTERM');
    expect((await closed)[0]).toBe(1001);
    expect(await exited).toEqual([0, null]);
  });
});
