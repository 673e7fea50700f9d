// SSE over HTTP/2: streams instead of connections, and HTTP/1.1 on the same port.
import { once } from 'node:events';
import {
  connect,
  constants,
  createSecureServer,
  type ClientHttp2Session,
  type ClientHttp2Stream,
} from 'node:http2';
import { Agent, request as httpsRequest } from 'node:https';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { selfSigned } from '../../certificate.js';
import { http1Client, http2Client, sseConnection, type SseConnection } from '../../clients/sse.js';
import type { HandshakeCheck, HandshakeDecision } from '../../../src/transport/handshake.js';
import { turns } from '../event-log.js';
import {
  acceptance,
  application,
  asHttpServer,
  type Endpoints,
} from '../http-session/endpoints.js';
import { openEndpoints } from './endpoints.js';

const certificate = selfSigned();

let endpoints: Endpoints;
let session: ClientHttp2Session;
/** The application, which accepts all clients by default. */
let check: HandshakeCheck;

beforeEach(async () => {
  check = async () => acceptance;
  await start(true);
});

/** @param withApplication false for a server without other listeners */
async function start(withApplication: boolean): Promise<void> {
  const http = createSecureServer({ ...certificate, allowHTTP1: true });
  if (withApplication) http.on('request', application as () => void);
  endpoints = await openEndpoints(
    {
      '/ws': {
        options: { maxBodyBytes: 100_000 },
        allowedOrigins: ['https://page.test'],
        check: (request) => check(request),
      },
    },
    asHttpServer(http),
  );
  session = connect(`https://127.0.0.1:${endpoints.port}`, { rejectUnauthorized: false });
  session.on('error', () => {});
}

afterEach(async () => {
  session.destroy();
  await endpoints.close();
});

/** Opens a session on the HTTP/2 connection. */
async function open() {
  const client = await sseConnection(http2Client(session));
  const received: string[] = [];
  client.onData = (bytes) => void received.push(Buffer.from(bytes).toString());
  return { client, received, echo: endpoints.accepted.at(-1)!, path: pathOf(client) };
}

const pathOf = ({ lastEventId }: SseConnection) => `/ws/sse/${lastEventId.split('.')[0]}`;

interface Answered {
  readonly headers: Readonly<Record<string, unknown>>;
  /** Resolves when the server has ended the answer. */
  readonly body: Promise<string>;
}

/** Waits for the head of the answer to a request. */
async function answered(stream: ClientHttp2Stream): Promise<Answered> {
  let text = '';
  stream.on('error', () => {});
  stream.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  const body = new Promise<string>((resolve) => stream.on('end', () => resolve(text)));
  const [headers] = (await once(stream, 'response')) as [Answered['headers']];
  return { headers, body };
}

const post = (path: string, body: string, headers: Record<string, string> = {}) => {
  const stream = session.request({ ':method': 'POST', ':path': path, ...headers });
  stream.end(body);
  return answered(stream);
};

