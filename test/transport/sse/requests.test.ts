// Each request of the SSE endpoint and its wrong neighbors, as raw HTTP, with the exact status, headers and body of the answer.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  answer,
  anyOrigin,
  chunked,
  credentials,
  malformedBodies,
  notCached,
  plain,
  preflight,
} from '../http-session/answers.js';
import type { Endpoints } from '../http-session/endpoints.js';
import { ask, RawConnection, requestText, type Answer, type RequestParts } from '../http.js';
import { openEndpoints } from './endpoints.js';

type Headers = Answer['headers'];
/** `{open}` is the id of an open session; `{new}` an id that no session has. In the answer, `{id}` is the id of the session. */
type Row = readonly [path: string, parts: RequestParts, Answer];

let endpoints: Endpoints;
const opened: RawConnection[] = [];

beforeAll(async () => {
  endpoints = await openEndpoints({
    '/ws': { allowedOrigins: ['https://page.test'] },
    '/any': { allowedOrigins: ['*'] },
    '/small': { options: { maxBodyBytes: 100 } },
    '/close': { accept: (connection) => connection.close(3000, 'Go away!') },
    '/slash/': { accept: (connection) => connection.close(3000, connection.handshake.url) },
    '/rooms/{room}': { accept: (connection) => connection.close(3000, connection.handshake.url) },
    '/': { accept: (connection) => connection.close(3000, connection.handshake.url) },
  });
});

afterAll(async () => {
  for (const connection of opened) connection.close();
  await endpoints.close();
});

const id = /[\w-]{22}(?=\.|")/g;
const unused = 'AAAAAAAAAAAAAAAAAAAAAA';

/** Opens a session of an endpoint; returns its id. */
async function open(path: string): Promise<string> {
  const connection = new RawConnection(endpoints.port);
  opened.push(connection);
  connection.send(requestText(`${path}/sse`));
  await connection.head();
  return (await connection.chunk()).match(id)![0];
}

function describeRows(subject: string, rows: readonly Row[]): void {
  describe(`requests: ${subject}`, () => {
    it.each(rows.map((row) => [`${row[1].method ?? 'GET'} ${row[0]}`, ...row] as const))(
      '%s %#',
      async (_, path, parts, expected) => {
        const session = path.includes('{open}') ? await open(path.split('/sse')[0]!) : '';
        const fill = (text: string) =>
          text.replaceAll('{open}', session).replaceAll('{new}', unused);
        const headers = Object.fromEntries(
          Object.entries(parts.headers ?? {}).map(([name, value]) => [name, fill(value)]),
        );
        const answer = await ask(endpoints.port, fill(path), { ...parts, headers });
        expect({ ...answer, body: answer.body.replace(id, '{id}') }).toEqual(expected);
      },
    );
  });
}

const stream = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
};
const post = { method: 'POST' };
const remove = { method: 'DELETE' };

const text = (status: number, body: string, cors: Headers = anyOrigin) =>
  answer(status, { ...cors, ...notCached, ...plain }, body);
const application = { status: 200, headers: { 'content-length': '15' }, body: 'the application' };
const unknown =
  'The session is unknown, has ended, or its next events are no longer kept. Open another one.\n';
const ended = 'The session is unknown or has ended. Open another one.\n';
const malformed = 'The body must be a JSON array of texts, such as ["text"].\n';
const wrongProtocols =
  "The query parameter 'protocols' must be a list of subprotocols, such as v12.stomp,v11.stomp.\n";

/** The events of a session that is closed at once. */
const events = (reason: string, protocol = '') =>
  [
    `event: open\nid: {id}.0\ndata: {"session":"{id}","protocol":"${protocol}"}\n\n`,
    `event: close\nid: {id}.1\ndata: {"code":3000,"reason":"${reason}"}\n\n`,
  ].join('');
const streamed = (reason: string, protocol?: string, cors: Headers = anyOrigin): Answer => ({
  status: 200,
  headers: { ...cors, ...stream, ...chunked },
  body: events(reason, protocol),
});

