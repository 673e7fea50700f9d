// HTTP requests to WebSocket handlers, STOMP endpoints and SockJS on one server, right and wrong, with the exact status, headers and body.
import { testClock } from 'signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createServer,
  silentLogger,
  WebSocketHandler,
  type Server,
  type WebSocketSession,
} from '../../src/index.js';
import { portOf } from '../clients/server.js';
import { ask, RawConnection, type Answer, type RequestParts } from '../transport/http.js';

@WebSocketHandler('/raw/{room}', { subprotocols: ['echo.v1'] })
class RawHandler {
  message(session: WebSocketSession, data: string | Uint8Array) {
    session.send(data);
  }
}

@WebSocketHandler('/raw-sockjs', { sockjs: true })
class SockJsHandler extends RawHandler {}

const clock = testClock();
let server: Server;

beforeAll(async () => {
  server = await createServer({
    controllers: [RawHandler, SockJsHandler],
    endpoints: [{ path: '/ws' }, { path: '/ws-sockjs', sockjs: true }],
    logger: silentLogger,
    clock,
  });
  await server.listen(0);
});

afterAll(() => server.close());

type Row = readonly [name: string, path: string, parts: RequestParts, expected: Answer];

function describeRows(subject: string, rows: readonly Row[]): void {
  describe(`requests: ${subject}`, () => {
    it.each(rows)('%s: %s', async (_name, path, parts, expected) => {
      expect(await ask(portOf(server), path, parts)).toEqual(expected);
    });
  });
}

/** An answer whose connection ends after it. */
function answer(status: number, headers: Answer['headers'] = {}, body = ''): Answer {
  return { status, headers: { ...headers, 'content-length': `${Buffer.byteLength(body)}` }, body };
}

const text = { 'content-type': 'text/plain; charset=utf-8' };
const chunked = { 'transfer-encoding': 'chunked' };
const versions = { upgrade: 'websocket', 'sec-websocket-version': '13' };
const isEndpoint: Answer = {
  status: 426,
  headers: { ...text, ...versions, ...chunked },
  body: 'This is a WebSocket endpoint.\n',
};
const notAllowed: Answer = {
  status: 405,
  headers: { ...text, allow: 'GET', ...chunked },
  body: 'A WebSocket begins with GET.\n',
};
const notServed: Answer = {
  status: 404,
  headers: { ...text, ...chunked },
  body: 'Only WebSocket endpoints are served here.\n',
};
/** Without chunks, for HTTP/1.0, and without a body, for HEAD. */
const without = (name: 'chunks' | 'body', { status, headers, body }: Answer): Answer => {
  const { 'transfer-encoding': _, ...others } = headers;
  return { status, headers: others, body: name === 'body' ? '' : body };
};

const handshake = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
};
const accepted = (headers: Answer['headers'] = {}): Answer => ({
  status: 101,
  headers: {
    upgrade: 'websocket',
    'sec-websocket-accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
    ...headers,
  },
  body: '',
});
/** The answer of `ws` to a handshake that breaks RFC 6455. */
const broken = (body: string) => answer(400, { 'content-type': 'text/html' }, body);
const wrongKey = broken('Missing or invalid Sec-WebSocket-Key header');
const wrongVersion = answer(426, versions);
const { 'Sec-WebSocket-Key': _key, ...withoutKey } = handshake;
const { 'Sec-WebSocket-Version': _version, ...withoutVersion } = handshake;

