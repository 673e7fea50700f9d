// Tests the page that lists the examples, and the links between the pages.
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Server } from 'signalbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examples } from './catalog.js';
import { serveIndexPage } from './index-page.js';

let http: HttpServer;
let servers: readonly Server[];
let address: string;

beforeAll(async () => {
  http = createServer();
  serveIndexPage(http, examples);
  servers = await Promise.all(examples.map(({ name, mount }) => mount(http, `/${name}/`)));
  await once(http.listen(0, '127.0.0.1'), 'listening');
  address = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  http.close();
});

describe('the page that lists the examples', () => {
  it('lists every example', () => {
    const folder = new URL('./', import.meta.url);
    const folders = readdirSync(folder).filter((name) =>
      existsSync(new URL(`${name}/main.ts`, folder)),
    );
    expect(examples.map(({ name }) => name).toSorted()).toEqual(folders.toSorted());
  });

  it.each(examples)('links to the page of $name', async ({ name, title }) => {
    const page = await (await fetch(`${address}/`)).text();
    expect(page).toContain(`<a href="${name}/">${title}</a>`);
    expect((await fetch(`${address}/${name}/`)).status).toBe(200);
  });

  it.each(examples)('is linked from $name, next to source and documentation', async ({ name }) => {
    const page = await (await fetch(`${address}/${name}/`)).text();
    const links = [...page.matchAll(/<a [^>]*href="([^"]*)"/g)].map(([, href]) => href);
    const root = new URL('../', import.meta.url);
    const { repository } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
      readonly repository: { readonly url: string };
    };
    const source = repository.url.replace(/^git\+(.*)\.git$/, '$1');
    expect(links).toEqual(['../', `${source}/tree/main/examples/${name}`, `${source}#readme`]);
    expect(existsSync(new URL(`examples/${name}`, root))).toBe(true);
  });

  it('redirects a path without its last slash', async () => {
    const response = await fetch(`${address}/greeting`, { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([301, '/greeting/']);
  });

  it('answers other paths with 404', async () => {
    expect((await fetch(`${address}/index.css`)).status).toBe(200);
    expect((await fetch(`${address}/greetings/`)).status).toBe(404);
    expect((await fetch(`${address}/greeting/missing`)).status).toBe(404);
  });
});
