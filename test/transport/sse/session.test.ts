// SSE sessions: their events, their continuation, their times and ends, on a clock that the test moves.
import type { Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorCodes } from '../../../src/message/error.js';
import type { HandshakeDecision } from '../../../src/transport/handshake.js';
import { awkwardTexts } from '../../clients/awkward-texts.js';
import { testContext } from '../context.js';
import { turn, turns } from '../event-log.js';
import { acceptance, type Echo, type Endpoints } from '../http-session/endpoints.js';
import { ask, RawConnection, requestText, type RequestParts } from '../http.js';
import { endpointAt, openEndpoints, type Endpoint } from './endpoints.js';

let endpoints: Endpoints;
let opened: RawConnection[];
/** The server's ends of all TCP connections. */
let sockets: Socket[];

async function start(endpoint: Endpoint = {}): Promise<void> {
  endpoints = await openEndpoints({ '/ws': { allowedOrigins: ['*'], ...endpoint } });
  sockets = [];
  endpoints.http.on('connection', (socket: Socket) => sockets.push(socket));
}

beforeEach(async () => {
  opened = [];
  await start();
});

afterEach(async () => {
  for (const connection of opened) connection.close();
  await endpoints.close();
});

async function restart(endpoint: Endpoint): Promise<void> {
  await endpoints.close();
  await start(endpoint);
}

/** Sends a request on its own connection. */
function begin(path: string, parts?: RequestParts): RawConnection {
  const connection = new RawConnection(endpoints.port);
  opened.push(connection);
  connection.send(requestText(`/ws/sse${path}`, parts));
  return connection;
}

const post = { method: 'POST' };
const send = async (session: string, ...messages: string[]) =>
  (await begin(`/${session}`, { ...post, body: JSON.stringify(messages) }).answer()).status;
const remove = async (session: string) =>
  (await begin(`/${session}`, { method: 'DELETE' }).answer()).status;

/** A client's end of a session and the server's end. */
interface Open {
  readonly id: string;
  readonly stream: RawConnection;
  readonly echo: Echo;
}

/** Opens a session. */
async function open(): Promise<Open> {
  const stream = begin('');
  await stream.head();
  const [, id = ''] = /"session":"(.*?)"/.exec(await stream.chunk())!;
  return { id, stream, echo: endpoints.accepted.at(-1)! };
}

/** Continues a session after an event; returns its stream after the head. */
async function again(id: string, number: number): Promise<RawConnection> {
  const stream = begin('', { headers: { 'Last-Event-ID': `${id}.${number}` } });
  expect((await stream.head()).status).toBe(200);
  return stream;
}

const statusAfter = async (id: string, number: number) =>
  (await ask(endpoints.port, `/ws/sse?lastEventId=${id}.${number}`)).status;

/** Ends the connection of a stream; resolves when the server has noticed it. */
async function lose(stream: RawConnection): Promise<void> {
  const { localPort } = stream.socket;
  const accepted = sockets.find(({ remotePort }) => remotePort === localPort)!;
  stream.close();
  await new Promise((resolve) => accepted.once('close', resolve));
  await turn();
}

const event = (id: string, number: number, ...messages: string[]) =>
  `id: ${id}.${number}\ndata: ${JSON.stringify(messages)}\n\n`;
const closing = (id: string, number: number, code: number, reason: string) =>
  `event: close\nid: ${id}.${number}\ndata: ${JSON.stringify({ code, reason })}\n\n`;

