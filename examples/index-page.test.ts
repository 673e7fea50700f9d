// The page that lists the examples, beside all of them.
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Server } from 'signalbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examples } from './catalogue.js';
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
  it('knows every folder that can run alone', () => {
    const folder = new URL('./', import.meta.url);
    const folders = readdirSync(folder).filter((name) =>
      existsSync(new URL(`${name}/main.ts`, folder)),
    );
    expect(examples.map(({ name }) => name).toSorted()).toEqual(folders.toSorted());
  });

  it.each(examples)('links $name, which is served', async ({ name, title }) => {
    const page = await (await fetch(`${address}/`)).text();
    expect(page).toContain(`<a href="${name}/">${title}</a>`);
    expect((await fetch(`${address}/${name}/`)).status).toBe(200);
  });

  it('sends a path without its last slash on', async () => {
    const response = await fetch(`${address}/greeting`, { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([301, '/greeting/']);
  });

  it('has nothing elsewhere', async () => {
    expect((await fetch(`${address}/index.css`)).status).toBe(200);
    expect((await fetch(`${address}/greetings/`)).status).toBe(404);
    expect((await fetch(`${address}/greeting/missing`)).status).toBe(404);
  });
});
