// SSE sessions of a server: STOMP, JSON and raw handlers over events, lost responses, slow readers, and the end of the server.
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { inspect } from 'node:util';
import { testClock } from 'signalbox/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  Controller,
  createServer,
  MessageMapping,
  silentLogger,
  WebSocketHandler,
  type HandshakeInterceptor,
  type Server,
  type ServerOptions,
  type WebSocketSession,
} from '../../src/index.js';
import { joinableFraming } from '../../src/transport/http-session/framing.js';
import { webSocketConnection } from '../clients/connection.js';
import { JsonClient, jsonSubprotocol } from '../clients/json.js';
import { portOf } from '../clients/server.js';
import {
  http1Client,
  sseConnection,
  type SseConnection,
  type SseConnectionOptions,
} from '../clients/sse.js';
import { sockJsConnection } from '../clients/sockjs.js';
import { connected, frameText, StompClient, type StompHeaders } from '../clients/stomp.js';
import { turn } from '../transport/event-log.js';
import { gate } from '../gate.js';
import { userInterceptor } from './user-interceptor.js';

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
async function connect(headers: StompHeaders = {}): Promise<StompClient<SseConnection>> {
  const client = new StompClient(await open({ subprotocols: ['v12.stomp', 'v11.stomp'] }));
  await connected(client, { 'accept-version': '1.2', ...headers });
  return client;
}

async function subscribed(headers?: StompHeaders): Promise<StompClient<SseConnection>> {
  const client = await connect(headers);
  await client.subscribe('s', '/topic/x');
  return client;
}

/** The end of the next session, as the server reports it. */
const ended = () =>
  new Promise<string>((resolve) =>
    server.events.on('disconnected', ({ code, reason }) => resolve(`${code} ${reason}`)),
  );

describe('STOMP over SSE', () => {
  it('has the subprotocol that the endpoint chooses', async () => {
    await start();
    const { connection } = await connect();
    expect(connection.protocol).toBe('v12.stomp');
    expect((await open()).protocol).toBe('');
  });

  it('receives messages together with WebSocket and SockJS on the same URL', async () => {
    await start({ endpoints: [{ path: '/ws', sse: true, sockjs: true }] });
    const client = await subscribed();
    const others = [
      await webSocketConnection(portOf(server)),
      await sockJsConnection(portOf(server), 'xhr_streaming'),
    ].map((connection) => new StompClient(connection));
    for (const other of others) {
      await connected(other, { 'accept-version': '1.2' });
      await other.subscribe('s', '/topic/x');
    }
    client.publish('/topic/x', {}, 'to all');
    for (const each of [client, ...others]) expect(await each.texts(1)).toEqual(['to all']);
    for (const { connection } of others) connection.vanish();
  });

  it('encodes a message once for all clients of SSE and SockJS', async () => {
    await start({ endpoints: [{ path: '/ws', sse: true, sockjs: true }] });
    const sockJs = new StompClient(await sockJsConnection(portOf(server), 'xhr_streaming'));
    await connected(sockJs, { 'accept-version': '1.2' });
    await sockJs.subscribe('s', '/topic/x');
    const clients = [await subscribed(), await subscribed(), sockJs];
    const framed = vi.spyOn(joinableFraming, 'frame');
    await server.publisher.publish('/topic/x', 'once');
    for (const client of clients) expect(await client.texts(1)).toEqual(['once']);
    expect(framed).toHaveBeenCalledTimes(1);
    framed.mockRestore();
    sockJs.connection.vanish();
  });

  it('continues after a lost response without a lost message', async () => {
    await start();
    const client = await subscribed();
    await server.publisher.publish('/topic/x', '1');
    expect(await client.texts(1)).toEqual(['1']);
    const again = client.connection.reconnect();
    await server.publisher.publish('/topic/x', '2');
    expect(await again).toBe(200);
    await server.publisher.publish('/topic/x', '3');
    expect(await client.texts(2)).toEqual(['2', '3']);
    expect(server.sessions.size).toBe(1);
  });

  it('receives 1,000 messages in order while its response is lost again and again', async () => {
    await start();
    const client = await subscribed();
    const bodies = Array.from({ length: 1000 }, (_, i) => `${i}`);
    const received: string[] = [];
    for (let i = 0; i < 1000; i += 100) {
      for (const body of bodies.slice(i, i + 100)) await server.publisher.publish('/topic/x', body);
      // The others may be lost on their way.
      received.push(...(await client.texts(50)));
      expect(await client.connection.reconnect()).toBe(200);
    }
    expect([...received, ...(await client.texts(500))]).toEqual(bodies);
  });

  it('ends for the server when its client sends DISCONNECT and closes', async () => {
    await start();
    const client = await connect();
    const end = ended();
    await client.request('DISCONNECT');
    client.connection.close();
    expect(await end).toMatch(/^1000/);
  });

  it('ends as lost when its client does not come back', async () => {
    const clock = testClock();
    await start({ clock });
    const client = await subscribed();
    const end = ended();
    client.connection.vanish();
    await expect
      .poll(async () => {
        await clock.advance(1000);
        return server.sessions.size;
      })
      .toBe(0);
    expect(await end).toBe('1006 ');
  });

  it('gets no comment while STOMP heart-beats are agreed', async () => {
    const clock = testClock();
    await start({ clock });
    const client = await connect({ 'heart-beat': '0,20000' });
    await clock.advance(100_000);
    await expect.poll(() => client.heartbeats).toBeGreaterThanOrEqual(4);
    expect(client.connection.comments).toBe(0);
    const other = await connect();
    await clock.advance(25_000);
    await expect.poll(() => other.connection.comments).toBe(1);
  });

  it('closes with ERROR and 1003 for a message that is not text', async () => {
    await start();
    const client = await subscribed();
    await server.publisher.publish('/topic/x', Uint8Array.of(0xff));
    expect(await client.connection.closed).toEqual({ code: 1003, reason: 'text-required' });
    expect(client.received.at(-1)?.headers['code']).toBe('text-required');
  });
});

