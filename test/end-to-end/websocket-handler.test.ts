// WebSocket handlers over real sockets with npm `ws`: together with STOMP endpoints, and on the HTTP servers of other frameworks.
import { once } from 'node:events';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server as HttpServer,
} from 'node:http';
import { connect, Socket, type AddressInfo } from 'node:net';
import { serve as serveHono } from '@hono/node-server';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import {
  createServer,
  silentLogger,
  WebSocketHandler,
  type HandshakeInterceptor,
  type HandshakeResult,
  type MessageParts,
  type Server,
  type ServerOptions,
  type WebSocketSession,
} from '../../src/index.js';
import { httpTransports } from '../../src/transport/sockjs/options.js';
import { awkwardTexts } from '../clients/awkward-texts.js';
import { portOf } from '../clients/server.js';
import { exchange, receiverNames } from '../clients/sockjs-receivers.js';

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

@WebSocketHandler('/echo/{room}', { subprotocols: ['echo.v2', 'echo.v1'] })
class Echo {
  message(session: WebSocketSession, data: string | Uint8Array) {
    session.send(data);
  }
}

@WebSocketHandler('/shout')
class Shout {
  message(session: WebSocketSession, data: string) {
    session.send(data.toUpperCase());
  }
}

async function listen(options: ServerOptions): Promise<Server> {
  const server = await createServer({ logger: silentLogger, ...options });
  await server.listen(0);
  closers.push(() => server.close());
  return server;
}

/** An open client with the messages that it has received. */
async function open(port: number, path: string, protocols: string[] = []) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols);
  closers.push(() => socket.terminate());
  const closed = once(socket, 'close') as Promise<[number, Buffer]>;
  await once(socket, 'open');
  const next = async () => {
    const [data, binary] = (await once(socket, 'message')) as [Buffer, boolean];
    return binary ? data : data.toString();
  };
  const ask = (data: string | Uint8Array) => {
    const answer = next();
    socket.send(data);
    return answer;
  };
  return { socket, closed, next, ask };
}

/** The answer of HTTP to a handshake. */
async function refused(port: number, path: string, headers: Record<string, string> = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
  socket.on('error', () => {});
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  socket.terminate();
  return { status: response.statusCode, headers: response.headers, body };
}