describe.skipIf(certificate === undefined)('a session over HTTP/2', () => {
  it('has the headers of SSE, and none of the connection', async () => {
    const { headers } = await answered(
      session.request({ ':path': '/ws/sse?protocols=v12.stomp', origin: 'https://page.test' }),
    );
    const { date: _, ...others } = headers;
    expect(Object.fromEntries(Object.entries(others))).toEqual({
      ':status': 200,
      'access-control-allow-origin': 'https://page.test',
      'access-control-allow-credentials': 'true',
      vary: 'Origin',
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    const { handshake } = endpoints.accepted[0]!.connection;
    expect(handshake).toMatchObject({ secure: true, remoteAddress: '127.0.0.1' });
    expect([...handshake.headers]).toEqual([
      ['origin', 'https://page.test'],
      ['host', `127.0.0.1:${endpoints.port}`],
    ]);
  });

  it('accepts pages of its own origin by :authority', async () => {
    const origin = `https://127.0.0.1:${endpoints.port}`;
    const { headers } = await answered(session.request({ ':path': '/ws/sse', origin }));
    expect(headers[':status']).toBe(200);
    const refused = await answered(
      session.request({ ':path': '/ws/sse', origin: 'https://evil.test' }),
    );
    expect(refused.headers[':status']).toBe(403);
  });

  it('carries messages, comments and the close event', async () => {
    const { client, received, echo } = await open();
    client.send('x');
    await echo.until('data x');
    await expect.poll(() => received).toEqual(['x']);
    await endpoints.clock.advance(25_000);
    echo.connection.close(3000, 'done');
    expect(await client.closed).toEqual({ code: 3000, reason: 'done' });
    await echo.until('closed 3000 done');
  });

  it('shares one connection with others', async () => {
    const sessions = [];
    for (let i = 0; i < 20; i++) sessions.push(await open());
    for (const { echo } of sessions) echo.send('to all');
    for (const { received } of sessions) await expect.poll(() => received).toEqual(['to all']);
  });

  it('continues after a lost stream', async () => {
    const { client, received, echo } = await open();
    echo.send('1');
    await expect.poll(() => received).toEqual(['1']);
    const again = client.reconnect();
    echo.send('2');
    expect(await again).toBe(200);
    await expect.poll(() => received).toEqual(['1', '2']);
    expect(echo.entries.filter((entry) => entry.startsWith('closed'))).toEqual([]);
  });

  it('ends with 1006 after the loss of the connection', async () => {
    const { echo } = await open();
    session.destroy();
    await expect
      .poll(async () => {
        await endpoints.clock.advance(10_000);
        return echo.entries.at(-1);
      })
      .toBe('closed 1006 ');
    expect(endpoints.clock.timers).toHaveLength(0);
  });

  it('has waiting bytes while its client does not read, and others receive', async () => {
    const [slow, other] = [await open(), await open()];
    slow.client.pause();
    const text = 'x'.repeat(100_000);
    for (let i = 0; i < 20; i++) slow.echo.send(text);
    await turns(20);
    expect(slow.echo.connection.bufferedBytes).toBeGreaterThan(0);
    other.echo.send('y');
    await expect.poll(() => other.received).toEqual(['y']);
    slow.client.resume();
    await expect.poll(() => slow.received.length).toBe(20);
    await slow.echo.until('drained');
    expect(slow.echo.connection.bufferedBytes).toBe(0);
  });

  it('destroys only its stream when its client does not read', async () => {
    const [slow, other] = [await open(), await open()];
    slow.client.pause();
    for (let i = 0; i < 20; i++) slow.echo.send('x'.repeat(100_000));
    slow.echo.connection.close(4500, 'slow-consumer');
    await endpoints.clock.advance(1000);
    await slow.echo.until('closed 4500 slow-consumer');
    other.echo.send('y');
    await expect.poll(() => other.received).toEqual(['y']);
  });

  it('can be closed by its client', async () => {
    const { client, echo } = await open();
    client.close();
    expect(await client.closed).toEqual({ code: 1000, reason: '' });
    await echo.until('closed 1000 ');
    expect(endpoints.clock.timers).toHaveLength(0);
  });

  it('can be terminated', async () => {
    const { client, echo } = await open();
    echo.connection.terminate();
    expect(await client.closed).toEqual({ code: 1006, reason: '' });
    await echo.until('closed 1006 ');
  });
});

describe.skipIf(certificate === undefined)('a request over HTTP/2', () => {
  it('with a large body is answered with 413, and its upload ends', async () => {
    const { path, received, echo } = await open();
    const stream = session.request({ ':method': 'POST', ':path': path });
    stream.write(`["${'x'.repeat(200_000)}`);
    const { headers } = await answered(stream);
    expect(headers[':status']).toBe(413);
    expect(headers['connection']).toBeUndefined();
    // Node's client does not end a stream whose bytes it could not send.
    await expect.poll(() => stream.closed).toBe(true);
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
    stream.destroy();
    echo.send('y');
    await expect.poll(() => received).toEqual(['y']);
  });

  it('that announces a large body is answered with 413', async () => {
    const { path } = await open();
    const { headers, body } = await post(path, 'x'.repeat(100_001), { 'content-length': '100001' });
    expect(headers[':status']).toBe(413);
    expect(await body).toBe('');
  });

  it('that is half sent and aborted delivers nothing', async () => {
    const { path, echo } = await open();
    const stream = session.request({ ':method': 'POST', ':path': path });
    stream.on('error', () => {});
    stream.write('["x"]');
    await turns(20);
    stream.destroy();
    await turns(20);
    expect((await post(path, '["y"]')).headers[':status']).toBe(204);
    expect(echo.entries[0]).toBe('data y');
  });

  it('that is half sent is answered with 408 after 60 seconds', async () => {
    const { path, echo } = await open();
    const stream = session.request({ ':method': 'POST', ':path': path });
    stream.write('["x');
    const answer = answered(stream);
    await turns(20);
    await endpoints.clock.advance(59_999);
    stream.write('y');
    await turns(20);
    expect(stream.closed).toBe(false);
    await endpoints.clock.advance(1);
    expect((await answer).headers[':status']).toBe(408);
    expect(await (await answer).body).toBe('The body was not complete after 60 seconds.\n');
    expect((await post(path, '["z"]')).headers[':status']).toBe(204);
    expect(echo.entries[0]).toBe('data z');
  });

  it('that is half sent is answered with 404 when the session ends', async () => {
    const { path, echo } = await open();
    const stream = session.request({ ':method': 'POST', ':path': path });
    stream.write('["x');
    await turns(20);
    const answer = answered(stream);
    echo.connection.close(3000, '');
    expect((await answer).headers[':status']).toBe(404);
    await expect.poll(() => stream.destroyed).toBe(true);
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
  });

  it('with a malformed body, an unknown session or another method is refused', async () => {
    const { path } = await open();
    expect((await post(path, '{}')).headers[':status']).toBe(400);
    expect((await post('/ws/sse/AAAAAAAAAAAAAAAAAAAAAA', '["x"]')).headers[':status']).toBe(404);
    const { headers } = await answered(session.request({ ':method': 'BREW', ':path': path }));
    expect(headers).toMatchObject({ ':status': 405, allow: 'OPTIONS, POST, DELETE' });
  });

  it('is answered also by a server that has no application', async () => {
    session.destroy();
    await endpoints.close();
    await start(false);
    const { received, echo } = await open();
    echo.send('x');
    await expect.poll(() => received).toEqual(['x']);
  });

  it('on another path reaches the application', async () => {
    const { body } = await answered(session.request({ ':path': '/other' }));
    expect(await body).toBe('the application');
  });
});

describe.skipIf(certificate === undefined)('the decision of the application over HTTP/2', () => {
  it('can refuse with several headers of one name', async () => {
    const headers = { 'Set-Cookie': ['a=1', 'b=2'], 'X-Own': 'x' };
    check = async () => ({ ...acceptance, refusal: { status: 401, headers, body: 'Who?' } });
    const refused = await answered(session.request({ ':path': '/ws/sse' }));
    expect(refused.headers).toMatchObject({
      ':status': 401,
      'set-cookie': ['a=1', 'b=2'],
      'x-own': 'x',
    });
    expect(await refused.body).toBe('Who?');
  });

  it('comes too late when the client has left', async () => {
    let decide: (decision: HandshakeDecision) => void = () => {};
    check = () => new Promise((resolve) => (decide = resolve));
    const stream = session.request({ ':path': '/ws/sse' }).on('error', () => {});
    await turns(20);
    stream.close(constants.NGHTTP2_CANCEL);
    await once(stream, 'close');
    await turns(20);
    const status = await new Promise((resolve) => decide({ ...acceptance, answered: resolve }));
    expect(status).toBeUndefined();
    expect(endpoints.accepted).toEqual([]);
  });
});

describe.skipIf(certificate === undefined)('HTTP/1.1 on the port of HTTP/2', () => {
  it('serves the same endpoint', async () => {
    const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
    const client = await sseConnection(http1Client(endpoints.port, { agent }, httpsRequest));
    const [echo] = endpoints.accepted;
    const received: string[] = [];
    client.onData = (bytes) => void received.push(Buffer.from(bytes).toString());
    client.send('x');
    await expect.poll(() => received).toEqual(['x']);
    client.vanish();
    expect(echo!.connection.handshake.secure).toBe(true);
  });
});

describe.skipIf(certificate === undefined)('many sessions over HTTP/2', () => {
  it('that are opened and abandoned leave nothing behind', async () => {
    // Node closes a connection after 1,000 canceled streams.
    const count = 900;
    for (let i = 0; i < count; i += 100) {
      const streams = Array.from({ length: 100 }, () => session.request({ ':path': '/ws/sse' }));
      await Promise.all(streams.map((stream) => once(stream, 'response')));
      for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
      await Promise.all(streams.map((stream) => once(stream, 'close')));
    }
    expect(endpoints.accepted).toHaveLength(count);
    await expect
      .poll(async () => {
        await endpoints.clock.advance(10_000);
        return endpoints.clock.timers.length;
      })
      .toBe(0);
    expect(endpoints.accepted.every(({ entries }) => entries.at(-1) === 'closed 1006 ')).toBe(true);
  });
});
