// SockJS over WebSocket, and bare WebSockets on the same endpoint.
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { httpHostOf } from '../../../src/transport/http-host.js';
import { plainFraming } from '../../../src/transport/websocket-frame.js';
import { testContext } from '../context.js';
import { turn, turns } from '../event-log.js';
import { endpointAt, openEndpoints, type Endpoints } from './endpoints.js';

let endpoints: Endpoints;

beforeEach(async () => {
  endpoints = await openEndpoints({
    '/echo': {},
    '/close': { accept: (connection) => connection.close(3000, 'Go away!') },
    '/deflated': { deflate: { threshold: 0, level: 1 } },
  });
});

afterEach(() => endpoints.close());

/** A client that reads one message at a time. */
function open(path: string) {
  const socket = new WebSocket(`ws://127.0.0.1:${endpoints.port}${path}`);
  const messages: string[] = [];
  let changed = () => {};
  socket.on('message', (bytes: Buffer) => {
    messages.push(bytes.toString());
    changed();
  });
  socket.on('error', () => {});
  const closed = new Promise<string>((resolve) =>
    socket.on('close', (code, reason) => resolve(`${code} ${reason.toString()}`)),
  );
  return {
    socket,
    /** The messages that are not read yet. */
    messages,
    closed,
    next: async (): Promise<string> => {
      while (messages.length === 0) await new Promise<void>((resolve) => (changed = resolve));
      return messages.shift()!;
    },
  };
}

const path = (id: string) => `/echo/000/${id}/websocket`;

