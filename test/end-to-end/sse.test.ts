// STOMP over SSE on servers of an application that use TLS: HTTPS, and HTTP/2 with HTTP/1.1 and WebSocket on the same port.
import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import { connect as connectHttp2, createSecureServer } from 'node:http2';
import { Agent, createServer as createHttpsServer, get, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createServer, silentLogger, type Server } from '../../src/index.js';
import { selfSigned } from '../certificate.js';
import { webSocketConnection, type ClientConnection } from '../clients/connection.js';
import { http1Client, http2Client, sseConnection } from '../clients/sse.js';
import { connected, StompClient } from '../clients/stomp.js';

const certificate = selfSigned();
const insecure = { rejectUnauthorized: false };

let server: Server;
let closers: (() => void)[] = [];

afterEach(async () => {
  await server.close();
  for (const close of closers) close();
  closers = [];
});

/** Attaches a server with the endpoint `/ws`; returns its port. */
async function attach(http: HttpServer): Promise<number> {
  server = await createServer({ endpoints: [{ path: '/ws', sse: true }], logger: silentLogger });
  await server.attach(http);
  await once(http.listen(0, '127.0.0.1'), 'listening');
  closers.push(() => http.close());
  return (http.address() as AddressInfo).port;
}

/** A connection over HTTP/1.1. */
function overHttp1(port: number) {
  const agent = new Agent({ keepAlive: true, ...insecure });
  closers.push(() => agent.destroy());
  return sseConnection(http1Client(port, { agent }, request));
}

/** A connection over HTTP/2. */
function overHttp2(port: number) {
  const session = connectHttp2(`https://127.0.0.1:${port}`, insecure).on('error', () => {});
  closers.push(() => session.destroy());
  return sseConnection(http2Client(session));
}

async function subscribed<C extends ClientConnection>(connection: C): Promise<StompClient<C>> {
  const client = new StompClient(connection);
  await connected(client, { 'accept-version': '1.2' });
  await client.subscribe('s', '/topic/x');
  return client;
}

describe.skipIf(certificate === undefined)('STOMP over SSE', () => {
  it('works on an HTTPS server together with the application', async () => {
    const port = await attach(
      createHttpsServer(certificate!, (_request, response) => void response.end('own')),
    );
    const client = await subscribed(await overHttp1(port));
    client.publish('/topic/x', {}, 'hello');
    expect(await client.texts(1)).toEqual(['hello']);
    expect([...server.sessions.all()][0]!.handshake.secure).toBe(true);
    const [response] = await once(get(`https://127.0.0.1:${port}/`, insecure), 'response');
    expect(response.statusCode).toBe(200);
    response.resume();
    const { closed } = client.connection;
    await server.close();
    expect(await closed).toEqual({ code: 1001, reason: 'server-stopping' });
  });

  it('works on an HTTP/2 server, together with HTTP/1.1 and WebSocket', async () => {
    const http = createSecureServer({ ...certificate, allowHTTP1: true });
    const port = await attach(http as unknown as HttpServer);
    const secure = { ca: certificate!.cert, servername: 'localhost' };
    const clients = [
      await subscribed(await overHttp2(port)),
      await subscribed(await overHttp1(port)),
      await subscribed(await webSocketConnection(port, secure)),
    ];
    const texts = clients.map((_, i) => `from ${i}`);
    for (const [i, client] of clients.entries()) {
      client.publish('/topic/x', {}, texts[i]);
      for (const each of clients) expect(await each.texts(1)).toEqual([texts[i]]);
    }
    expect(
      [...server.sessions.all()].map(({ handshake }) => handshake.headers.get('host')),
    ).toEqual(Array(3).fill(`127.0.0.1:${port}`));
    const ends = clients.map(({ connection }) => connection.closed);
    await server.close();
    for (const end of ends) expect(await end).toEqual({ code: 1001, reason: 'server-stopping' });
  });

  it('continues on another HTTP/2 connection', async () => {
    const http = createSecureServer({ ...certificate, allowHTTP1: true });
    const port = await attach(http as unknown as HttpServer);
    const session = connectHttp2(`https://127.0.0.1:${port}`, insecure).on('error', () => {});
    const other = connectHttp2(`https://127.0.0.1:${port}`, insecure).on('error', () => {});
    closers.push(() => other.destroy());
    let current = http2Client(session);
    const client = await subscribed(
      await sseConnection({
        send: (...parts) => current.send(...parts),
        vanish: () => current.vanish(),
      }),
    );
    client.connection.loseResponse();
    session.destroy();
    await server.publisher.publish('/topic/x', 'kept');
    current = http2Client(other);
    expect(await client.connection.reconnect()).toBe(200);
    expect(await client.texts(1)).toEqual(['kept']);
    expect(server.sessions.size).toBe(1);
  });
});