describe('JSON over SSE', () => {
  it('is chosen by its subprotocol', async () => {
    await start();
    const client = new JsonClient(await open({ subprotocols: [jsonSubprotocol] }));
    await client.subscribe('s', '/topic/x');
    await server.publisher.publish('/topic/x', { a: 1 });
    expect(await client.next('message')).toMatchObject({ payload: { a: 1 } });
  });
});

describe('a WebSocket handler over SSE', () => {
  @WebSocketHandler('/echo/{room}', { subprotocols: ['echo.v1'], sse: true })
  class Echo {
    open(session: WebSocketSession) {
      session.send(`${session.variables.get('room')} ${session.subprotocol}`);
    }

    message(session: WebSocketSession, data: string) {
      if (data === 'close') session.close(3000, 'enough');
      else session.send(data);
    }
  }

  it('has its path variables, its subprotocol and its close codes', async () => {
    await start({ controllers: [Echo], endpoints: [] });
    const connection = await open({ path: '/echo/a%20b', subprotocols: ['echo.v1'] });
    const received: string[] = [];
    connection.onData = (bytes) => void received.push(Buffer.from(bytes).toString());
    connection.send('hello');
    await expect.poll(() => received).toEqual(['a b echo.v1', 'hello']);
    connection.send('close');
    expect(await connection.closed).toEqual({ code: 3000, reason: 'enough' });
  });
});

describe('handshake interceptors', () => {
  it('run once for each session that has no user from them, and see the URL of the endpoint', async () => {
    const seen: unknown[] = [];
    const interceptor: HandshakeInterceptor = {
      before: ({ url, subprotocols }, attributes) => {
        seen.push(url, subprotocols);
        attributes.set('by', 'interceptor');
        return url.includes('refuse') ? { status: 418, body: 'No.' } : undefined;
      },
      after: (_request, { status }) => void seen.push(status),
    };
    await start({ handshakeInterceptors: [interceptor] });
    const client = await connect();
    expect(await client.connection.reconnect()).toBe(200);
    expect(seen).toEqual(['/ws?protocols=v12.stomp,v11.stomp', ['v12.stomp', 'v11.stomp'], 200]);
    const [session] = server.sessions.all();
    expect(session!.attributes.get('by' as never)).toBe('interceptor');
    const refused = await fetch(`http://127.0.0.1:${portOf(server)}/ws/sse?refuse`);
    expect([refused.status, await refused.text()]).toEqual([418, 'No.']);
  });
});