describe('events', () => {
  it('have numbers from 1, and messages as an array', async () => {
    const { id, stream, echo } = await open();
    expect(await send(id, 'x')).toBe(204);
    expect(await stream.chunk()).toBe(event(id, 1, 'x'));
    echo.send('y');
    echo.send('z');
    expect([await stream.chunk(), await stream.chunk()]).toEqual([
      event(id, 2, 'y'),
      event(id, 3, 'z'),
    ]);
  });

  it('share their data between sessions', async () => {
    const [a, b] = [await open(), await open()];
    await send(a.id, 'x');
    await a.stream.chunk();
    for (const text of ['1', '2']) for (const { echo } of [a, b]) echo.send(text);
    expect([await a.stream.chunk(), await a.stream.chunk()]).toEqual([
      event(a.id, 2, '1'),
      event(a.id, 3, '2'),
    ]);
    expect([await b.stream.chunk(), await b.stream.chunk()]).toEqual([
      event(b.id, 1, '1'),
      event(b.id, 2, '2'),
    ]);
  });

  it('over HTTP/1.0 have no chunks', async () => {
    const stream = begin('', { version: '1.0' });
    const { headers } = await stream.head();
    expect(headers['transfer-encoding']).toBeUndefined();
    await stream.read(/^event: open\n[^]*?\n\n/);
    endpoints.accepted[0]!.send('x');
    await stream.read(/^id: [\w-]{22}\.1\ndata: \["x"\]\n\n/);
    await endpoints.clock.advance(25_000);
    await stream.read(/^:\n\n/);
    endpoints.accepted[0]!.connection.close(3000, 'done');
    expect(await stream.end()).toMatch(/^event: close\nid: .*\.2\ndata: .*\n\n$/);
  });

  it.each(awkwardTexts.map((text) => [text.slice(0, 20), text]))(
    'carry %j in both directions',
    async (_, text) => {
      const { id, stream } = await open();
      expect(await send(id, text)).toBe(204);
      const lines = (await stream.chunk()).split('\n');
      expect(lines).toHaveLength(4);
      expect(JSON.parse(lines[1]!.slice('data: '.length))).toEqual([text]);
    },
  );

  it('carry every UTF-16 code unit', async () => {
    const { id, stream } = await open();
    const all = Array.from({ length: 0x10000 }, (_, i) => i);
    const escaped = `["${all.map((code) => `\\u${code.toString(16).padStart(4, '0')}`).join('')}"]`;
    expect((await begin(`/${id}`, { ...post, body: escaped }).answer()).status).toBe(204);
    const [, json = ''] = /^data: (.*)$/m.exec(await stream.chunk())!;
    // Not `toEqual`, which would print all of them.
    expect(isDeepStrictEqual(JSON.parse(json), JSON.parse(escaped))).toBe(true);
  });
});

describe('heart-beats', () => {
  it('are comments after 25 seconds without an event', async () => {
    const { id, stream, echo } = await open();
    for (const text of ['x', 'y']) {
      await endpoints.clock.advance(24_999);
      echo.send(text);
    }
    await endpoints.clock.advance(24_999);
    echo.send('z');
    await endpoints.clock.advance(25_000);
    await endpoints.clock.advance(24_999);
    echo.send('last');
    expect([await stream.chunk(), await stream.chunk(), await stream.chunk()]).toEqual([
      event(id, 1, 'x'),
      event(id, 2, 'y'),
      event(id, 3, 'z'),
    ]);
    expect([await stream.chunk(), await stream.chunk()]).toEqual([':\n\n', event(id, 4, 'last')]);
  });

  it('are not sent while the session sends its own, also by another response', async () => {
    const { id, stream, echo } = await open();
    echo.connection.stopHeartbeats?.();
    await endpoints.clock.advance(100_000);
    echo.send('x');
    expect(await stream.chunk()).toBe(event(id, 1, 'x'));
    const next = await again(id, 1);
    await endpoints.clock.advance(100_000);
    echo.send('y');
    expect(await next.chunk()).toBe(event(id, 2, 'y'));
  });

  it('are not sent while no response is open', async () => {
    await restart({ options: { heartbeatInterval: 1000 } });
    const session = await open();
    await lose(session.stream);
    await endpoints.clock.advance(5000);
    expect(session.echo.connection.bufferedBytes).toBe(0);
    const next = await again(session.id, 0);
    await endpoints.clock.advance(1000);
    expect(await next.chunk()).toBe(':\n\n');
  });
});