describe('SockJS over WebSocket', () => {
  it('begins with o, and sends each message in an array', async () => {
    const { socket, next } = open(path('a'));
    expect(await next()).toBe('o');
    socket.send('["x","\\ud83d\\ude00"]');
    expect([await next(), await next()]).toEqual(['a["x"]', 'a["😀"]']);
    socket.close();
  });

  it('ignores empty messages and arrays, and takes a single string', async () => {
    const { socket, next } = open(path('a'));
    await next();
    for (const text of ['', '[]', '"x"', '["y"]']) socket.send(text);
    expect([await next(), await next()]).toEqual(['a["x"]', 'a["y"]']);
    socket.close();
  });

  it('keeps lone surrogates', async () => {
    const { socket, next } = open(path('a'));
    await next();
    socket.send('["\\udc00a\\ud800"]');
    expect(await next()).toBe('a["\\udc00a\\ud800"]');
    socket.close();
  });

  it.each(['["a', '{}', '1', 'null', '[1]', 'x'])('ends at once after %s', async (text) => {
    const { socket, messages, next, closed } = open(path('a'));
    await next();
    socket.send('["x"]');
    socket.send(text);
    socket.send('["ignored"]');
    expect(await next()).toBe('a["x"]');
    expect(await closed).toBe('1007 text-invalid');
    expect(messages).toEqual([]);
    await endpoints.accepted[0]!.until('closed 1007 text-invalid');
    expect(endpoints.accepted[0]!.entries.slice(0, -1)).toEqual(['data x', 'ended 1007']);
  });

  it('delivers an array of many messages over several turns, and then the close of its client', async () => {
    const { next, socket } = open(path('a'));
    await next();
    const echo = endpoints.accepted[0]!;
    const texts = Array.from({ length: 1000 }, (_, i) => `${i}`);
    socket.send(JSON.stringify(texts));
    socket.send('["last"]');
    socket.close(3000, 'done');
    await echo.until('data 0');
    expect(echo.entries).not.toContain('data 200');
    await echo.until('closed 3000 done');
    const data = echo.entries.filter((entry) => entry.startsWith('data'));
    expect(data).toEqual([...texts, 'last'].map((text) => `data ${text}`));
    expect(echo.entries.at(-1)).toBe('closed 3000 done');
  });

  it('keeps messages while paused, and drops them at the end', async () => {
    const { next, socket } = open(path('a'));
    await next();
    const echo = endpoints.accepted[0]!;
    socket.send(JSON.stringify(Array(200).fill('x')));
    socket.send('["y"]');
    await echo.until('data x');
    echo.connection.pause();
    const { length } = echo.entries;
    await turns();
    expect(echo.entries).toHaveLength(length);
    echo.connection.resume();
    await echo.until('data y');
    socket.send(JSON.stringify(Array(200).fill('z')));
    await echo.until('data z');
    echo.connection.close(3000, 'done');
    await echo.until('closed 3000 done');
    expect(echo.entries.filter((entry) => entry === 'data z').length).toBeLessThan(200);
  });

  it('may use one id for several sessions, at the same time and later', async () => {
    const [one, other] = [open(path('same')), open(path('same'))];
    await one.next();
    await other.next();
    one.socket.send('["1"]');
    other.socket.send('["2"]');
    expect([await one.next(), await other.next()]).toEqual(['a["1"]', 'a["2"]']);
    one.socket.close();
    await one.closed;
    const later = open(path('same'));
    expect(await later.next()).toBe('o');
    for (const { socket } of [other, later]) socket.close();
  });

  it('sends the close frame, and closes the WebSocket with the same code', async () => {
    const { next, closed } = open('/close/000/a/websocket');
    expect([await next(), await next()]).toEqual(['o', 'c[3000,"Go away!"]']);
    expect(await closed).toBe('3000 Go away!');
  });

  it('sends h after 25 seconds without a frame, unless the session sends heart-beats', async () => {
    const { next, socket } = open(path('a'));
    await next();
    const echo = endpoints.accepted[0]!;
    await endpoints.clock.advance(20_000);
    echo.send('x');
    await endpoints.clock.advance(24_999);
    expect(await next()).toBe('a["x"]');
    await endpoints.clock.advance(1);
    expect(await next()).toBe('h');
    echo.connection.stopHeartbeats?.();
    await endpoints.clock.advance(100_000);
    echo.send('y');
    expect(await next()).toBe('a["y"]');
    socket.terminate();
    await echo.until('closed 1006 ');
    expect(endpoints.clock.timers).toEqual([]);
  });

  it('has the pings and pongs of WebSocket', async () => {
    const { next, socket } = open(path('a'));
    await next();
    const echo = endpoints.accepted[0]!;
    expect(echo.connection.ping()).toBe(true);
    await echo.until('ponged');
    socket.close();
  });

  it('refuses connections while the server has no room', async () => {
    endpoints.refuse({ code: 'handshake-limit', excess: 'limit' });
    const { socket } = open(path('a'));
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toContain('503');
  });

  it('is answered with 503 after the transport was closed, and open sessions continue', async () => {
    const { next, socket } = open(path('a'));
    await next();
    await endpoints.transport.close();
    const [error] = (await once(open(path('b')).socket, 'error')) as [Error];
    expect(error.message).toContain('503');
    socket.send('["x"]');
    expect(await next()).toBe('a["x"]');
    socket.close();
  });
});

it('gives all paths back when one of them belongs to another endpoint', async () => {
  const http = httpHostOf(endpoints.http);
  http.claimUpgrades('/taken/websocket', () => {});
  const taken = endpointAt('/taken');
  const context = testContext(() => {}, { http });
  await expect(async () => taken.open(context)).rejects.toThrow(
    "The path '/taken/websocket' is already an endpoint",
  );
  await taken.close();
  http.claimUpgrades('/taken', () => {});
});

it('compresses each message once for the bare WebSockets of both paths', async () => {
  for (const bare of ['/deflated', '/deflated/websocket']) await once(open(bare).socket, 'open');
  const [first, second] = endpoints.accepted.map(({ connection }) => connection.framing);
  expect(first).not.toBe(plainFraming);
  expect(second).toBe(first);
});

describe.each(['/echo', '/echo/websocket'])('a bare WebSocket on %s', (bare) => {
  it('has neither frames nor heart-beats of SockJS', async () => {
    const { socket, next } = open(bare);
    await once(socket, 'open');
    await endpoints.clock.advance(100_000);
    socket.send('Hello world!\uffff');
    expect(await next()).toBe('Hello world!\uffff');
    socket.close();
  });

  it('receives the reason of a close', async () => {
    expect(await open(bare.replace('echo', 'close')).closed).toBe('3000 Go away!');
    await turn();
  });
});