describe.each([
  ['a WebSocket handler', '/raw/lobby', 'echo.v1'],
  ['a STOMP endpoint', '/ws', 'v12.stomp'],
])('%s', (_kind, path, subprotocol) => {
  describeRows('answers requests that are not WebSockets', [
    ['GET', path, {}, isEndpoint],
    ['GET with a query', `${path}?x=1`, {}, isEndpoint],
    ['HEAD', path, { method: 'HEAD' }, without('body', without('chunks', isEndpoint))],
    ...['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'].map((method): Row => [
      method,
      path,
      { method },
      notAllowed,
    ]),
    ['POST with a body', path, { method: 'POST', body: 'x' }, notAllowed],
    ['HTTP/1.0', path, { version: '1.0' }, without('chunks', isEndpoint)],
    ['another protocol', path, { headers: { ...handshake, Upgrade: 'h2c' } }, isEndpoint],
    [
      'an upgrade whose connection closes',
      path,
      { headers: { ...handshake, Connection: 'close' } },
      isEndpoint,
    ],
    ['without Connection', path, { headers: { Upgrade: 'websocket' } }, isEndpoint],
  ]);

  describeRows('accepts or refuses a handshake', [
    ['right', path, { headers: handshake }, accepted()],
    ['with a query', `${path}?x=%2F..`, { headers: handshake }, accepted()],
    ['of a proxy', `http://server.test${path}`, { headers: handshake }, accepted()],
    [
      'with several tokens',
      path,
      { headers: { ...handshake, Connection: 'keep-alive, Upgrade' } },
      accepted(),
    ],
    [
      'in other case',
      path,
      { headers: { ...handshake, Upgrade: 'WebSocket', Connection: 'upgrade' } },
      accepted(),
    ],
    [
      'with a known subprotocol',
      path,
      { headers: { ...handshake, 'Sec-WebSocket-Protocol': `x, ${subprotocol}` } },
      accepted({ 'sec-websocket-protocol': subprotocol }),
    ],
    [
      'with an unknown subprotocol',
      path,
      { headers: { ...handshake, 'Sec-WebSocket-Protocol': 'x' } },
      accepted(),
    ],
    ...['a b', ',', 'a,', 'a,a', '"a"'].map((list): Row => [
      `with the subprotocols ${list}`,
      path,
      { headers: { ...handshake, 'Sec-WebSocket-Protocol': list } },
      broken('Invalid Sec-WebSocket-Protocol header'),
    ]),
    ...['permessage-deflate', ';;', 'a b', ''].map((list): Row => [
      `with the extensions ${list}`,
      path,
      { headers: { ...handshake, 'Sec-WebSocket-Extensions': list } },
      accepted(),
    ]),
    [
      'of the own origin',
      path,
      { headers: { ...handshake, Origin: 'http://server.test' } },
      accepted(),
    ],
    ...['https://evil.test', 'null', '', 'http://server.test:8080', 'server.test'].map(
      (origin): Row => [
        `of the origin ${origin}`,
        path,
        { headers: { ...handshake, Origin: origin } },
        answer(403),
      ],
    ),
    ...['POST', 'PUT', 'HEAD', 'OPTIONS', 'DELETE'].map((method): Row => [
      `with ${method}`,
      path,
      { method, headers: handshake },
      answer(405, { allow: 'GET' }),
    ]),
    ['over HTTP/1.0', path, { version: '1.0', headers: handshake }, answer(400)],
    ['without a key', path, { headers: withoutKey }, wrongKey],
    ...['short', '', 'dGhlIHNhbXBsZSBub25jZQ', `${'A'.repeat(22)}=`, `${'A'.repeat(24)}==`].map(
      (key): Row => [
        `with the key ${key}`,
        path,
        { headers: { ...handshake, 'Sec-WebSocket-Key': key } },
        wrongKey,
      ],
    ),
    ['without a version', path, { headers: withoutVersion }, wrongVersion],
    ...['0', '7', '8', '12', '14', '013', '13, 8', 'x', ''].map((version): Row => [
      `with the version ${version}`,
      path,
      { headers: { ...handshake, 'Sec-WebSocket-Version': version } },
      wrongVersion,
    ]),
    [
      'with two protocols',
      path,
      { headers: { ...handshake, Upgrade: 'websocket, h2c' } },
      broken('Invalid Upgrade header'),
    ],
  ]);

  const neighbors = [
    `${path}/`,
    `${path}//`,
    `${path}/a`,
    `/${path}`,
    path.toUpperCase(),
    `${path}/..`,
  ];
  describeRows(
    'does not serve its neighbors',
    neighbors.flatMap((neighbor): Row[] => [
      ['a request', neighbor, {}, notServed],
      ['a WebSocket', neighbor, { headers: handshake }, answer(404)],
    ]),
  );
});