describe('a session whose response is lost', () => {
  it('continues with the events that were sent before and since', async () => {
    const session = await open();
    const { id, stream, echo } = session;
    for (const text of ['1', '2', '3']) echo.send(text);
    expect(await stream.chunk()).toBe(event(id, 1, '1'));
    await lose(session.stream);
    echo.send('4');
    const next = await again(id, 1);
    for (const [i, text] of ['2', '3', '4'].entries())
      expect(await next.chunk()).toBe(event(id, i + 2, text));
    echo.send('5');
    expect(await next.chunk()).toBe(event(id, 5, '5'));
    expect(echo.entries).toEqual(['drained']);
  });

  it('continues from the beginning when the client has received only the open event', async () => {
    const session = await open();
    session.echo.send('1');
    await lose(session.stream);
    expect(await (await again(session.id, 0)).chunk()).toBe(event(session.id, 1, '1'));
  });

  it('continues for a client at another address, and runs no handshake', async () => {
    let checks = 0;
    await restart({
      trustedProxies: ['127.0.0.1'],
      check: async () => {
        checks++;
        return acceptance;
      },
    });
    const session = await open();
    await lose(session.stream);
    endpoints.refuse({ code: 'session-limit', excess: 'limit' });
    const headers = {
      'X-Forwarded-For': '10.0.0.2',
      'Last-Event-ID': `${session.id}.0`,
      Origin: 'https://page.test',
    };
    const next = begin('', { headers });
    expect((await next.head()).headers['access-control-allow-origin']).toBe('https://page.test');
    session.echo.send('x');
    expect(await next.chunk()).toBe(event(session.id, 1, 'x'));
    expect(checks).toBe(1);
    expect(endpoints.accepted).toHaveLength(1);
  });

  it('can continue many times', async () => {
    const { id, echo } = await open();
    for (let i = 1; i <= 20; i++) {
      echo.send(`${i}`);
      const next = await again(id, i - 1);
      expect(await next.chunk()).toBe(event(id, i, `${i}`));
      if (i % 2 === 0) next.close();
    }
  });

  it('is noticed also when the request had a body', async () => {
    const stream = begin('', { body: 'x'.repeat(500_000) });
    await stream.head();
    await lose(stream);
    await endpoints.clock.advance(10_000);
    expect(endpoints.accepted[0]!.entries).toEqual(['closed 1006 ']);
  });

  it('receives messages of its client', async () => {
    const session = await open();
    await lose(session.stream);
    expect(await send(session.id, 'x')).toBe(204);
    expect(await (await again(session.id, 0)).chunk()).toBe(event(session.id, 1, 'x'));
  });

  it('ends with 1006 after 10 seconds', async () => {
    const session = await open();
    await lose(session.stream);
    await endpoints.clock.advance(9999);
    expect(session.echo.entries).toEqual([]);
    await endpoints.clock.advance(1);
    expect(session.echo.entries).toEqual(['closed 1006 ']);
    expect(await statusAfter(session.id, 0)).toBe(404);
    expect(await send(session.id, 'x')).toBe(404);
    expect(await remove(session.id)).toBe(404);
    expect(endpoints.clock.timers).toHaveLength(0);
  });

  it('has 10 seconds again after each response', async () => {
    const session = await open();
    await lose(session.stream);
    await endpoints.clock.advance(9999);
    const next = await again(session.id, 0);
    await endpoints.clock.advance(20_000);
    await lose(next);
    await endpoints.clock.advance(9999);
    expect(session.echo.entries).toEqual([]);
    await endpoints.clock.advance(1);
    expect(session.echo.entries).toEqual(['closed 1006 ']);
  });

  it('reports that its bytes have left when another response has sent them', async () => {
    const session = await open();
    await lose(session.stream);
    session.echo.send('x');
    session.echo.send('yz');
    expect(session.echo.connection.bufferedBytes).toBe(',"x","yz"'.length);
    expect(session.echo.entries).toEqual([]);
    const next = await again(session.id, 0);
    expect([await next.chunk(), await next.chunk()]).toEqual([
      event(session.id, 1, 'x'),
      event(session.id, 2, 'yz'),
    ]);
    await session.echo.until('drained');
    expect(session.echo.connection.bufferedBytes).toBe(0);
  });
});

describe('bytes that wait', () => {
  it('are reported as sent only when the next response has sent them', async () => {
    const session = await open();
    const { id, stream, echo } = session;
    await lose(stream);
    echo.send('x'.repeat(50_000_000));
    const next = begin('', { headers: { 'Last-Event-ID': `${id}.0` } });
    next.socket.pause();
    await turns();
    expect(echo.connection.bufferedBytes).toBeGreaterThan(0);
    expect(echo.entries).toEqual([]);
    next.close();
    await echo.until('drained');
  });
});

