// SockJS over HTTP/2: polls, streams, messages and cookies on one connection.
import { once } from 'node:events';
import { connect, createServer, type ClientHttp2Session } from 'node:http2';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { asHttpServer, openEndpointsOf, type Endpoints } from '../http-session/endpoints.js';
import { endpointAt, type Endpoint } from './endpoints.js';

let endpoints: Endpoints;
let session: ClientHttp2Session;

beforeEach(async () => {
  endpoints = await openEndpointsOf<Endpoint>(
    { '/echo': {}, '/cookie': { options: { sessionCookie: true } } },
    endpointAt,
    asHttpServer(createServer()),
  );
  session = connect(`http://127.0.0.1:${endpoints.port}`).on('error', () => {});
});

afterEach(async () => {
  session.destroy();
  await endpoints.close();
});

/** Sends a request; returns the head of the answer, and its body while it arrives. */
async function post(path: string, body = '') {
  const stream = session.request({ ':method': 'POST', ':path': path });
  const received = { text: '', ended: false };
  stream.on('error', () => {});
  stream.setEncoding('utf8').on('data', (piece: string) => (received.text += piece));
  stream.on('end', () => (received.ended = true));
  stream.end(body);
  const [headers] = (await once(stream, 'response')) as [Readonly<Record<string, unknown>>];
  return { headers, received };
}

/** Resolves with the whole body of an answer. */
async function answer(path: string, body?: string): Promise<string> {
  const { received } = await post(path, body);
  await expect.poll(() => received.ended).toBe(true);
  return received.text;
}

it('a poll receives one frame', async () => {
  expect(await answer('/echo/0/a/xhr')).toBe('o\n');
  expect((await post('/echo/0/a/xhr_send', '["x"]')).headers[':status']).toBe(204);
  expect(await answer('/echo/0/a/xhr')).toBe('a["x"]\n');
});

it('a stream receives frames without chunks, and its session continues on the connection', async () => {
  const { headers, received } = await post('/echo/0/a/xhr_streaming');
  expect(headers['connection']).toBeUndefined();
  await post('/echo/0/a/xhr_send', '["x"]');
  await expect.poll(() => received.text).toBe(`${'h'.repeat(2048)}\no\na["x"]\n`);
  endpoints.accepted[0]!.connection.close(3000, 'done');
  await expect.poll(() => received.ended).toBe(true);
  expect(received.text).toMatch(/c\[3000,"done"\]\n$/);
  await endpoints.accepted[0]!.until('closed 3000 done');
});

it('a session ends with the abort of its stream', async () => {
  const stream = session.request({ ':method': 'POST', ':path': '/echo/0/a/xhr_streaming' });
  stream.on('error', () => {}).end();
  await once(stream, 'response');
  stream.destroy();
  await endpoints.accepted[0]!.until('closed 1006 ');
});

it('both cookies are set', async () => {
  const { headers } = await post('/cookie/0/a/xhr');
  expect(headers['set-cookie']).toEqual([
    'JSESSIONID=dummy; path=/',
    expect.stringMatching(/^signalbox-sockjs=/),
  ]);
});