describeRows('the variables of a path', [
  ...['a%2Fb', '%2e%2e', '..', '.', '%', '%00', 'a;b', 'é', '~!$&()*+,=:@', 'x'.repeat(1000)].map(
    (room): Row => [
      'a WebSocket',
      `/raw/${encodeURI(room).replaceAll('%25', '%')}`,
      { headers: handshake },
      accepted(),
    ],
  ),
  ...[
    '/raw',
    '/raw/',
    '/raw//',
    '/raw//a',
    '/raw/a/b',
    '/raw/a/',
    '/rawx/a',
    '/raw%2Fa',
    '/%72aw/a',
    '/raw/a%2Fb/c',
  ].flatMap((path): Row[] => [
    ['a request', path, {}, notServed],
    ['a WebSocket', path, { headers: handshake }, answer(404)],
  ]),
]);

const anyOrigin = { 'access-control-allow-origin': '*', vary: 'Origin' };

describe.each([
  ['a WebSocket handler with SockJS', '/raw-sockjs'],
  ['a STOMP endpoint with SockJS', '/ws-sockjs'],
])('%s', (_kind, path) => {
  describeRows('serves WebSockets', [
    ['bare', path, { headers: handshake }, accepted()],
    ['bare, as in Spring', `${path}/websocket`, { headers: handshake }, accepted()],
    ['with frames', `${path}/000/abc/websocket`, { headers: handshake }, accepted()],
    ...[
      '/',
      '//',
      '/info',
      '/iframe.html',
      '/a/b/xhr',
      '/a/b/websocket/',
      '/a/b/c/websocket',
      '/a//websocket',
      '//b/websocket',
      '/a/b%2Fc/websocket',
      '/a%2fb/c/websocket',
      '/a/%2e/websocket',
      '/a/%2E%2E/websocket',
      '/a/../websocket',
      '/./b/websocket',
      '/a/b/..%2fwebsocket',
      '/a/b/WebSocket',
      '/a/b/%77ebsocket',
      '/a/%/websocket',
      `/a/${'x'.repeat(257)}/websocket`,
    ].map((below): Row => [
      'not on another path',
      path + below,
      { headers: handshake },
      answer(404),
    ]),
    ...['', '/websocket', '/000/abc/websocket'].flatMap((below): Row[] => [
      [
        'not with POST',
        path + below,
        { method: 'POST', headers: handshake },
        answer(405, { allow: 'GET' }),
      ],
      ['not over HTTP/1.0', path + below, { version: '1.0', headers: handshake }, answer(400)],
      [
        'not in another version',
        path + below,
        { headers: { ...handshake, 'Sec-WebSocket-Version': '8' } },
        wrongVersion,
      ],
      [
        'not from another origin',
        path + below,
        { headers: { ...handshake, Origin: 'https://evil.test' } },
        answer(403),
      ],
    ]),
  ]);

  describeRows('answers other requests on its own paths', [
    [
      'POST to an upgrade that is ignored',
      `${path}/0/h2c/xhr`,
      { method: 'POST', headers: { Connection: 'Upgrade', Upgrade: 'h2c' } },
      answer(
        200,
        {
          ...anyOrigin,
          'cache-control': 'no-store, no-cache, no-transform, must-revalidate, max-age=0',
          'content-type': 'application/javascript;charset=UTF-8',
        },
        'o\n',
      ),
    ],
    ...[
      '/a/b/xhr#x',
      '/a/b\\xhr',
      '/a/b/xhr/',
      '/..',
      '/%2e%2e/info',
      '/info%00',
      '/a%2Fb%2Fxhr',
    ].map((below): Row => ['GET', path + below, {}, answer(404, anyOrigin)]),
    [
      'HEAD',
      path,
      { method: 'HEAD' },
      without('body', answer(405, { ...anyOrigin, allow: 'GET' })),
    ],
  ]);
});