describe('the kept events', () => {
  /** An event counts 128 bytes more than `,"1"`. */
  const small = 132;

  it.each([
    [3 * small, 1],
    [3 * small - 1, 2],
    [0, 4],
  ])('of %d bytes reach back to event %d of 4', async (bufferBytes, oldest) => {
    await restart({ options: { bufferBytes } });
    const statuses: number[] = [];
    const ends: (string | undefined)[] = [];
    for (let number = 0; number <= 5; number++) {
      const { id, stream, echo } = await open();
      for (const text of ['1', '2', '3', '4']) {
        echo.send(text);
        await stream.chunk();
      }
      const next = begin('', { headers: { 'Last-Event-ID': `${id}.${number}` } });
      statuses.push((await next.head()).status);
      await turns();
      ends.push(echo.entries.at(-1));
    }
    const continues = [0, 1, 2, 3, 4, 5].map((number) => number >= oldest && number <= 4);
    expect(statuses).toEqual(continues.map((yes) => (yes ? 200 : 404)));
    expect(ends).toEqual(continues.map((yes) => (yes ? undefined : 'closed 1006 ')));
  });

  it('contain all events that were not sent, and then those that fit', async () => {
    await restart({ options: { bufferBytes: 2 * small } });
    const session = await open();
    await lose(session.stream);
    for (const text of ['1', '2', '3', '4']) session.echo.send(text);
    const next = await again(session.id, 0);
    for (const [i, text] of ['1', '2', '3', '4'].entries())
      expect(await next.chunk()).toBe(event(session.id, i + 1, text));
    const third = await again(session.id, 2);
    expect(await third.chunk()).toBe(event(session.id, 3, '3'));
  });

  it('do not contain an event that is larger than the limit', async () => {
    await restart({ options: { bufferBytes: 1000 } });
    const { id, stream, echo } = await open();
    echo.send('x'.repeat(2000));
    await stream.chunk();
    await again(id, 1);
    expect(await statusAfter(id, 0)).toBe(404);
    await echo.until('closed 1006 ');
  });

  it('do not contain events that the client has received', async () => {
    const { id, echo } = await open();
    for (const text of ['1', '2', '3']) echo.send(text);
    await again(id, 2);
    expect(await statusAfter(id, 1)).toBe(404);
    await echo.until('closed 1006 ');
  });
});

describe('a second response', () => {
  it('replaces the first one, which ends', async () => {
    const { id, stream, echo } = await open();
    const next = await again(id, 0);
    expect(await stream.chunk()).toBe('');
    echo.send('x');
    expect(await next.chunk()).toBe(event(id, 1, 'x'));
    await endpoints.clock.advance(25_000);
    expect(await next.chunk()).toBe(':\n\n');
    expect(echo.entries).toEqual([]);
  });

  it('stays when the first one is lost afterwards', async () => {
    const { id, stream, echo } = await open();
    const next = await again(id, 0);
    stream.close();
    await turns();
    await endpoints.clock.advance(10_000);
    echo.send('x');
    expect(await next.chunk()).toBe(event(id, 1, 'x'));
    expect(echo.entries).toEqual([]);
  });

  it('closes the connection of the first one when its client does not read', async () => {
    const { id, stream, echo } = await open();
    stream.socket.pause();
    echo.send('x'.repeat(50_000_000));
    echo.send('y');
    expect(echo.connection.bufferedBytes).toBeGreaterThan(0);
    const next = await again(id, 1);
    expect(await next.chunk()).toBe(event(id, 2, 'y'));
    await echo.until('drained');
    stream.socket.resume();
    await stream.end();
  });
});