describe('a WebSocket handler', () => {
  it('echoes text, binary and large messages, and answers with a subprotocol', async () => {
    const port = portOf(await listen({ controllers: [Echo] }));
    const client = await open(port, '/echo/lobby?x=1', ['echo.v1', 'echo.v2']);
    expect(client.socket.protocol).toBe('echo.v2');
    for (const data of ['', 'hi', 'x'.repeat(100_000)]) expect(await client.ask(data)).toBe(data);
    const bytes = Uint8Array.of(0, 255, 1);
    expect(await client.ask(bytes)).toEqual(Buffer.from(bytes));
    expect((await open(port, '/echo/lobby')).socket.protocol).toBe('');
  });

  it('shares a server with endpoints of STOMP and other handlers', async () => {
    const port = portOf(await listen({ controllers: [Echo, Shout], endpoints: [{ path: '/ws' }] }));
    const [echo, shout, stomp] = [
      await open(port, '/echo/a'),
      await open(port, '/shout'),
      await open(port, '/ws', ['v12.stomp']),
    ];
    expect(await echo.ask('hi')).toBe('hi');
    expect(await shout.ask('hi')).toBe('HI');
    expect(await stomp.ask('CONNECT\naccept-version:1.2\nhost:x\n\n\0')).toMatch(/^CONNECTED\n/);
    expect((await refused(port, '/echo')).status).toBe(404);
  });

  it('answers plain requests with 426, and refuses pages of other origins with 403', async () => {
    const port = portOf(await listen({ controllers: [Echo] }));
    expect((await fetch(`http://127.0.0.1:${port}/echo/lobby`)).status).toBe(426);
    expect((await fetch(`http://127.0.0.1:${port}/echo/lobby`, { method: 'POST' })).status).toBe(
      405,
    );
    const { status } = await refused(port, '/echo/lobby', { origin: 'https://evil.test' });
    expect(status).toBe(403);
  });

  it('closes with 1009 for a message above the limit, and with 1001 when the server closes', async () => {
    const server = await listen({ controllers: [Echo], limits: { maxMessageBytes: 65_536 } });
    const [big, waiting] = [
      await open(portOf(server), '/echo/a'),
      await open(portOf(server), '/echo/a'),
    ];
    big.socket.send('x'.repeat(65_537));
    expect((await big.closed)[0]).toBe(1009);
    await server.close();
    expect((await waiting.closed)[0]).toBe(1001);
  });

  it('has its own limit of message bytes, below or above that of the server', async () => {
    @WebSocketHandler('/small', { maxMessageBytes: 10 })
    class Small extends Echo {}
    @WebSocketHandler('/large', { maxMessageBytes: 300_000 })
    class Large extends Echo {}
    @WebSocketHandler('/deflated', { maxMessageBytes: 300_000, perMessageDeflate: true })
    class Deflated extends Echo {}
    const port = portOf(await listen({ controllers: [Small, Large, Deflated] }));
    const small = await open(port, '/small');
    expect(await small.ask('x'.repeat(10))).toBe('x'.repeat(10));
    small.socket.send('x'.repeat(11));
    expect((await small.closed)[0]).toBe(1009);
    for (const path of ['/large', '/deflated']) {
      const large = await open(port, path);
      expect(await large.ask('x'.repeat(300_000))).toHaveLength(300_000);
      large.socket.send('x'.repeat(300_001));
      expect((await large.closed)[0]).toBe(1009);
    }
  });

  it('refuses a message above its limit by the length in the frame, before the message arrives', async () => {
    @WebSocketHandler('/small', { maxMessageBytes: 10 })
    class Small extends Echo {}
    const client = await open(portOf(await listen({ controllers: [Small] })), '/small');
    const [socket] = Object.values(client.socket).filter((each) => each instanceof Socket);
    // A masked binary frame of 11 bytes, of which none is sent.
    (socket as Socket).write(Buffer.of(0x82, 0x80 | 11, 0, 0, 0, 0));
    expect((await client.closed)[0]).toBe(1009);
  });

  it('sends lone surrogates over WebSocket as U+FFFD', async () => {
    @WebSocketHandler('/surrogate')
    class Surrogate {
      open(session: WebSocketSession) {
        session.send('a\ud800b');
      }
    }
    const port = portOf(await listen({ controllers: [Surrogate] }));
    const socket = new WebSocket(`ws://127.0.0.1:${port}/surrogate`);
    closers.push(() => socket.terminate());
    const [data] = (await once(socket, 'message')) as [Buffer];
    expect(data.toString()).toBe('a\ufffdb');
  });

  it('compresses messages', async () => {
    @WebSocketHandler('/deflated', { perMessageDeflate: { threshold: 10 } })
    class Deflated extends Echo {}
    const port = portOf(await listen({ controllers: [Deflated] }));
    const client = await open(port, '/deflated');
    expect(client.socket.extensions).toContain('permessage-deflate');
    expect(await client.ask('x'.repeat(1000))).toBe('x'.repeat(1000));
  });
});

describe('a message above the limit', () => {
  @WebSocketHandler('/whole', { maxMessageBytes: 1024, sockjs: true, sse: true })
  class Whole extends Echo {}
  const large = JSON.stringify(['x'.repeat(1025)]);
  const sendOver = (path: string) => async (port: number) => {
    const client = await open(port, path);
    client.socket.send(large);
    const [code, reason] = await client.closed;
    return `${code} ${String(reason)}`;
  };
  const post = async (url: string, body?: string) =>
    (await fetch(url, { method: 'POST', ...(body !== undefined && { body }) })).text();

  it.each<[string, (port: number) => Promise<string>]>([
    ['WebSocket', sendOver('/whole')],
    ['SockJS over WebSocket', sendOver('/whole/000/a/websocket')],
    [
      'SockJS over HTTP',
      async (port) => {
        const url = `http://127.0.0.1:${port}/whole/000/a`;
        await post(`${url}/xhr`);
        await post(`${url}/xhr_send`, large);
        const [code, reason] = JSON.parse((await post(`${url}/xhr`)).slice(1)) as unknown[];
        return `${String(code)} ${String(reason)}`;
      },
    ],
    [
      'Server-Sent Events',
      async (port) => {
        const url = `http://127.0.0.1:${port}/whole/sse`;
        const { body } = await fetch(url);
        let text = '';
        for await (const piece of body!.pipeThrough(new TextDecoderStream())) {
          text += piece;
          const [, session] = /"session":"([^"]+)"/.exec(text) ?? [];
          if (!text.includes('event: close') && session !== undefined)
            await post(`${url}/${session}`, large);
        }
        const [, code, reason] = /"code":(\d+),"reason":"([^"]*)"/.exec(text)!;
        return `${code} ${reason}`;
      },
    ],
  ])('closes with the same reason and log over %s', async (_name, send) => {
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (text: string) => void warnings.push(text) };
    const server = await listen({ controllers: [Whole], logger });
    expect(await send(portOf(server))).toBe('1009 frame-too-large');
    expect(warnings.map((text) => text.replace(/^Session \S+ /, ''))).toEqual([
      'was closed with 1009 frame-too-large: A message of the client has more than 1024 bytes.',
    ]);
  });
});