describeRows('a new session', [
  ['/close/sse', {}, streamed('Go away!')],
  ['/close/sse?x=1', {}, streamed('Go away!')],
  ['/close/sse?lastEventId=', {}, streamed('Go away!')],
  ['http://server.test/close/sse?x', {}, streamed('Go away!')],
  ['/close/sse', { headers: { 'Last-Event-ID': '' } }, streamed('Go away!')],
  ['/close/sse', { headers: { Accept: 'text/event-stream' } }, streamed('Go away!')],
  ['/close/sse', { headers: { Accept: 'text/html' } }, streamed('Go away!')],
  ['/close/sse', { headers: { Connection: 'close' } }, streamed('Go away!')],
  ['/close/sse', { headers: { Connection: 'Upgrade', Upgrade: 'h2c' } }, streamed('Go away!')],
  ['/close/sse', { body: 'ignored' }, streamed('Go away!')],
  [
    '/close/sse',
    { version: '1.0' },
    { status: 200, headers: { ...anyOrigin, ...stream }, body: events('Go away!') },
  ],
  [
    '/close/sse',
    { headers: { 'Access-Control-Request-Headers': 'a' } },
    streamed('Go away!', '', { ...anyOrigin, 'access-control-allow-headers': 'a' }),
  ],
  [
    '/close/sse',
    { headers: { Origin: 'http://server.test', 'Sec-Fetch-Site': 'same-origin' } },
    streamed('Go away!', '', credentials('http://server.test')),
  ],
]);

describeRows('the URL of the session', [
  ['/rooms/7/sse', {}, streamed('/rooms/7')],
  ['/rooms/a%2Fb/sse?x=1', {}, streamed('/rooms/a%2Fb?x=1')],
  ['http://server.test/rooms/7/sse', {}, streamed('/rooms/7')],
  ['/slash/sse', {}, streamed('/slash/')],
  ['/slash/sse?x=1', {}, streamed('/slash/?x=1')],
  ['/sse', {}, streamed('/')],
  ['/sse?/sse', {}, streamed('/?/sse')],
]);

describeRows('subprotocols', [
  ...[
    'v12.stomp',
    'v11.stomp,v12.stomp',
    'x%2C%20v12.stomp',
    'x&protocols=v12.stomp',
    ',v12.stomp,',
    'v12.stomp%0A',
  ].map((list): Row => [`/close/sse?protocols=${list}`, {}, streamed('Go away!', 'v12.stomp')]),
  ...['', 'x', 'V12.STOMP', 'v12.stompx', `${'x'.repeat(5000)}`].map((list): Row => [
    `/close/sse?protocols=${list}`,
    {},
    streamed('Go away!'),
  ]),
  ['/close/sse', { headers: { 'Sec-WebSocket-Protocol': 'v12.stomp' } }, streamed('Go away!')],
  ...['a%20b', '%00', '%C3%A9', 'a/b', 'v12.stomp;q=1', '"x"', '%ff'].map((list): Row => [
    `/close/sse?protocols=${list}`,
    {},
    text(400, wrongProtocols),
  ]),
]);

describeRows(
  'paths that are not those of the endpoint',
  [
    '/ws',
    '/ws/',
    '/ws/sse/',
    '/ws/sse/a/b',
    `/ws/sse/${unused}/xhr`,
    '/ws/SSE',
    '/ws/%73se',
    '/ws/sse2',
    '/ws//sse',
    '/WS/sse',
    '/ws/sse;x',
    '/ws/./sse',
    '/ws%2Fsse',
    '/other/sse',
    '/rooms/sse',
    '/rooms/a/b/sse',
    '//sse',
  ].map((path): Row => [path, {}, application]),
);

const notAllowed = (allow: string) => answer(405, { ...anyOrigin, allow });