describe('the end by the server', () => {
  it('is the close event, and the response ends', async () => {
    const { id, stream, echo } = await open();
    echo.send('last');
    echo.connection.close(3000, 'Go "away"!');
    echo.send('ignored');
    expect([await stream.chunk(), await stream.chunk(), await stream.chunk()]).toEqual([
      event(id, 1, 'last'),
      closing(id, 2, 3000, 'Go "away"!'),
      '',
    ]);
    await echo.until('closed 3000 Go "away"!');
    expect(await send(id, 'x')).toBe(404);
    expect(await remove(id)).toBe(404);
  });

  it('is sent again for 10 seconds, with the events before it', async () => {
    const { id, stream, echo } = await open();
    echo.send('last');
    echo.connection.close(3000, 'done');
    await stream.read(/\r\n0\r\n\r\n/);
    await echo.until('closed 3000 done');
    const chunks = [event(id, 1, 'last'), closing(id, 2, 3000, 'done'), ''];
    for (const number of [0, 1]) {
      const next = await again(id, number);
      for (const chunk of chunks.slice(number)) expect(await next.chunk()).toBe(chunk);
    }
    await endpoints.clock.advance(10_000);
    expect(await statusAfter(id, 1)).toBe(404);
    expect(endpoints.clock.timers).toHaveLength(0);
  });

  it('waits for a client that has lost its response', async () => {
    const session = await open();
    const { id, echo } = session;
    await lose(session.stream);
    echo.send('last');
    echo.connection.close(3000, 'done');
    await turns();
    expect(echo.entries).toEqual([]);
    const next = await again(id, 0);
    expect([await next.chunk(), await next.chunk(), await next.chunk()]).toEqual([
      event(id, 1, 'last'),
      closing(id, 2, 3000, 'done'),
      '',
    ]);
    await echo.until('closed 3000 done');
  });

  it('is complete after 10 seconds when the client does not come back', async () => {
    const session = await open();
    await lose(session.stream);
    session.echo.connection.close(3000, 'done');
    await endpoints.clock.advance(9999);
    expect(session.echo.entries).toEqual([]);
    await endpoints.clock.advance(1);
    expect(session.echo.entries).toEqual(['closed 3000 done']);
    expect(await statusAfter(session.id, 0)).toBe(404);
    expect(endpoints.clock.timers).toHaveLength(0);
  });

  it('is complete when the client leaves before the end of the response, and can be fetched again', async () => {
    const { id, stream, echo } = await open();
    stream.socket.pause();
    echo.send('x'.repeat(50_000_000));
    echo.connection.close(3000, 'done');
    await lose(stream);
    expect(echo.entries).toContain('closed 3000 done');
    const next = await again(id, 1);
    expect(await next.chunk()).toBe(closing(id, 2, 3000, 'done'));
    await endpoints.clock.advance(10_000);
    expect(endpoints.clock.timers).toHaveLength(0);
  });

  it('destroys the connection of a client that does not read within a second, and can be fetched again', async () => {
    const { id, stream, echo } = await open();
    stream.socket.pause();
    echo.send('x'.repeat(50_000_000));
    echo.connection.close(4500, 'slow-consumer');
    await endpoints.clock.advance(999);
    expect(echo.entries).toEqual([]);
    await endpoints.clock.advance(1);
    expect(echo.entries).toEqual(['closed 4500 slow-consumer']);
    const next = await again(id, 1);
    expect(await next.chunk()).toBe(closing(id, 2, 4500, 'slow-consumer'));
  });

  it('is reported after the call of the listener in which it happens', async () => {
    const { id, echo } = await open();
    echo.data = () => {
      echo.connection.terminate();
      echo.add('terminated');
    };
    await send(id, 'x');
    await echo.until('closed 1006 ');
    expect(echo.entries).toEqual(['terminated', 'closed 1006 ']);
  });

  it('can be immediate, and then the session is unknown', async () => {
    const { id, stream, echo } = await open();
    echo.connection.terminate();
    await stream.end();
    await echo.until('closed 1006 ');
    expect(await statusAfter(id, 0)).toBe(404);
    expect(endpoints.clock.timers).toHaveLength(0);
  });

  it('before the first response is complete', async () => {
    await restart({ accept: (connection) => connection.close(1013, 'session-limit') });
    const { status, body } = await begin('').answer();
    expect(status).toBe(200);
    expect(body).toMatch(/^event: open\n[^]*\n\nevent: close\n[^]*"code":1013[^]*\n\n$/);
    await endpoints.clock.advance(10_000);
    expect(endpoints.clock.timers).toHaveLength(0);
  });
});