/** The status of the answer to bytes that Node refuses; undefined when it closes the connection without one. */
async function statusOf(bytes: string): Promise<number | undefined> {
  const connection = new RawConnection(portOf(server));
  connection.send(bytes);
  const [, status] = /^HTTP\/1\.1 (\d+)/.exec(await connection.end()) ?? [];
  connection.close();
  return status === undefined ? undefined : Number(status);
}

describe('requests that are not HTTP', () => {
  const host = 'Host: server.test\r\n';
  const xhr = (session: string, lines: string) =>
    `POST /ws-sockjs/0/${session}/xhr HTTP/1.1\r\n${lines}\r\n`;
  const send = (lines: string) => `POST /ws-sockjs/0/bad/xhr_send HTTP/1.1\r\n${host}${lines}\r\n`;

  it.each<readonly [string, number | undefined, string]>([
    ['a length that is not a number', 400, send('Content-Length: x\r\n')],
    ['a negative length', 400, send('Content-Length: -1\r\n')],
    ['a length with a sign', 400, send('Content-Length: +1\r\n')],
    ['two lengths', 400, send('Content-Length: 1\r\nContent-Length: 2\r\n')],
    ['a length and chunks', 400, send('Content-Length: 1\r\nTransfer-Encoding: chunked\r\n')],
    ['two codings, the last one unknown', 400, send('Transfer-Encoding: chunked, x\r\n')],
    ['a header name with a space', 400, send('Bad Name: x\r\n')],
    ['a header without a colon', 400, send('Bad\r\n')],
    ['NUL in a header', 400, send('X: a\0b\r\n')],
    ['a folded header', 400, send('X: a\r\n b\r\n')],
    ['line ends without CR', 400, 'POST /ws-sockjs/0/bad/xhr HTTP/1.1\nHost: x\n\n'],
    ['headers above 16 KiB', 431, send(`X: ${'x'.repeat(17_000)}\r\n`)],
    ['a path above 16 KiB', 431, `GET /ws-sockjs/${'x'.repeat(17_000)} HTTP/1.1\r\n${host}\r\n`],
    ['a space in the path', 400, `POST /ws-sockjs/0/a b/xhr HTTP/1.1\r\n${host}\r\n`],
    ['a method in lower case', 400, `post /ws-sockjs/0/bad/xhr HTTP/1.1\r\n${host}\r\n`],
    ['an unknown method', 400, `FOO /ws-sockjs/0/bad/xhr HTTP/1.1\r\n${host}\r\n`],
    ['an unknown version', 400, `GET /ws HTTP/1.2\r\n${host}\r\n`],
    ['an unknown protocol', 400, `GET /ws FTP/1.1\r\n${host}\r\n`],
    ['no host', 400, xhr('bad', 'Connection: close\r\n')],
    [
      'a WebSocket without a host',
      400,
      `GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    ],
    ['a tunnel', undefined, `CONNECT server.test:80 HTTP/1.1\r\n${host}\r\n`],
    ['the bytes of TLS', 400, '\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003'],
    ['a STOMP frame', 400, 'CONNECT\naccept-version:1.2\nhost:x\n\n\0'],
  ])('are refused: %s', async (_name, status, bytes) => {
    expect(await statusOf(bytes)).toBe(status);
  });
});

it('leave no session behind', async () => {
  expect(server.sessions.size).toBe(0);
  // The sessions of clients that poll.
  await clock.advance(10_000);
  await expect.poll(() => server.webSockets.size).toBe(0);
  await server.idle();
});
