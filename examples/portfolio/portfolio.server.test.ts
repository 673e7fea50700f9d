// Tests the server of the portfolio over sockets, as the page of the original uses it: form login, SockJS, and frames of webstomp.
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type Server as HttpServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server } from 'signalbox';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { mount } from './portfolio.server.js';

let http: HttpServer;
let server: Server;
let address: string;

async function start(base: string): Promise<void> {
  http = createServer();
  server = await mount(http, base);
  await once(http.listen(0, '127.0.0.1'), 'listening');
  address = `127.0.0.1:${(http.address() as AddressInfo).port}`;
}

beforeEach(() => start('/'));
afterEach(async () => {
  await server.close();
  http.closeAllConnections();
  http.close();
  vi.unstubAllEnvs();
});

const get = (path: string, cookie = '') =>
  fetch(`http://${address}${path}`, { headers: { cookie }, redirect: 'manual' });

const logIn = (username: string, password: string, headers: Record<string, string> = {}) =>
  fetch(`http://${address}/login.html`, {
    method: 'POST',
    body: new URLSearchParams({ username, password }),
    headers,
    redirect: 'manual',
  });

/** The header `cookie` of a browser that is logged in. */
async function cookieOf(username: string, password: string): Promise<string> {
  const [cookie = ''] = (await logIn(username, password)).headers.getSetCookie();
  return cookie.split(';', 1)[0]!;
}

describe('the form login', () => {
  it.each([
    ['fabrice', 'fab123'],
    ['paulson', 'bond'],
  ])(
    'lets %s in, with a cookie that scripts and other sites cannot use',
    async (name, password) => {
      const response = await logIn(name, password);
      expect([response.status, response.headers.get('location')]).toEqual([302, '/index.html']);
      const [cookie = ''] = response.headers.getSetCookie();
      expect(cookie).toMatch(/^portfolio-login=[\da-f-]{36}; Path=\/; HttpOnly; SameSite=Lax$/);
      const page = await get('/index.html', cookie);
      expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('Positions')]);
    },
  );

  it.each([
    ['fabrice', 'bond'],
    ['eve', 'fab123'],
    ['', ''],
  ])('refuses the name %j with the password %j', async (name, password) => {
    const response = await logIn(name, password);
    expect([response.status, response.headers.get('location')]).toEqual([302, '/login.html?error']);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it('never keeps an id that the browser has sent', async () => {
    const before = await cookieOf('fabrice', 'fab123');
    const { headers } = await logIn('paulson', 'bond', { cookie: before });
    expect(headers.getSetCookie()[0]).not.toContain(before);
    expect((await get('/users', before)).status).toBe(302);
    const planted = 'portfolio-login=planted';
    await logIn('paulson', 'bond', { cookie: planted });
    expect((await get('/users', planted)).status).toBe(302);
  });

  const foreignPages: Record<string, string>[] = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
  ];

  it.each(foreignPages)('refuses forms of other origins: %j', async (headers) => {
    expect((await logIn('fabrice', 'fab123', headers)).status).toBe(403);
  });

  it.each(foreignPages)('is not ended by pages of other origins: %j', async (headers) => {
    const cookie = await cookieOf('fabrice', 'fab123');
    const url = `http://${address}/logout.html`;
    expect((await fetch(url, { headers: { cookie, ...headers } })).status).toBe(403);
    expect((await get('/users', cookie)).status).toBe(200);
  });

  it('accepts the form of its own page', async () => {
    for (const [name, value] of [
      ['origin', `http://${address}`],
      ['sec-fetch-site', 'same-origin'],
    ] as const)
      expect((await logIn('fabrice', 'fab123', { [name]: value })).status).toBe(302);
  });

  it('refuses a large form', async () => {
    expect((await logIn('fabrice', 'x'.repeat(2000))).status).toBe(413);
  });

  it('survives a client that leaves in the middle of its form', async () => {
    const url = { host: '127.0.0.1', port: (http.address() as AddressInfo).port };
    const form = request({ ...url, path: '/login.html', method: 'POST' });
    form.on('error', () => {});
    const arrived = once(http, 'request');
    form.write('username=');
    const [received] = (await arrived) as [IncomingMessage];
    form.destroy();
    await new Promise((resolve) => received.once('close', resolve));
    expect((await get('/login.html')).status).toBe(200);
  });

  it.each(['/', '/index.html', '/users', '/missing'])('is needed for %s', async (path) => {
    const response = await get(path);
    expect([response.status, response.headers.get('location')]).toEqual([302, '/login.html']);
  });

  it.each(['/login.html', '/static/login.css', '/static/look/look.css'])(
    'is not needed for %s',
    async (path) => {
      const response = await get(path);
      expect(response.status).toBe(200);
      expect(response.headers.get('x-frame-options')).toBe('SAMEORIGIN');
    },
  );

  it('answers with 404 where the path has no page', async () => {
    const cookie = await cookieOf('fabrice', 'fab123');
    expect((await get('/missing', cookie)).status).toBe(404);
    expect((await get('/static/missing.js')).status).toBe(404);
    for (const path of ['/static/..%2findex.html', '/webjars/..%2findex.html'])
      expect((await get(path)).status).toBe(404);
  });
});