describe('a handler that receives messages in parts', () => {
  @WebSocketHandler('/upload', { maxPartBytes: 1024, maxMessageBytes: 1024 * 1024, sockjs: true })
  class Upload {
    async message(session: WebSocketSession, parts: MessageParts) {
      const sizes: number[] = [];
      for await (const part of parts) sizes.push(part.length);
      const total = sizes.reduce((sum, size) => sum + size, 0);
      session.send(`${sizes.length} parts, ${total}, at most ${Math.max(...sizes)}`);
    }
  }

  const serve = async () => portOf(await listen({ controllers: [Upload] }));

  it.each(['/upload', '/upload/websocket'])('has large messages over %s', async (path) => {
    const client = await open(await serve(), path);
    expect(await client.ask(Buffer.alloc(1024 * 1024))).toBe('1024 parts, 1048576, at most 1024');
    expect(await client.ask('x'.repeat(3000))).toBe('3 parts, 3000, at most 1021');
    client.socket.send(Buffer.alloc(1024 * 1024 + 1));
    expect((await client.closed)[0]).toBe(1009);
  });

  it('has each message over SockJS as one part, up to the limit of a part', async () => {
    const client = await open(await serve(), '/upload/000/session/websocket');
    const [small, large] = ['x'.repeat(1000), 'x'.repeat(1025)];
    expect(await client.ask(JSON.stringify([small]))).toBe('a["1 parts, 1000, at most 1000"]');
    client.socket.send(JSON.stringify([large]));
    expect((await client.closed)[0]).toBe(1009);
  });
});