describeRows('methods that are not allowed', [
  ...['POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'TRACE', 'PROPFIND'].map((method): Row => [
    '/ws/sse',
    { method },
    notAllowed('OPTIONS, GET'),
  ]),
  ...['GET', 'PUT', 'PATCH', 'HEAD', 'TRACE'].flatMap((method): Row[] => [
    ['/ws/sse/{open}', { method }, notAllowed('OPTIONS, POST, DELETE')],
    ['/ws/sse/{new}', { method }, notAllowed('OPTIONS, POST, DELETE')],
  ]),
  ['/ws/sse', { ...post, body: '["x"]' }, notAllowed('OPTIONS, GET')],
]);

const options = { method: 'OPTIONS' };
const fromPage = { Origin: 'https://page.test' };

describeRows('preflights', [
  ['/ws/sse', options, preflight('OPTIONS, GET')],
  ['/ws/sse/{new}', options, preflight('OPTIONS, POST, DELETE')],
  [
    '/ws/sse',
    {
      ...options,
      headers: { ...fromPage, 'Access-Control-Request-Headers': 'last-event-id' },
    },
    preflight('OPTIONS, GET', {
      ...credentials('https://page.test'),
      'access-control-allow-headers': 'last-event-id',
    }),
  ],
  [
    '/ws/sse/{open}',
    { ...options, headers: { ...fromPage, 'Access-Control-Request-Method': 'DELETE' } },
    preflight('OPTIONS, POST, DELETE', credentials('https://page.test')),
  ],
]);

const sent = text(204, '');

describeRows('messages', [
  ...['["x"]', '["x","y"]', '[]', ' [ "x" ] \n', '[""]', '["\\ud800"]', '["é\u2028"]'].map(
    (body): Row => ['/ws/sse/{open}', { ...post, body }, sent],
  ),
  ...[
    'text/plain',
    'text/plain;charset=UTF-8',
    'application/json',
    'application/json; charset=utf-8',
    'application/x-www-form-urlencoded',
    'T',
    '',
  ].map((contentType): Row => [
    '/ws/sse/{open}',
    { ...post, body: '["a"]', headers: { 'Content-Type': contentType } },
    sent,
  ]),
  ['/ws/sse/{open}?x=1', { ...post, body: '["x"]' }, sent],
  ['/ws/sse/{open}', { ...post, body: '["x"]', version: '1.0' }, sent],
  [
    '/ws/sse/{open}',
    {
      ...post,
      headers: { 'Transfer-Encoding': 'chunked' },
      body: '3\r\n["x\r\n2\r\n"]\r\n0\r\n\r\n',
    },
    sent,
  ],
  [
    '/ws/sse/{open}',
    { ...post, body: '["x"]', headers: fromPage },
    text(204, '', credentials('https://page.test')),
  ],
]);

describeRows('bodies that are not messages', [
  ...[...malformedBodies, '["x"]["y"]', ' ', 'd=["x"]'].map((body): Row => [
    '/ws/sse/{open}',
    { ...post, body },
    text(400, malformed),
  ]),
  ['/ws/sse/{open}', post, text(400, malformed)],
  ['/ws/sse/{open}', { ...post, headers: { 'Content-Length': '0' } }, text(400, malformed)],
  [
    '/ws/sse/{open}',
    {
      ...post,
      headers: { 'Content-Encoding': 'gzip' },
      body: '\u001f\u008b\b\0\0\0\0\0\0\u0003',
    },
    text(400, malformed),
  ],
  [
    '/ws/sse/{open}',
    { ...post, headers: { 'Content-Type': 'text/plain;charset=utf-16' }, body: '\0[\0"\0x\0"\0]' },
    text(400, malformed),
  ],
]);