describe('the end by the client', () => {
  it('is reported with 1000, and ends the response', async () => {
    const { id, stream, echo } = await open();
    echo.send('x');
    expect(await remove(id)).toBe(204);
    await echo.until('closed 1000 ');
    expect([await stream.chunk(), await stream.chunk(), await stream.chunk()]).toEqual([
      event(id, 1, 'x'),
      closing(id, 2, 1000, ''),
      '',
    ]);
    expect(await remove(id)).toBe(404);
    expect(await statusAfter(id, 1)).toBe(404);
    expect(endpoints.clock.timers).toHaveLength(0);
  });

  it('is possible without a response', async () => {
    const session = await open();
    await lose(session.stream);
    expect(await remove(session.id)).toBe(204);
    await session.echo.until('closed 1000 ');
    expect(endpoints.clock.timers).toHaveLength(0);
  });

  it('closes the connection of a response that is not read', async () => {
    const { id, stream, echo } = await open();
    stream.socket.pause();
    echo.send('x'.repeat(50_000_000));
    expect(await remove(id)).toBe(204);
    await echo.until('closed 1000 ');
    stream.socket.resume();
    await stream.end();
  });

  it('comes after the messages of earlier requests', async () => {
    const { id, echo } = await open();
    const connection = begin(`/${id}`, { ...post, body: '["1","2"]' });
    connection.send(requestText(`/ws/sse/${id}`, { method: 'DELETE' }));
    expect([(await connection.answer()).status, (await connection.answer()).status]).toEqual([
      204, 204,
    ]);
    await echo.until('closed 1000 ');
    expect(echo.entries).toEqual(['data 1', 'data 2', 'closed 1000 ']);
  });
});