describe('together with another framework', () => {
  const frameworks: Record<string, () => Promise<HttpServer>> = {
    async 'a bare http.Server'() {
      const http = createHttpServer((_request, response) => void response.end('page'));
      return once(http.listen(0, '127.0.0.1'), 'listening').then(() => http);
    },
    async Express() {
      const app = express().get('/', (_request, response) => void response.send('page'));
      const http = createHttpServer(app);
      return once(http.listen(0, '127.0.0.1'), 'listening').then(() => http);
    },
    async Fastify() {
      const app = fastify().get('/', () => 'page');
      await app.listen({ port: 0, host: '127.0.0.1' });
      return app.server;
    },
    async Hono() {
      const app = new Hono().get('/', (context) => context.text('page'));
      const http = serveHono({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as HttpServer;
      if (!http.listening) await once(http, 'listening');
      return http;
    },
  };

  it.each(Object.keys(frameworks))(
    '%s keeps its pages, and handlers and endpoints work',
    async (name) => {
      const http = await frameworks[name]!();
      closers.push(() => {
        http.closeAllConnections();
        http.close();
      });
      const server = await createServer({ controllers: [Echo], logger: silentLogger });
      closers.push(() => server.close());
      await server.attach(http);
      const { port } = http.address() as AddressInfo;
      expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('page');
      expect(await (await open(port, '/echo/lobby')).ask('hi')).toBe('hi');
      const stomp = await open(port, '/ws', ['v12.stomp']);
      expect(await stomp.ask('CONNECT\naccept-version:1.2\nhost:x\n\n\0')).toMatch(/^CONNECTED\n/);
      expect((await refused(port, '/other')).status).toBe(404);
    },
  );
});

describe('a handshake interceptor', () => {
  @WebSocketHandler('/facts')
  class Facts {
    message(session: WebSocketSession) {
      const { principal, subprotocol, attributes } = session;
      session.send(JSON.stringify([principal?.name, subprotocol, attributes.get('seen')]));
    }
  }

  const serve = async (...interceptors: HandshakeInterceptor[]) =>
    portOf(await listen({ controllers: [Facts], handshakeInterceptors: interceptors }));

  it('sets attributes, the subprotocol and the user', async () => {
    const port = await serve({
      async before({ url, subprotocols }, attributes) {
        await new Promise((resolve) => setImmediate(resolve));
        attributes.set('seen', url);
        return { subprotocol: subprotocols[1]!, principal: { name: 'ann' } };
      },
    });
    const client = await open(port, '/facts?x=1', ['a', 'b']);
    expect(client.socket.protocol).toBe('b');
    expect(await client.ask('')).toBe('["ann","b","/facts?x=1"]');
  });

  it('refuses with a status, headers and a body', async () => {
    const port = await serve({
      before: () => ({
        status: 401,
        headers: { 'WWW-Authenticate': 'Bearer', 'Set-Cookie': ['a=1', 'b=2'] },
        body: 'Sign in, é.',
      }),
    });
    const { status, headers, body } = await refused(port, '/facts');
    expect({ status, body }).toEqual({ status: 401, body: 'Sign in, é.' });
    expect(headers).toMatchObject({
      'www-authenticate': 'Bearer',
      'set-cookie': ['a=1', 'b=2'],
      'content-type': 'text/plain; charset=utf-8',
    });
  });

  it('keeps what the client sends before the decision', async () => {
    let decide!: () => void;
    const decided = new Promise<void>((resolve) => (decide = resolve));
    let asked!: () => void;
    const waiting = new Promise<void>((resolve) => (asked = resolve));
    const port = await serve({
      before: async () => {
        asked();
        await decided;
      },
    });
    const socket = connect(port, '127.0.0.1');
    closers.push(() => socket.destroy());
    const frame = Buffer.from([0x81, 0x80, 0, 0, 0, 0]);
    const request =
      'GET /facts HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
    // One message in the same packet as the request, one later, before the decision.
    socket.write(Buffer.concat([Buffer.from(request), frame]));
    await waiting;
    await new Promise<void>((resolve) => socket.write(frame, () => resolve()));
    decide();
    let received = '';
    for await (const chunk of socket) {
      received += String(chunk);
      if (received.split('[null,null,null]').length === 3) break;
    }
    expect(received).toMatch(/^HTTP\/1.1 101 /);
  });

  it('is answered with 503 when the server closes before the decision', async () => {
    let asked!: () => void;
    const waiting = new Promise<void>((resolve) => (asked = resolve));
    const results: HandshakeResult[] = [];
    let decide!: () => void;
    const server = await listen({
      controllers: [Facts],
      handshakeInterceptors: [
        {
          before: () => {
            asked();
            return new Promise<void>((resolve) => (decide = resolve));
          },
          after: (_request, result) => void results.push(result),
        },
      ],
    });
    const answer = refused(portOf(server), '/facts');
    await waiting;
    await server.close();
    expect((await answer).status).toBe(503);
    decide();
    await new Promise((resolve) => setImmediate(resolve));
    expect(results).toEqual([{ status: 503 }]);
  });

  it('runs on an endpoint of STOMP, after those of the server', async () => {
    const calls: string[] = [];
    const named = (name: string): HandshakeInterceptor => ({
      before: () => void calls.push(name),
      after: (_request, { status }) => void calls.push(`${name} ${status}`),
    });
    const port = portOf(
      await listen({
        endpoints: [{ path: '/ws', handshakeInterceptors: [named('endpoint')] }],
        handshakeInterceptors: [named('server')],
      }),
    );
    await open(port, '/ws', ['v12.stomp']);
    expect(calls).toEqual(['server', 'endpoint', 'endpoint 101', 'server 101']);
  });

  it('does not run for a page of another origin', async () => {
    let asked = false;
    const port = await serve({ before: () => void (asked = true) });
    expect((await refused(port, '/facts', { origin: 'https://evil.test' })).status).toBe(403);
    expect(asked).toBe(false);
  });
});

describe('the echo of a handler over SockJS', () => {
  @WebSocketHandler('/echo', { sockjs: { transports: httpTransports } })
  class SockEcho extends Echo {}

  it.each(receiverNames)('returns each text as it was sent, over %s', async (name) => {
    const port = portOf(await listen({ controllers: [SockEcho] }));
    const base = `http://127.0.0.1:${port}/echo/000/session`;
    expect(await exchange(base, name, awkwardTexts)).toEqual(awkwardTexts);
  });

  it('returns each text as it was sent, over WebSocket', async () => {
    const port = portOf(await listen({ controllers: [SockEcho] }));
    const client = await open(port, '/echo/000/session/websocket');
    for (const text of awkwardTexts)
      expect(JSON.parse((await client.ask(JSON.stringify([text]))).slice(1).toString())).toEqual([
        text,
      ]);
  });

  it('ends with 1009 for a message above the limit of the handler, and with 413 for such a request', async () => {
    @WebSocketHandler('/small', { sockjs: { maxBodyBytes: 100 }, maxMessageBytes: 10 })
    class Small extends Echo {}
    const port = portOf(await listen({ controllers: [Small] }));
    const post = (path: string, body = '') =>
      fetch(`http://127.0.0.1:${port}/small/000/${path}`, { method: 'POST', body });
    await post('a/xhr');
    expect((await post('a/xhr_send', JSON.stringify(['x'.repeat(100)]))).status).toBe(413);
    await post('a/xhr_send', JSON.stringify(['x'.repeat(10), 'x'.repeat(11)]));
    expect(await (await post('a/xhr')).text()).toBe(`a["${'x'.repeat(10)}"]\n`);
    expect(await (await post('a/xhr')).text()).toBe('c[1009,"frame-too-large"]\n');
  });
});

describe('over SockJS', () => {
  @WebSocketHandler('/sock', { sockjs: true })
  class Sock {
    message(session: WebSocketSession, text: string) {
      if (text === 'bytes') session.send(Uint8Array.of(255));
      else session.send(`${String(session.attributes.get('seen'))}: ${text}`);
    }
  }

  const serve = async (...handshakeInterceptors: HandshakeInterceptor[]) =>
    portOf(await listen({ controllers: [Sock], handshakeInterceptors }));

  async function post(port: number, path: string, body = ''): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${port}/sock/000/${path}`, {
      method: 'POST',
      body,
    });
    return `${response.status} ${await response.text()}`;
  }

  it('a handler works over xhr and over WebSocket', async () => {
    const port = await serve({ before: ({ url }, attributes) => void attributes.set('seen', url) });
    expect(await post(port, 's1/xhr')).toBe('200 o\n');
    expect(await post(port, 's1/xhr_send', '["hi"]')).toBe('204 ');
    expect(await post(port, 's1/xhr')).toBe('200 a["/sock/000/s1/xhr: hi"]\n');
    const framed = await open(port, '/sock/000/s2/websocket');
    expect(await framed.ask('["hi"]')).toBe('a["/sock/000/s2/websocket: hi"]');
    const bare = await open(port, '/sock/websocket');
    expect(await bare.ask('hi')).toBe('/sock/websocket: hi');
  });

  it('a handler has the variables of its path, over each kind of URL', async () => {
    @WebSocketHandler('/rooms/{room}/{id:[0-9]+}', { sockjs: true })
    class Room {
      message(session: WebSocketSession) {
        session.send(JSON.stringify([...session.variables]));
      }
    }
    const port = portOf(await listen({ controllers: [Room] }));
    const expected = [
      ['room', 'café/1'],
      ['id', '7'],
    ];
    const path = '/rooms/caf%C3%A9%2F1/7';
    for (const bare of ['', '/websocket'])
      expect(JSON.parse(String(await (await open(port, path + bare)).ask('')))).toEqual(expected);
    const framed = await open(port, `${path}/000/s1/websocket`);
    const answer = String(await framed.ask('["x"]')).slice(1);
    expect(JSON.parse((JSON.parse(answer) as [string])[0])).toEqual(expected);
    const url = `http://127.0.0.1:${port}${path}/000/s2`;
    const [received] = await exchange(url, 'xhr_streaming', ['x']);
    expect(JSON.parse(received!)).toEqual(expected);
    expect((await refused(port, '/rooms/a/x')).status).toBe(404);
  });

  it('a handler that sends bytes that are not text ends its session with 1003', async () => {
    const port = await serve();
    await post(port, 's1/xhr');
    await post(port, 's1/xhr_send', '["bytes"]');
    expect(await post(port, 's1/xhr')).toBe('200 c[1003,"text-required"]\n');
  });

  it('an interceptor refuses a session that begins, and runs once for each session', async () => {
    const results: unknown[] = [];
    const port = await serve({
      before: async ({ url }) => {
        await new Promise((resolve) => setImmediate(resolve));
        const headers = { 'Set-Cookie': ['a=1', 'b=2'] };
        return url.includes('bad') ? { status: 401, headers, body: 'no' } : undefined;
      },
      after: ({ url }, { status }) => void results.push([url, status]),
    });
    const refused = await fetch(`http://127.0.0.1:${port}/sock/000/bad/xhr`, { method: 'POST' });
    expect([refused.status, await refused.text()]).toEqual([401, 'no']);
    expect(refused.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await post(port, 'bad/xhr_send', '["hi"]')).toBe('404 ');
    expect(await post(port, 's1/xhr')).toBe('200 o\n');
    await post(port, 's1/xhr_send', '["hi"]');
    await post(port, 's1/xhr');
    expect(results).toEqual([['/sock/000/s1/xhr', 200]]);
  });
});
