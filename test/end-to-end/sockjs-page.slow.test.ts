// sockjs-client in a real browser: each transport that it allows, from a page of the same origin and of another one.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBrowser, launchBrowser } from '../browser.js';
import { awkwardTexts } from '../clients/awkward-texts.js';
import { openEndpoints, type Endpoints } from '../transport/sockjs/endpoints.js';

const executable = findBrowser();

/** Names of sockjs-client. */
const transports = [
  'websocket',
  'xhr-streaming',
  'eventsource',
  'iframe-eventsource',
  'iframe-htmlfile',
  'xhr-polling',
  'iframe-xhr-polling',
  'jsonp-polling',
];

/** Runs in the page: resolves with the numbers of the texts that came back changed, or with the code and reason of a close. */
const inPage = `({ url, transport, texts, close }) => new Promise((resolve) => {
  const socket = new SockJS(url, undefined, { transports: [transport] });
  const received = [];
  let used;
  const report = () =>
    resolve(texts.flatMap((text, i) => (text === received[i] ? [] : [i])));
  socket.onopen = () => {
    used = socket.transport;
    if (texts !== undefined) for (const text of texts) socket.send(text);
    if (close !== undefined) socket.close(close, 'enough');
  };
  socket.onmessage = ({ data }) => {
    received.push(data);
    if (received.length === texts.length) {
      report();
      socket.close();
    }
  };
  socket.onclose = ({ code, reason }) => resolve(used + ' ' + code + ' ' + reason);
})`;

describe.skipIf(executable === undefined)('sockjs-client in Chromium', () => {
  let browser: Browser;
  let endpoints: Endpoints;
  let other: Server;
  const pages = new Map<string, Page>();

  beforeAll(async () => {
    endpoints = await openEndpoints({
      '/echo': { allowedOrigins: ['*'] },
      '/close': {
        allowedOrigins: ['*'],
        accept: (connection) => connection.close(3000, 'Go away!'),
      },
      '/closed-to-others': {},
    });
    const html = `<!doctype html><title>x</title><script src="http://127.0.0.1:${endpoints.port}/echo/sockjs.min.js"></script><body>`;
    const answer: Parameters<typeof createServer>[1] = (_request, response) =>
      response.setHeader('Content-Type', 'text/html').end(html);
    endpoints.http.removeAllListeners('request').on('request', answer);
    other = createServer(answer);
    await once(other.listen(0, '127.0.0.1'), 'listening');
    browser = await launchBrowser(executable!);
    const origins = {
      'the same origin': `http://127.0.0.1:${endpoints.port}/`,
      'another site': `http://localhost:${(other.address() as AddressInfo).port}/`,
    };
    for (const [name, url] of Object.entries(origins)) {
      const page = await browser.newPage();
      await page.goto(url);
      pages.set(name, page);
    }
  });

  afterAll(async () => {
    await browser.close();
    await endpoints.close();
    other.close();
  });

  const run = (origin: string, path: string, options: object) =>
    pages
      .get(origin)!
      .evaluate(
        `(${inPage})(${JSON.stringify({ url: `http://127.0.0.1:${endpoints.port}${path}`, ...options })})`,
      );

  describe.each(['the same origin', 'another site'])('from %s', (origin) => {
    const allowed = origin === 'the same origin' ? [...transports, 'htmlfile'] : transports;

    describe.each(allowed)('over %s', (transport) => {
      it('receives each text as it has sent it', async () => {
        expect(await run(origin, '/echo', { transport, texts: awkwardTexts })).toEqual([]);
      });

      it('closes, and receives code and reason when the server closes', async () => {
        expect(await run(origin, '/echo', { transport, close: 3001 })).toBe(
          `${transport} 3001 enough`,
        );
        expect(await run(origin, '/close', { transport })).toBe(`${transport} 3000 Go away!`);
      });
    });
  });

  it.each(transports)('cannot open %s from another site that is not allowed', async (transport) => {
    const url = '/closed-to-others';
    expect(await run('another site', url, { transport })).toMatch(/^undefined 1002 /);
    expect(await run('the same origin', url, { transport, close: 3001 })).toBe(
      `${transport} 3001 enough`,
    );
  });
});