/** A client with the frames of webstomp 1.2, over the WebSocket of SockJS. */
class WebstompClient {
  readonly closed: Promise<unknown>;
  readonly #frames: string[] = [];
  #wake = () => {};

  constructor(private readonly socket: WebSocket) {
    this.closed = once(socket, 'close');
    socket.on('message', (data: Buffer) => {
      const text = data.toString();
      if (text.startsWith('a')) this.#frames.push(...(JSON.parse(text.slice(1)) as string[]));
      this.#wake();
    });
  }

  static async open(path: string, cookie: string): Promise<WebstompClient> {
    const headers = { cookie };
    const socket = new WebSocket(`ws://${address}${path}/000/one/websocket`, { headers });
    const client = new WebstompClient(socket);
    await once(socket, 'open');
    client.send('CONNECT\naccept-version:1.2\nheart-beat:10000,10000\n\n');
    return client;
  }

  /** As webstomp does, in messages of 16 KiB. */
  send(frame: string): void {
    for (const [piece] of `${frame}\0`.matchAll(/[^]{1,16384}/g))
      this.socket.send(JSON.stringify([piece]));
  }

  subscribe(id: string, destination: string): void {
    this.send(`SUBSCRIBE\nid:${id}\ndestination:${destination}\n\n`);
  }

  trade(body: string): void {
    this.send(`SEND\ndestination:/app/trade\ncontent-length:${body.length}\n\n${body}`);
  }