describeRows('sessions that do not exist', [
  ...[
    '{new}',
    '{open}x',
    '{open}%20',
    '{open}.0',
    '%7Bopen%7D',
    'x',
    '%',
    '%2e%2e',
    '__proto__',
    `${'x'.repeat(5000)}`,
  ].flatMap((session): Row[] => [
    [`/ws/sse/${session}`, { ...post, body: '["x"]' }, text(404, ended)],
    [`/ws/sse/${session}`, remove, text(404, ended)],
  ]),
  ['/ws/sse/{new}', post, text(404, ended)],
  ['/any/sse/{new}', { ...post, body: 'x' }, text(404, ended)],
  ...[
    '{new}.0',
    '{open}',
    '{open}.',
    '{open}.1',
    '{open}.-1',
    '{open}.0.0',
    '{open}.00x',
    '{open}.1e0',
    '{open}.9999999999999999999',
    '0',
    'x',
    '.0',
    ' ',
    '{open}.0, {open}.0',
  ].map((last): Row => [
    `/ws/sse?x={open}`,
    { headers: { 'Last-Event-ID': last === ' ' ? '%20' : last } },
    text(404, unknown),
  ]),
  ['/ws/sse?lastEventId={new}.0', {}, text(404, unknown)],
  ['/ws/sse?lastEventId={open}.7', {}, text(404, unknown)],
  ['/any/sse?lastEventId=x&protocols=a/b', {}, text(404, unknown)],
]);

describeRows('the end', [
  ['/ws/sse/{open}', remove, answer(204, { ...anyOrigin, ...notCached })],
  ['/ws/sse/{open}', { ...remove, body: 'ignored' }, answer(204, { ...anyOrigin, ...notCached })],
  [
    '/ws/sse/{open}',
    { ...remove, headers: fromPage },
    answer(204, { ...credentials('https://page.test'), ...notCached }),
  ],
]);

const refused = answer(403, { vary: 'Origin' });

describeRows('origins that are not allowed', [
  ...[
    'https://evil.test',
    'http://page.test',
    'https://page.test:8443',
    'https://page.test.evil.test',
    'null',
    '',
    'http://server.test:8080',
  ].flatMap((origin): Row[] => [
    ['/ws/sse', { headers: { Origin: origin } }, refused],
    ['/ws/sse?lastEventId={open}.0', { headers: { Origin: origin } }, refused],
    ['/ws/sse/{open}', { ...post, headers: { Origin: origin }, body: '["x"]' }, refused],
    ['/ws/sse/{open}', { ...remove, headers: { Origin: origin } }, refused],
    ['/ws/sse', { ...options, headers: { Origin: origin } }, refused],
    ['/ws/sse/{new}', { ...options, headers: { Origin: origin } }, refused],
    ['/ws/sse', { ...post, headers: { Origin: origin } }, refused],
  ]),
  ...['cross-site', 'same-site'].flatMap((site): Row[] => [
    ['/ws/sse', { headers: { 'Sec-Fetch-Site': site } }, refused],
    ['/ws/sse/{open}', { ...post, headers: { 'Sec-Fetch-Site': site }, body: '["x"]' }, refused],
    ['/any/sse/{open}', { ...post, headers: { 'Sec-Fetch-Site': site }, body: '["x"]' }, sent],
    [
      '/ws/sse/{open}',
      { ...post, headers: { ...fromPage, 'Sec-Fetch-Site': site }, body: '["x"]' },
      text(204, '', credentials('https://page.test')),
    ],
  ]),
  ...['same-origin', 'none'].map((site): Row => [
    '/ws/sse/{open}',
    { ...post, headers: { 'Sec-Fetch-Site': site }, body: '["x"]' },
    sent,
  ]),
]);

const tooLarge = answer(413, { ...anyOrigin, ...notCached });

describeRows('bodies above the limit', [
  ...['{open}', '{new}'].flatMap((session): Row[] =>
    ['101', '99999999999'].map((length) => [
      `/small/sse/${session}`,
      { ...post, headers: { 'Content-Length': length } },
      tooLarge,
    ]),
  ),
  [
    '/small/sse/{open}',
    {
      ...post,
      headers: { 'Transfer-Encoding': 'chunked' },
      body: `65\r\n["${'x'.repeat(97)}"]\r\n`,
    },
    tooLarge,
  ],
  ['/small/sse/{open}', { ...post, body: `["${'x'.repeat(96)}"]` }, sent],
  ['/small/sse', { headers: { 'Content-Length': '101' } }, tooLarge],
  ['/small/sse?lastEventId={open}.0', { headers: { 'Content-Length': '101' } }, tooLarge],
]);
