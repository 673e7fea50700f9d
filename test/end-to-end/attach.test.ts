// Several servers on one HTTP server of an application: their paths, the close of each server, and the pages of the application.
import { EventEmitter, once } from 'node:events';
import { createServer as createHttpServer, get, type IncomingMessage } from 'node:http';
import { createServer as createNetServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createServer, silentLogger, type Server } from '../../src/index.js';

const http = createHttpServer((_request, response) => void response.end('page'));
let servers: Server[];

async function attach(path: string): Promise<Server> {
  const server = await createServer({ endpoints: [{ path }], logger: silentLogger });
  await server.attach(http);
  servers.push(server);
  return server;
}

beforeEach(async () => {
  servers = [];
  await once(http.listen(0, '127.0.0.1'), 'listening');
});

afterEach(async () => {
  for (const server of servers) await server.close();
  http.closeAllConnections();
  http.close();
});

const port = () => (http.address() as AddressInfo).port;

/** The status that answers a WebSocket handshake; 101 when it is accepted. */
function handshake(path: string): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port()}${path}`, ['v12.stomp']);
  socket.on('error', () => {});
  return new Promise((resolve) => {
    socket.on('open', () => {
      socket.close();
      resolve(101);
    });
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode!));
  });
}

async function page(path: string, headers: Record<string, string> = {}): Promise<string> {
  const [response] = (await once(
    get({ port: port(), host: '127.0.0.1', path, headers }),
    'response',
  )) as [IncomingMessage];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return `${response.statusCode} ${body}`;
}

it('serve their own paths, until each of them closes', async () => {
  const [first] = [await attach('/first'), await attach('/second')];
  expect([await handshake('/first'), await handshake('/second')]).toEqual([101, 101]);
  await first!.close();
  expect([await handshake('/first'), await handshake('/second')]).toEqual([503, 101]);
});

it('can take the path of a closed server', async () => {
  const first = await attach('/ws');
  await first.close();
  await attach('/ws');
  expect(await handshake('/ws')).toBe(101);
});

it('leave pages to the application, also on their own paths and with an upgrade to HTTP/2', async () => {
  const server = await attach('/ws');
  const h2c = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMA' };
  const pages = async () => [await page('/'), await page('/ws'), await page('/', h2c)];
  const all = ['200 page', '200 page', '200 page'];
  expect(await pages()).toEqual(all);
  await server.close();
  expect(await pages()).toEqual(all);
});

it.each<[string, unknown]>([
  ['Express', Object.assign(() => {}, EventEmitter.prototype)],
  ['Koa', Object.assign(new EventEmitter(), { use() {}, listen() {} })],
  ['NestJS', { use() {}, listen() {} }],
])('attach() refuses an application of %s, and names the server to pass', async (_name, given) => {
  const server = await createServer({ endpoints: [], logger: silentLogger });
  servers.push(server);
  await expect(server.attach(given as typeof http)).rejects.toMatchObject({
    code: 'option-invalid',
    message:
      'attach() needs an HTTP server, and it received an application; pass the server that app.listen() or http.createServer(app) returns.',
  });
});

it.each<[string, unknown]>([
  ['null', null],
  ['an object', {}],
  ['a promise', Promise.resolve(http)],
  ['a server of node:net', createNetServer()],
])('attach() refuses %s, and the server can still start', async (_name, given) => {
  const server = await createServer({ endpoints: [], logger: silentLogger });
  servers.push(server);
  await expect(server.attach(given as typeof http)).rejects.toMatchObject({
    code: 'option-invalid',
    message: expect.stringContaining(
      'attach() needs an HTTP server, such as createServer() of node:http; it received',
    ) as string,
  });
  await server.attach(http);
});