  /** The next frame that contains the text. */
  async next(part: string): Promise<string> {
    for (;;) {
      const i = this.#frames.findIndex((frame) => frame.includes(part));
      if (i >= 0) return this.#frames.splice(i, 1)[0]!;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async nextBody(part: string): Promise<unknown> {
    const frame = await this.next(part);
    return JSON.parse(frame.slice(frame.indexOf('\n\n') + 2, -1));
  }
}

describe.each(['/portfolio', '/spring-websocket-portfolio/portfolio'])('the page at %s', (path) => {
  it('receives the name of its user, positions, prices, updates and errors', async () => {
    const client = await WebstompClient.open(path, await cookieOf('paulson', 'bond'));
    expect(await client.next('CONNECTED\n')).toContain('\nuser-name:paulson\n');
    client.subscribe('a', '/app/positions');
    expect(await client.nextBody('subscription:a\n')).toContainEqual({
      company: 'Google Inc',
      ticker: 'GOOG',
      price: 905.09,
      shares: 5,
    });
    client.subscribe('b', '/topic/price.stock.*');
    client.subscribe('c', '/user/queue/position-updates');
    client.subscribe('d', '/user/queue/errors');
    client.trade('{"action":"Buy","ticker":"GOOG","shares":"7"}');
    expect(await client.nextBody('subscription:c\n')).toMatchObject({ ticker: 'GOOG', shares: 12 });
    expect(await client.nextBody('price.stock.GOOG')).toMatchObject({ ticker: 'GOOG' });
    client.trade('{"action":"Sell","ticker":"GOOG","shares":"13"}');
    expect(await client.nextBody('subscription:d\n')).toMatch(/^Rejected trade /);
    client.trade(JSON.stringify({ action: 'Buy', ticker: 'GOOG', shares: 'x'.repeat(40_000) }));
    expect(await client.nextBody('subscription:d\n')).toBe('shares must be a whole number');

    const users = await get('/users', await cookieOf('fabrice', 'fab123'));
    expect(await users.json()).toEqual(['paulson']);
  });

  it('is refused without a login, after the handshake', async () => {
    const client = await WebstompClient.open(path, 'portfolio-login=guessed');
    expect(await client.next('ERROR\n')).toContain('access-refused');
    await client.closed;
  });
});

it('a SockJS session belongs to its user, also where others have the same address', async () => {
  const [paulson, fabrice] = [
    await cookieOf('paulson', 'bond'),
    await cookieOf('fabrice', 'fab123'),
  ];
  const post = (name: string, cookie: string, body?: string) =>
    fetch(`http://${address}/portfolio/1/one/${name}`, {
      method: 'POST',
      headers: { cookie },
      ...(body !== undefined && { body }),
    });
  expect(await (await post('xhr', paulson)).text()).toBe('o\n');
  for (const cookie of [fabrice, '']) {
    expect((await post('xhr', cookie)).status).toBe(404);
    expect((await post('xhr_send', cookie, '["\\n"]')).status).toBe(404);
  }
  expect((await post('xhr_send', paulson, '["\\n"]')).status).toBe(204);
});

it('a logout ends the login and its sessions, and no other ones', async () => {
  const [one, other] = [await cookieOf('fabrice', 'fab123'), await cookieOf('fabrice', 'fab123')];
  const [ends, stays] = [
    await WebstompClient.open('/portfolio', one),
    await WebstompClient.open('/portfolio', other),
  ];
  for (const client of [ends, stays]) await client.next('CONNECTED\n');
  const response = await get('/logout.html', one);
  expect([response.status, response.headers.get('location')]).toEqual([302, '/login.html?logout']);
  expect(response.headers.getSetCookie()[0]).toContain('Max-Age=0');
  await ends.closed;
  expect((await get('/index.html', one)).status).toBe(302);
  expect((await get('/index.html', other)).status).toBe(200);
  stays.subscribe('a', '/app/positions');
  await stays.next('subscription:a\n');
});

it('the request in the documentation of Spring gets 101', async () => {
  const handshake = request({
    host: '127.0.0.1',
    port: (http.address() as AddressInfo).port,
    path: '/spring-websocket-portfolio/portfolio',
    headers: {
      Host: 'localhost:8080',
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Key': 'Uc9l9TMkWGbHFD2qnFHltg==',
      'Sec-WebSocket-Protocol': 'v10.stomp, v11.stomp',
      'Sec-WebSocket-Version': '13',
      Origin: 'http://localhost:8080',
    },
  });
  handshake.end();
  const [{ statusCode, headers }, socket] = (await once(handshake, 'upgrade')) as [
    IncomingMessage,
    Socket,
  ];
  socket.destroy();
  expect(statusCode).toBe(101);
  expect(headers['sec-websocket-protocol']).toMatch(/^v1[01]\.stomp$/);
  expect(headers['sec-websocket-accept']).toBe('1qVdfYHU9hPOl4JYYNXF623Gzn0=');
});

describe('with another base', () => {
  it('all paths are below it', async () => {
    await server.close();
    http.close();
    await start('/base/');
    expect((await get('/base/index.html')).headers.get('location')).toBe('/base/login.html');
    expect((await get('/base/portfolio/info')).status).toBe(200);
    expect((await get('/base/static/login.css')).status).toBe(200);
  });
});

describe('with WEBAPP', () => {
  it('serves the pages of that folder, and its npm packages as WebJars', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'webapp-'));
    const files = {
      'login.html': 'the login page',
      'index.html': 'the page',
      'static/js/app.js': 'the program',
      'node_modules/angular/angular.min.js': 'Angular',
      'node_modules/angular-ui-bootstrap/dist/ui-bootstrap-tpls.min.js': 'UI Bootstrap',
      'node_modules/bootstrap/dist/css/bootstrap.min.css': 'Bootstrap',
      'node_modules/jquery/dist/jquery.min.js': 'jQuery',
      'node_modules/sockjs-client/dist/sockjs.min.js': 'SockJS',
      'node_modules/webstomp-client/dist/webstomp.js': 'webstomp',
    };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    vi.stubEnv('WEBAPP', folder);
    await server.close();
    http.close();
    await start('/');
    const open = {
      'login.html': 'the login page',
      'static/js/app.js': 'the program',
      'webjars/angular/angular.min.js': 'Angular',
      'webjars/angular-ui-bootstrap-bower/ui-bootstrap-tpls.min.js': 'UI Bootstrap',
      'webjars/bootstrap/css/bootstrap.min.css': 'Bootstrap',
      'webjars/jquery/jquery.min.js': 'jQuery',
      'webjars/sockjs-client/sockjs.min.js': 'SockJS',
      'webjars/webstomp-client/dist/webstomp.js': 'webstomp',
    };
    for (const [path, text] of Object.entries(open))
      expect(await (await get(`/${path}`)).text()).toBe(text);
    expect((await get('/index.html')).status).toBe(302);
    const cookie = await cookieOf('fabrice', 'fab123');
    expect(await (await get('/', cookie)).text()).toBe('the page');
    rmSync(folder, { recursive: true });
  });
});