describe('a session whose user an interceptor has identified', () => {
  /** Returns the URL and the status of each request that the interceptor has accepted. */
  async function startWithUsers(
    before?: HandshakeInterceptor['before'],
  ): Promise<readonly unknown[]> {
    const { interceptor, results } = userInterceptor(before);
    await start({ handshakeInterceptors: [interceptor] });
    return results;
  }

  /** Sends one request of a user, and returns its response. */
  function request(method: string, path: string, user?: string, body?: string) {
    const headers: Record<string, string> = user === undefined ? {} : { 'x-user': user };
    const url = `http://127.0.0.1:${portOf(server)}/ws/sse${path}`;
    return fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
  }

  const status = async (...parts: Parameters<typeof request>) => {
    const response = await request(...parts);
    await response.body?.cancel();
    return response.status;
  };

  /** Begins a session of ann, and returns its id. */
  async function begin(): Promise<string> {
    const reader = (await request('GET', '', 'ann')).body!.getReader();
    let text = '';
    while (!text.includes('\n\n')) text += Buffer.from((await reader.read()).value!).toString();
    await reader.cancel();
    return /"session":"(.*?)"/.exec(text)![1]!;
  }

  const connect = JSON.stringify([frameText('CONNECT', { 'accept-version': '1.2', host: 'x' })]);

  it('serves the requests of this user, and answers 404 to all others', async () => {
    await startWithUsers();
    const id = await begin();
    for (const user of ['bob', undefined]) {
      expect(await status('POST', `/${id}`, user, connect)).toBe(404);
      expect(await status('DELETE', `/${id}`, user)).toBe(404);
      expect(await status('GET', `?lastEventId=${id}.0`, user)).toBe(404);
      // Also an event that is not kept, which would end the session.
      expect(await status('GET', `?lastEventId=${id}.9`, user)).toBe(404);
    }
    expect(await status('POST', `/${id}`, 'ann', connect)).toBe(204);
    expect([...server.sessions.all()].map(({ principal }) => principal?.name)).toEqual(['ann']);
    expect(await status('GET', `?lastEventId=${id}.0`, 'ann')).toBe(200);
    expect(await status('DELETE', `/${id}`, 'ann')).toBe(204);
    expect(await status('DELETE', `/${id}`, 'ann')).toBe(404);
  });

  it('answers as the interceptor when it refuses a request', async () => {
    await startWithUsers();
    const id = await begin();
    const refused = await request('POST', `/${id}`, 'expired', connect);
    expect([refused.status, await refused.text()]).toEqual([401, 'Sign in again.']);
    expect(await status('GET', `?lastEventId=${id}.0`, 'expired')).toBe(401);
    expect(await status('DELETE', `/${id}`, 'expired')).toBe(401);
    expect(await status('POST', `/${id}`, 'ann', connect)).toBe(204);
  });

  it('reports the URL of the endpoint and the status of each request to the interceptor', async () => {
    const results = await startWithUsers();
    const id = await begin();
    await status('POST', `/${id}?a=1`, 'ann', connect);
    await status('POST', `/${id}`, 'bob', connect);
    await status('DELETE', `/${id}`, 'ann');
    await expect.poll(() => results).toHaveLength(4);
    expect(results).toEqual([
      ['/ws', 200],
      ['/ws?a=1', 204],
      ['/ws', 404],
      ['/ws', 204],
    ]);
  });

  it('cannot be continued when it ends while the interceptor runs', async () => {
    let asked = 0;
    const decision = gate();
    await startWithUsers(async () => {
      if (++asked === 2) await decision.opened;
      return { principal: { name: 'ann' } };
    });
    const id = await begin();
    const continued = status('GET', `?lastEventId=${id}.0`);
    await expect.poll(() => asked).toBe(2);
    expect(await status('DELETE', `/${id}`)).toBe(204);
    decision.open();
    expect(await continued).toBe(404);
  });
});

