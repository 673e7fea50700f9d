// The built signalbox/client in Chromium, as ES modules of a page: each transport, and the fallback when WebSocket is blocked.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createHttp, type Server as HttpServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createServer, silentLogger, type Server } from '../../src/index.js';
import { findBrowser, launchBrowser } from '../browser.js';
import { selfSigned } from '../certificate.js';
import { lossyProxy } from '../clients/lossy-proxy.js';
import { root } from '../docs/page.js';

const executable = findBrowser();
const certificate = selfSigned();

const html = `<!doctype html><title>x</title><link rel="icon" href="data:,">
<script type="importmap">
  { "imports": { "@stomp/stompjs": "/node_modules/@stomp/stompjs/esm6/index.js" } }
</script>
<script src="/node_modules/sockjs-client/dist/sockjs.min.js"></script>
<script type="module">
  import * as client from '/dist/client.js';
  import { Client } from '@stomp/stompjs';
  Object.assign(window, { ...client, Client });
</script>`;

/** Serves the page, and the modules that it loads. */
async function servePage(): Promise<HttpServer> {
  const http = createHttp(({ url = '/' }, response) => {
    if (!/^\/(?:dist|node_modules)\//.test(url)) {
      response.setHeader('content-type', 'text/html').end(html);
      return;
    }
    readFile(root + url.slice(1)).then(
      (file) => response.setHeader('content-type', 'text/javascript').end(file),
      () => response.writeHead(404).end(),
    );
  });
  await once(http.listen(0, '127.0.0.1'), 'listening');
  return http;
}

/** Runs in the page: sends 1,000 messages over a factory, receives them, and disconnects. Resolves with the transport. */
const conversation = `(connect) => new Promise((resolve, reject) => {
  const bodies = [];
  let used;
  const factory = connect({ SockJS, onTransport: (name) => (used = name) });
  const stomp = new Client({ webSocketFactory: factory, reconnectDelay: 0 });
  stomp.onWebSocketClose = ({ code, reason }) => reject(new Error(code + ' ' + reason));
  stomp.onConnect = () => {
    stomp.subscribe('/topic/numbers', ({ body }) => {
      bodies.push(body);
      if (bodies.length < 1000) return;
      const inOrder = bodies.every((each, i) => each === i + ' \u2028 é');
      resolve([used, inOrder ? 'in order' : 'not in order'].join());
      stomp.deactivate();
    });
    for (let i = 0; i < 1000; i++)
      stomp.publish({ destination: '/topic/numbers', body: i + ' \u2028 é' });
  };
  stomp.activate();
})`;

describe.skipIf(executable === undefined)('signalbox/client in a page', () => {
  let http: HttpServer;
  let server: Server;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    browser = await launchBrowser(executable!);
    http = await servePage();
    server = await createServer({
      endpoints: [
        { path: '/ws', sockjs: true, sse: true, allowedOrigins: ['*'] },
        { path: '/blocked', sockjs: { websocket: false }, sse: true },
        { path: '/old', sockjs: { websocket: false } },
      ],
      logger: silentLogger,
    });
    await server.attach(http);
  });

  beforeEach(async () => {
    page = await browser.newPage({ ignoreHTTPSErrors: true });
    await open('127.0.0.1');
  });

  afterEach(() => page.close());

  afterAll(async () => {
    await browser.close();
    await server.close();
    http.close();
  });

  const origin = (host: string) => `http://${host}:${(http.address() as AddressInfo).port}`;

  async function open(host: string): Promise<void> {
    await page.goto(`${origin(host)}/`);
    await page.waitForFunction('window.Client !== undefined');
  }

  /** @param factory an expression of the page that returns a factory; it may use `options` */
  function converse(factory: string): Promise<unknown> {
    return page.evaluate(`(${conversation})((options) => ${factory})`);
  }

  it.each([
    [`websocket('/ws')`, ''],
    [`sse('/ws')`, ''],
    [`sockjs('/ws', { SockJS })`, ''],
    [`auto('/ws', options)`, 'websocket'],
    [`auto('/ws', { ...options, transports: ['sse'] })`, 'sse'],
    [`auto('/ws', { ...options, transports: ['sockjs'] })`, 'sockjs'],
    [`auto('/blocked', options)`, 'sse'],
    [`auto('/old', options)`, 'sockjs'],
  ])('%s carries a conversation of stompjs', async (factory, transport) => {
    expect(await converse(factory)).toBe(`${transport},in order`);
  });

  it.each([
    `websocket('URL')`,
    `sse('URL', { credentials: 'include', headers: { 'x-tag': 'a' } })`,
    `sockjs('URL', { SockJS })`,
    `auto('URL', options)`,
  ])('%s connects to another origin', async (factory) => {
    await open('localhost');
    const url = `${origin('127.0.0.1')}/ws`;
    expect(await converse(factory.replace('URL', url))).toMatch(/,in order$/);
  });

  it('auto() remembers in localStorage which transport has worked', async () => {
    await converse(`auto('/blocked', options)`);
    expect(await page.evaluate('JSON.stringify(localStorage)')).toMatch(
      /^\{"signalbox\.transport http:[^ ]*\/blocked":"sse \d+"\}$/,
    );
    const requests: string[] = [];
    page.on('websocket', (socket) => void requests.push(socket.url()));
    expect(await converse(`auto('/blocked', options)`)).toBe('sse,in order');
    expect(requests).toEqual([]);
  });

  it('auto() tries the next transport when WebSocket does not answer', async () => {
    await page.evaluate(`window.WebSocket = class { close() {} }`);
    const factory = `auto('/ws', { ...options, connectTimeout: 200 })`;
    expect(await converse(factory)).toBe('sse,in order');
  });

  it.skipIf(certificate === undefined)('sse() connects over HTTP/2', async () => {
    const http2 = createSecureServer({ ...certificate, allowHTTP1: true });
    let connections = 0;
    http2.on('session', () => (connections += 1));
    const secure = await createServer({
      endpoints: [{ path: '/ws', sse: true, allowedOrigins: ['*'] }],
      logger: silentLogger,
    });
    await secure.attach(http2);
    await once(http2.listen(0, '127.0.0.1'), 'listening');
    const { port } = http2.address() as AddressInfo;
    expect(await converse(`sse('https://127.0.0.1:${port}/ws')`)).toBe(',in order');
    expect(connections).toBeGreaterThan(0);
    await secure.close();
    http2.close();
  });

  it('sse() continues its session after the network has failed', async () => {
    const proxy = await lossyProxy((http.address() as AddressInfo).port);
    const url = `http://127.0.0.1:${proxy.port}/ws`;
    await page.evaluate(`(async () => {
      window.payloads = [];
      const socket = sse('${url}', { protocols: ['v1.json.signalbox'], retryDelay: 20 })();
      socket.onclose = ({ code, reason }) => payloads.push(code, reason);
      await new Promise((resolve) => {
        socket.onmessage = ({ data }) => {
          const frame = JSON.parse(data);
          if (frame.type === 'receipt') resolve();
          if (frame.type === 'message') payloads.push(frame.payload);
        };
        const subscription = { type: 'subscribe', id: '1', destination: '/topic/a', receipt: 'r' };
        socket.onopen = () => socket.send(JSON.stringify(subscription));
      });
    })()`);
    for (const payload of [1, 2, 3]) {
      proxy.breakConnections();
      await server.publisher.publish('/topic/a', payload);
      await page.waitForFunction(`payloads.length >= ${payload}`);
    }
    expect(await page.evaluate('payloads')).toEqual([1, 2, 3]);
    proxy.close();
  });
});