describe('a client that reads slowly', () => {
  it('has waiting bytes, and receives all messages', async () => {
    const { id, stream, echo } = await open();
    stream.socket.pause();
    for (let i = 1; i <= 40; i++) echo.send(`${i}`.padEnd(500_000));
    expect(echo.connection.bufferedBytes).toBeGreaterThan(0);
    expect(echo.entries).toEqual([]);
    stream.socket.resume();
    for (let i = 1; i <= 40; i++)
      expect(await stream.chunk()).toBe(event(id, i, `${i}`.padEnd(500_000)));
    await echo.until('drained');
    expect(echo.connection.bufferedBytes).toBe(0);
  });

  it('may read one byte at a time', async () => {
    const { stream, echo } = await open();
    stream.socket.pause();
    for (let i = 0; i < 60; i++) echo.send(`${i}`.padEnd(500));
    const text = await stream.readBytes('59 ');
    expect(text.match(/data: \["\d+/g)).toEqual(
      Array.from({ length: 60 }, (_, i) => `data: ["${i}`),
    );
    expect(echo.connection.bufferedBytes).toBe(0);
  });
});

describe('reading', () => {
  it('stops while paused: requests wait, and their messages keep their order', async () => {
    const { id, echo } = await open();
    echo.connection.pause();
    const first = begin(`/${id}`, { ...post, body: '["1","2"]' });
    await turns();
    const second = begin(`/${id}`, { ...post, body: '["3"]' });
    await turns();
    expect(echo.entries).toEqual([]);
    echo.connection.resume();
    expect([(await first.answer()).status, (await second.answer()).status]).toEqual([204, 204]);
    expect(echo.entries).toEqual(['data 1', 'data 2', 'data 3']);
  });

  it('is limited to 16 requests at a time', async () => {
    const { id, echo } = await open();
    echo.connection.pause();
    const waiting = Array.from({ length: 16 }, () => begin(`/${id}`, { ...post, body: '["x"]' }));
    await turns(30);
    expect(await send(id, 'y')).toBe(429);
    echo.connection.resume();
    for (const request of waiting) expect((await request.answer()).status).toBe(204);
    expect(await send(id, 'z')).toBe(204);
  });

  it('ends with the session: requests that wait or are half sent are answered with 404', async () => {
    const { id, echo } = await open();
    const half = begin(`/${id}`, { ...post, headers: { 'Content-Length': '100' }, body: '["x' });
    await turns();
    echo.connection.pause();
    const waiting = begin(`/${id}`, { ...post, body: '["x"]' });
    await turns();
    echo.connection.close(3000, '');
    expect([(await half.answer()).status, (await waiting.answer()).status]).toEqual([404, 404]);
    await half.end();
    expect(echo.entries).not.toContain('data x');
  });

  it('ends when the client closes the session', async () => {
    const { id } = await open();
    const half = begin(`/${id}`, { ...post, headers: { 'Content-Length': '100' }, body: '["x' });
    await turns();
    expect(await remove(id)).toBe(204);
    expect((await half.answer()).status).toBe(404);
    await half.end();
  });

  it('of a message above the limit ends the session with 1009, after the messages before it', async () => {
    const { id, stream, echo } = await open();
    expect(await send(id, 'x', 'y'.repeat(1_000_001), 'z')).toBe(404);
    expect([await stream.chunk(), await stream.chunk()]).toEqual([
      event(id, 1, 'x'),
      closing(id, 2, 1009, 'frame-too-large'),
    ]);
    await echo.until('closed 1009 frame-too-large');
    expect(echo.entries).not.toContain('data z');
  });

  it('of a request above one message is refused with 429 while the server holds too many bytes', async () => {
    const { id, echo } = await open();
    let held = 0;
    echo.held = (bytes) => (held += bytes) < 0;
    const half = 'x'.repeat(600_000);
    expect(await send(id, half)).toBe(204);
    expect(await send(id, half, half)).toBe(429);
    expect(held).toBe(0);
    expect(echo.entries).toHaveLength(1);
  });

  it('of a half-sent body that is aborted delivers nothing', async () => {
    const { id, echo } = await open();
    const half = begin(`/${id}`, { ...post, headers: { 'Content-Length': '9' }, body: '["x"]' });
    await turns();
    half.close();
    await turns();
    expect(await send(id, 'y')).toBe(204);
    expect(echo.entries).toEqual(['data y']);
  });
});

describe('a client', () => {
  it('has the handshake of the request that began its session', async () => {
    const stream = begin('?x=1&protocols=v12.stomp', { headers: { 'X-Own': 'y' } });
    await stream.head();
    const { handshake } = endpoints.accepted[0]!.connection;
    expect(handshake).toMatchObject({
      url: '/ws?x=1&protocols=v12.stomp',
      secure: false,
      subprotocol: 'v12.stomp',
      remoteAddress: '127.0.0.1',
    });
    expect([...handshake.headers]).toEqual([
      ['host', 'server.test'],
      ['x-own', 'y'],
    ]);
  });

  it('has a session id that no other one has', async () => {
    const ids = await Promise.all(Array.from({ length: 50 }, async () => (await open()).id));
    expect(new Set(ids).size).toBe(50);
  });

  it.each([
    ['share', 429],
    ['limit', 503],
  ] as const)('is refused when the server has no room: %s', async (excess, status) => {
    endpoints.refuse({ code: 'session-limit', excess });
    const answer = await begin('').answer();
    expect(answer).toMatchObject({ status, body: errorCodes['session-limit'].text });
    endpoints.refuse(undefined);
    await open();
  });

  it('of a page that may not connect is logged once a minute', async () => {
    await restart({ allowedOrigins: [] });
    const headers = { Origin: 'https://evil.test' };
    for (let i = 0; i < 3; i++) await begin('', { headers }).answer();
    expect(endpoints.warnings).toEqual([
      "A page of the origin 'https://evil.test' was refused; to accept it, add it to allowedOrigins of the endpoint.",
    ]);
  });
});

describe('the decision of the application', () => {
  it('sees the offered subprotocols and the URL of the endpoint, and chooses', async () => {
    const asked: unknown[] = [];
    const statuses: unknown[] = [];
    await restart({
      check: async ({ url, subprotocols }) => {
        asked.push(url, subprotocols);
        return {
          ...acceptance,
          subprotocol: 'x',
          principal: { name: 'ann' },
          attributes: new Map([['a', 1]]),
          answered: (status) => statuses.push(status),
        };
      },
    });
    const stream = begin('?protocols=v12.stomp,x');
    await stream.head();
    expect(await stream.chunk()).toContain('"protocol":"x"');
    expect(asked).toEqual(['/ws?protocols=v12.stomp,x', ['v12.stomp', 'x']]);
    expect(endpoints.accepted[0]!.connection.handshake).toMatchObject({
      subprotocol: 'x',
      principal: { name: 'ann' },
      attributes: new Map([['a', 1]]),
    });
    expect(statuses).toEqual([200]);
  });

  it('can refuse with any status, headers and body', async () => {
    const statuses: unknown[] = [];
    await restart({
      check: async () => ({
        ...acceptance,
        refusal: { status: 401, headers: { 'WWW-Authenticate': ['A', 'B'] }, body: 'Who?' },
        answered: (status) => statuses.push(status),
      }),
    });
    const answer = await begin('').answer();
    expect(answer).toMatchObject({ status: 401, body: 'Who?' });
    expect(answer.headers['www-authenticate']).toBe('A\nB');
    expect(endpoints.accepted).toEqual([]);
    expect(statuses).toEqual([401]);
  });

  it('comes too late when the client has left or the transport is closed', async () => {
    const statuses: unknown[] = [];
    let decide: (decision: HandshakeDecision) => void = () => {};
    await restart({ check: () => new Promise((resolve) => (decide = resolve)) });
    const answered = (status?: number) => void statuses.push(status);
    const left = begin('');
    await turns();
    left.close();
    await turns();
    decide({ ...acceptance, answered });
    const late = begin('');
    await turns();
    await endpoints.transport.close();
    decide({ ...acceptance, answered });
    expect((await late.answer()).status).toBe(503);
    expect(statuses).toEqual([undefined, 503]);
    expect(endpoints.accepted).toEqual([]);
  });
});

describe('requests behind others on one connection', () => {
  it('are answered in order', async () => {
    const connection = begin('/x', post);
    connection.send(requestText('/ws/sse'));
    expect((await connection.answer()).status).toBe(404);
    await connection.head();
    expect(await connection.chunk()).toMatch(/^event: open\n/);
  });

  it('close the connection when more than 1,000 wait behind a response', async () => {
    const { stream, echo } = await open();
    stream.send(requestText('/ws/sse').repeat(1000));
    await turns();
    expect(echo.entries).toEqual([]);
    stream.send(requestText('/ws/sse'));
    await stream.end();
    await endpoints.clock.advance(10_000);
    await echo.until('closed 1006 ');
  });

  it('begin no session when the connection ends before their turn', async () => {
    const { stream } = await open();
    stream.send(requestText('/ws/sse'));
    await turns();
    stream.close();
    await turns();
    expect(endpoints.accepted).toHaveLength(1);
  });
});

describe('a transport that is closed', () => {
  it('begins no session, serves those that exist, and then gives its paths back', async () => {
    const { id, echo } = await open();
    await endpoints.transport.close();
    expect(await begin('').answer()).toMatchObject({
      status: 503,
      body: errorCodes['server-stopping'].text,
    });
    expect(await send(id, 'x')).toBe(204);
    const next = await again(id, 0);
    expect(await next.chunk()).toBe(event(id, 1, 'x'));
    echo.connection.close(1001, 'bye');
    expect(await next.chunk()).toBe(closing(id, 2, 1001, 'bye'));
    await echo.until('closed 1001 bye');
    expect((await ask(endpoints.port, '/ws/sse')).body).toBe('the application');
    expect((await ask(endpoints.port, `/ws/sse/${id}`)).body).toBe('the application');
  });

  it('needs an HTTP server', async () => {
    expect(() => endpointAt('/x').open(testContext(() => {}))).toThrow(
      "The SSE endpoint '/x' needs an HTTP server.",
    );
  });
});

describe('many sessions', () => {
  it('that are opened and abandoned leave nothing behind', async () => {
    const count = 500;
    for (let i = 0; i < count; i += 50) {
      const sessions = await Promise.all(Array.from({ length: 50 }, () => open()));
      for (const { stream } of sessions) stream.close();
    }
    await expect.poll(() => opened.every(({ socket }) => socket.destroyed)).toBe(true);
    await turns(50);
    expect(endpoints.clock.timers).toHaveLength(count);
    await endpoints.clock.advance(10_000);
    expect(endpoints.accepted.every(({ entries }) => entries.at(-1) === 'closed 1006 ')).toBe(true);
    expect(endpoints.clock.timers).toHaveLength(0);
  });
});
