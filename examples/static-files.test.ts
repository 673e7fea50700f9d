// Tests the file server of the examples.
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveFiles } from './static-files.js';

let http: Server;
let port: number;

beforeAll(async () => {
  http = createServer();
  serveFiles(http, '/base/', {
    '': new URL('greeting/public/', import.meta.url),
    'all/': new URL('public/', import.meta.url),
  });
  await once(http.listen(0, '127.0.0.1'), 'listening');
  port = (http.address() as AddressInfo).port;
});

afterAll(() => void http.close());

/** Requests a path unchanged; `fetch` would normalize it. */
function ask(
  path: string,
  method = 'GET',
): Promise<{ status: number; type: string; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => void (body += chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          type: response.headers['content-type'] ?? '',
          body,
        }),
      );
    });
    asked.on('error', reject).end();
  });
}

describe('the file server of the examples', () => {
  it.each([
    ['/base/', 'text/html'],
    ['/base/index.html?query', 'text/html'],
    ['/base/app.js', 'text/javascript'],
    ['/base/all/index.css', 'text/css'],
  ])('serves %s', async (path, type) => {
    const { status, type: actual, body } = await ask(path);
    expect([status, actual]).toEqual([200, `${type}; charset=utf-8`]);
    expect(body).not.toBe('');
  });

  it('answers HEAD without a body', async () => {
    expect(await ask('/base/app.js', 'HEAD')).toMatchObject({ status: 200, body: '' });
  });

  it('answers other methods than GET and HEAD with 405', async () => {
    expect((await ask('/base/app.js', 'POST')).status).toBe(405);
  });

  it.each([
    '/base/missing.js',
    '/base/all',
    '/base/all/',
    '/base/app.js/',
    '/base/../greeting.controller.ts',
    '/base/%2e%2e/greeting.controller.ts',
    '/base/..%2fgreeting.controller.ts',
    '/base/all/../../static-files.ts',
    '/base/all/..%2f..%2fpackage.json',
    '/base//etc/passwd',
    '/base/%2fetc%2fpasswd',
    '/base/app.js%00.css',
    '/base/%',
  ])('answers %s with 404', async (path) => {
    expect((await ask(path)).status).toBe(404);
  });
});