describe('the secret id of a session', () => {
  it('is not in its session, its handshake, its problems and the log', async () => {
    @Controller()
    class Failing {
      @MessageMapping('/fail')
      fail() {
        throw new Error('A failure of the application.');
      }
    }
    const lines: string[] = [];
    const log = (...parts: readonly unknown[]) => void lines.push(inspect(parts));
    const logger = { error: log, warn: log, info: log };
    await start({ controllers: [Failing], logger });
    const client = await connect();
    await client.subscribe('errors', '/user/queue/errors');
    client.publish('/app/fail');
    await client.texts(1);
    const [session] = server.sessions.all();
    const { id, handshake } = session!;
    const end = ended();
    client.send('SEND');
    await end;
    const secret = client.connection.lastEventId.split('.')[0]!;
    expect(secret).toHaveLength(22);
    expect(lines.length).toBeGreaterThan(1);
    expect(
      [id, inspect(handshake), inspect(client.history, { depth: 9 }), ...lines].join(),
    ).not.toContain(secret);
  });
});

describe('a client without a response', () => {
  it('is disconnected as a slow reader, and receives the reason when it comes back', async () => {
    await start({ limits: { maxOutboxBytes: 100_000 } });
    const { connection } = await subscribed();
    const end = ended();
    connection.loseResponse();
    const isOpen = async () => {
      await server.publisher.publish('/topic/x', 'x'.repeat(10_000));
      const url = `http://127.0.0.1:${portOf(server)}/ws/sse/${connection.lastEventId.split('.')[0]}`;
      return (await fetch(url, { method: 'POST', body: '[]' })).ok;
    };
    while (await isOpen());
    expect(await connection.reconnect()).toBe(200);
    expect(await connection.closed).toEqual({ code: 4500, reason: 'slow-consumer' });
    expect(await end).toBe('4500 slow-consumer');
  });

  it('loses messages where the policy drops them', async () => {
    await start({
      limits: { maxOutboxBytes: 100_000 },
      slowConsumers: { policy: 'drop-oldest' },
    });
    const client = await subscribed();
    client.connection.loseResponse();
    const text = (i: number) => `${i}`.padEnd(10_000);
    for (let i = 0; i < 100; i++) {
      await server.publisher.publish('/topic/x', text(i));
      await turn();
    }
    expect(await client.connection.reconnect()).toBe(200);
    await server.publisher.publish('/topic/x', 'last');
    const bodies: string[] = [];
    while (bodies.at(-1) !== 'last') bodies.push(...(await client.texts(1)));
    expect(bodies.length).toBeLessThan(100);
    expect(bodies.at(-2)).toBe(text(99));
  });
});

describe('the end of a server', () => {
  it('reaches each client, and stops to listen afterwards', async () => {
    await start();
    const [client, other] = [await connect(), await connect()];
    const closed = server.close();
    for (const { connection } of [client, other])
      expect(await connection.closed).toEqual({ code: 1001, reason: 'server-stopping' });
    await closed;
    expect(server.address()).toBeUndefined();
  });

  it('waits for a client that has lost its response', async () => {
    const http = createHttpServer();
    server = await createServer({
      endpoints: [{ path: '/ws', sse: true }],
      logger: silentLogger,
    });
    await server.attach(http);
    await once(http.listen(0, '127.0.0.1'), 'listening');
    const { port } = http.address() as AddressInfo;
    const [[socket], connection] = await Promise.all([
      once(http, 'connection') as Promise<[Socket]>,
      sseConnection(http1Client(port)),
    ]);
    connection.loseResponse();
    await new Promise((resolve) => socket.once('close', resolve));
    await turn();
    const closed = server.close();
    expect(await connection.reconnect()).toBe(200);
    expect(await connection.closed).toEqual({ code: 1001, reason: 'server-stopping' });
    await closed;
    http.closeAllConnections();
    http.close();
  });
});
