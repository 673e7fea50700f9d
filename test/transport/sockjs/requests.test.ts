// Each request of the SockJS wire format and its wrong neighbors, as raw HTTP, with the exact status, headers and body of the answer.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEndpoints, type Endpoints } from './endpoints.js';
import {
  answer,
  anyOrigin,
  cached,
  chunked,
  credentials,
  malformedBodies,
  notCached,
  plain,
  preflight,
  type,
} from '../http-session/answers.js';
import { ask, type Answer, type RequestParts } from '../http.js';

type Headers = Answer['headers'];
/** `{new}` in the path is an unused session id; `{open}` the id of a session that has received its open frame. */
type Row = readonly [path: string, parts: RequestParts, Answer];

let endpoints: Endpoints;

beforeAll(async () => {
  endpoints = await openEndpoints({
    '/echo': {
      allowedOrigins: ['https://page.test'],
      options: { clientLibrary: '/assets/sockjs.min.js' },
    },
    '/any': { allowedOrigins: ['*'], options: { clientLibrary: '/any.js' } },
    '/patterns': {
      options: { clientLibrary: '/patterns.js' },
      allowedOrigins: [
        'https://*.page.test:[443,8443]',
        'http://[::1]:8080',
        'https://*:[*]',
        'https://a-*.test',
        'https://*.a.*.test',
        'https://*a.test',
      ],
    },
    '/off': { options: { websocket: false } },
    '/cookie': { options: { sessionCookie: true } },
    '/few': { options: { transports: ['xhr'], clientLibrary: 'https://cdn.test/sockjs.js' } },
    '/none': { options: { transports: [] } },
    '/small': { options: { maxBodyBytes: 100 } },
    '/close': { accept: (connection) => connection.close(3000, 'Go away!') },
    '/deep/base/path': {},
    '/rooms/{room}/chat': { options: { clientLibrary: '/rooms.js', sessionCookie: true } },
    '/shut/{reason:[a-z]+}': { accept: (connection) => connection.close(3000, 'Go away!') },
    '/v{version:[0-9]+}/echo': {},
  });
});

afterAll(() => endpoints.close());

let sessions = 0;

function describeRows(subject: string, rows: readonly Row[]): void {
  describe(`requests: ${subject}`, () => {
    it.each(rows.map((row) => [`${row[1].method ?? 'GET'} ${row[0]}`, ...row] as const))(
      '%s %#',
      async (_, path, parts, expected) => {
        const id = `s${++sessions}`;
        const target = path.replace(/\{(?:new|open)\}/, id);
        if (path.includes('{open}')) await open(path.replace(/\/\{open\}.*/, `/${id}`));
        expect(await ask(endpoints.port, target, parts)).toEqual(expected);
      },
    );
  });
}

async function open(session: string): Promise<void> {
  const { body } = await ask(endpoints.port, `${session}/xhr`, { method: 'POST' });
  expect(body).toBe('o\n');
}

const javaScript = type('application/javascript');
const post = { method: 'POST' };

const notFound = answer(404, anyOrigin);
const welcome = answer(200, { ...plain, ...anyOrigin }, 'Welcome to SockJS!\n');
const notAllowed = (allow: string) => answer(405, { ...anyOrigin, allow });

describeRows('greeting', [
  ['/echo', {}, welcome],
  ['/echo/', {}, welcome],
  ['/echo?x=1', {}, welcome],
  ['/echo/?x=1', {}, welcome],
  ['/deep/base/path', {}, welcome],
  ['/echo', { version: '1.0' }, welcome],
  ['/echo', { version: '1.0', headers: { Connection: 'keep-alive' } }, welcome],
  ['/echo', { headers: { Connection: 'close' } }, welcome],
  ['/echo', { headers: { Connection: 'Upgrade', Upgrade: 'h2c' } }, welcome],
  ...['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'].map((method): Row => [
    '/echo',
    { method },
    notAllowed('GET'),
  ]),
  ['/echo', { method: 'POST', body: 'x' }, notAllowed('GET')],
]);

describeRows('paths that are not found', [
  ...[
    '/a',
    '/a.html',
    '//',
    '///',
    '/a/a',
    '/a/a/',
    '/a/',
    '/a/b/c/d',
    '/info/',
    '/Info',
    '/INFO',
    '/%69nfo',
  ].map((path): Row => [`/echo${path}`, {}, notFound]),
  ...[
    '//',
    '/a./a',
    '/a/a.',
    '/./.',
    '/',
    '///',
    '/a//b',
    '//a',
    '/a',
    '/a/b/c',
    '/%2e/a',
    '/a/%2E',
    '/a/b%2fc',
    '/a%2Fb/c',
    '/a/%',
    '/a/%zz',
    '/a/%ff',
    `/a/${'x'.repeat(257)}`,
  ].flatMap((path): Row[] => [
    [`/echo${path}/xhr`, {}, notFound],
    [`/echo${path}/xhr`, post, notFound],
  ]),
  ...[
    'xhr2',
    'XHR',
    'xhr/',
    'xhr;x',
    'xhr.js',
    'xdr',
    'send',
    'iframe',
    'polling',
    'xhr_',
    '%78hr',
  ].map((transport): Row => [`/echo/000/{new}/${transport}`, post, notFound]),
  ...['/xhr', '/xhr_send', '/eventsource'].map((path): Row => [`/echo${path}`, post, notFound]),
]);

it('leaves paths outside the endpoint to the application', async () => {
  for (const path of ['/', '/ech', '/echo2', '/ECHO', '/other/echo'])
    expect((await ask(endpoints.port, path)).body).toBe('the application');
});

describeRows(
  'session ids that are accepted',
  [
    '_/_',
    '1/1',
    'a/{new}',
    'abcdefgh_i-j%20/abcdefg_i-j%20',
    'a;b/c;d',
    '%C3%A9/%E2%82%AC',
    '~!$&()*+,=:@/x',
    `a/${'x'.repeat(256)}`,
  ].map((id): Row => [
    `/any/${id}/xhr`,
    post,
    answer(200, { ...anyOrigin, ...notCached, ...javaScript }, 'o\n'),
  ]),
);

const options = { method: 'OPTIONS' };
const postUrls = ['xhr', 'xhr_send', 'xhr_streaming', 'jsonp_send'];

describeRows('preflights', [
  ['/echo/info', options, preflight('OPTIONS, GET')],
  ...postUrls.map((name): Row => [`/echo/abc/abc/${name}`, options, preflight('OPTIONS, POST')]),
  ...['null', 'test', 'https://other.test'].map((origin): Row => [
    '/any/info',
    { ...options, headers: { Origin: origin } },
    preflight('OPTIONS, GET', credentials(origin)),
  ]),
  ...postUrls.map((name): Row => [
    `/echo/abc/abc/${name}`,
    {
      ...options,
      headers: { Origin: 'https://page.test', 'Access-Control-Request-Headers': 'a, b, c' },
    },
    preflight('OPTIONS, POST', {
      ...credentials('https://page.test'),
      'access-control-allow-headers': 'a, b, c',
    }),
  ]),
  ...['/echo', '/echo/'].map((path): Row => [path, options, notAllowed('GET')]),
  ['/echo/iframe.html', options, answer(405, { allow: 'GET' })],
  ...['eventsource', 'htmlfile', 'jsonp', 'websocket'].map((name): Row => [
    `/echo/abc/abc/${name}`,
    options,
    notAllowed('GET'),
  ]),
  ['/echo/websocket', options, notAllowed('GET')],
]);

describeRows('methods that are not allowed', [
  ...['POST', 'PUT', 'DELETE', 'HEAD'].map((method): Row => [
    '/echo/info',
    { method },
    notAllowed('OPTIONS, GET'),
  ]),
  ...['POST', 'PUT'].map((method): Row => [
    '/echo/iframe.html',
    { method },
    answer(405, { allow: 'GET' }),
  ]),
  ...postUrls.flatMap((name) =>
    ['GET', 'PUT', 'DELETE'].map((method): Row => [
      `/echo/abc/abc/${name}`,
      { method },
      notAllowed('OPTIONS, POST'),
    ]),
  ),
  ...['eventsource', 'htmlfile', 'jsonp', 'websocket'].flatMap((name) =>
    ['POST', 'PUT', 'DELETE'].map((method): Row => [
      `/echo/abc/abc/${name}`,
      { method },
      notAllowed('GET'),
    ]),
  ),
]);

const broken = (text: string) => answer(500, { ...anyOrigin, ...notCached, ...plain }, text);
const sent = answer(204, { ...anyOrigin, ...notCached, ...plain });
const ok = answer(200, { ...anyOrigin, ...notCached, ...plain }, 'ok');
const unknownSession = answer(404, { ...anyOrigin, ...notCached, ...plain });
const form = { 'Content-Type': 'application/x-www-form-urlencoded' };

describeRows('xhr_send', [
  ['/echo/000/{open}/xhr_send', { ...post, body: '["x"]' }, sent],
  ['/echo/999/{open}/xhr_send', { ...post, body: '["x","y"]' }, sent],
  ['/echo/000/{open}/xhr_send', { ...post, body: '[]' }, sent],
  ['/echo/000/{open}/xhr_send', { ...post, body: ' [ "x" ] \n' }, sent],
  ['/echo/000/{open}/xhr_send', { ...post, body: '[""]' }, sent],
  ['/echo/000/{open}/xhr_send', { ...post, body: '["\\ud800"]' }, sent],
  ...[
    'text/plain',
    'T',
    'application/json',
    'application/xml',
    '',
    'application/json; charset=utf-8',
    'text/xml; charset=utf-8',
    'text/xml',
    'application/x-www-form-urlencoded',
  ].map((contentType): Row => [
    '/echo/000/{open}/xhr_send',
    { ...post, body: '["a"]', headers: { 'Content-Type': contentType } },
    sent,
  ]),
  ['/echo/000/{open}/xhr_send', { ...post, body: '["x"]', version: '1.0' }, sent],
  [
    '/echo/000/{open}/xhr_send',
    {
      ...post,
      headers: { 'Transfer-Encoding': 'chunked' },
      body: '3\r\n["x\r\n2\r\n"]\r\n0\r\n\r\n',
    },
    sent,
  ],
  ...malformedBodies.map((body): Row => [
    '/echo/000/{open}/xhr_send',
    { ...post, body },
    broken('Broken JSON encoding.'),
  ]),
  ['/echo/000/{open}/xhr_send', post, broken('Payload expected.')],
  [
    '/echo/000/{open}/xhr_send',
    { ...post, headers: { 'Content-Length': '0' } },
    broken('Payload expected.'),
  ],
  ['/echo/000/{new}/xhr_send', { ...post, body: '["x"]' }, unknownSession],
  ['/echo/000/{new}/xhr_send', post, unknownSession],
  [
    '/echo/000/{open}/xhr_send',
    { ...post, body: '["x"]', headers: { Origin: 'https://page.test' } },
    answer(204, { ...credentials('https://page.test'), ...notCached, ...plain }),
  ],
  [
    '/echo/000/{open}/xhr_send',
    { ...post, body: '["x"]', headers: { 'Access-Control-Request-Headers': 'a' } },
    answer(204, { ...anyOrigin, 'access-control-allow-headers': 'a', ...notCached, ...plain }),
  ],
]);

describeRows('jsonp_send', [
  ['/echo/000/{open}/jsonp_send', { ...post, body: 'd=%5B%22x%22%5D', headers: form }, ok],
  ['/echo/000/{open}/jsonp_send', { ...post, body: 'a=1&d=%5B%22x%22%5D', headers: form }, ok],
  [
    '/echo/000/{open}/jsonp_send',
    {
      ...post,
      body: 'd=["x"]',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8' },
    },
    ok,
  ],
  [
    '/echo/000/{open}/jsonp_send',
    { ...post, body: '["%61bc"]', headers: { 'Content-Type': 'text/plain' } },
    ok,
  ],
  ['/echo/000/{open}/jsonp_send', { ...post, body: '["x"]' }, ok],
  [
    '/echo/000/{open}/jsonp_send',
    { ...post, body: 'd=%5B%22x', headers: form },
    broken('Broken JSON encoding.'),
  ],
  [
    '/echo/000/{open}/jsonp_send',
    { ...post, body: 'd=%', headers: form },
    broken('Broken JSON encoding.'),
  ],
  [
    '/echo/000/{open}/jsonp_send',
    { ...post, body: 'd=x', headers: { 'Content-Type': 'text/plain' } },
    broken('Broken JSON encoding.'),
  ],
  ...['', 'd=', 'p=p'].map((body): Row => [
    '/echo/000/{open}/jsonp_send',
    { ...post, body, headers: form },
    broken('Payload expected.'),
  ]),
  ['/echo/000/{open}/jsonp_send', post, broken('Payload expected.')],
  [
    '/echo/000/{new}/jsonp_send',
    { ...post, body: 'd=%5B%22x%22%5D', headers: form },
    unknownSession,
  ],
]);

const polled = (body: string, cors: Headers = anyOrigin) =>
  answer(200, { ...cors, ...notCached, ...javaScript }, body);

describeRows('xhr', [
  ['/echo/000/{new}/xhr', post, polled('o\n')],
  ['/echo/000/{new}/xhr?t=1', post, polled('o\n')],
  ['/echo/000/{new}/xhr', { ...post, body: 'ignored' }, polled('o\n')],
  ['/echo/000/{new}/xhr', { ...post, version: '1.0' }, polled('o\n')],
  [
    '/echo/000/{new}/xhr',
    { ...post, headers: { Origin: 'https://page.test' } },
    polled('o\n', credentials('https://page.test')),
  ],
  [
    '/echo/000/{new}/xhr',
    { ...post, headers: { Origin: 'http://server.test' } },
    polled('o\n', credentials('http://server.test')),
  ],
  [
    '/any/000/{new}/xhr',
    { ...post, headers: { Origin: 'null' } },
    polled('o\n', credentials('null')),
  ],
  [
    '/echo/000/{new}/xhr',
    { ...post, headers: { 'Access-Control-Request-Headers': 'a, b, c' } },
    polled('o\n', { ...anyOrigin, 'access-control-allow-headers': 'a, b, c' }),
  ],
  [
    '/echo/000/{new}/xhr',
    { ...post, headers: { 'Access-Control-Request-Headers': '' } },
    polled('o\n'),
  ],
  ['/close/000/{open}/xhr', post, polled('c[3000,"Go away!"]\n')],
]);

const prelude = `${'h'.repeat(2048)}\n`;
const streamed = (contentType: Headers, body: string, others: Headers = {}): Answer => ({
  status: 200,
  headers: { ...anyOrigin, ...notCached, ...contentType, ...chunked, ...others },
  body,
});
const page = (callback: string) =>
  `<!doctype html>
<html><head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
</head><body><h2>Don't panic!</h2>
  <script>
    document.domain = document.domain;
    var c = parent.${callback};
    c.start();
    function p(d) {c.message(d);};
    window.onload = function() {c.stop();};
  </script>
`.padEnd(1024) + '\r\n\r\n';
const ancestors = (list: string) => ({ 'content-security-policy': `frame-ancestors ${list}` });
const html = type('text/html');
const goAway = 'c[3000,"Go away!"]';
const goAwayLiteral = String.raw`"c[3000,\"Go away!\"]"`;
const withoutChunks = ({ status, headers, body }: Answer): Answer => {
  const { 'transfer-encoding': _, ...others } = headers;
  return { status, headers: others, body };
};

describeRows('streams of a session that is closed at once', [
  ['/close/000/{new}/xhr_streaming', post, streamed(javaScript, `${prelude}o\n${goAway}\n`)],
  [
    '/close/000/{new}/xhr_streaming',
    { ...post, version: '1.0' },
    withoutChunks(streamed(javaScript, `${prelude}o\n${goAway}\n`)),
  ],
  ['/close/000/{open}/xhr_streaming', post, streamed(javaScript, `${prelude}${goAway}\n`)],
  [
    '/close/000/{new}/eventsource',
    {},
    streamed(type('text/event-stream'), `\r\ndata: o\r\n\r\ndata: ${goAway}\r\n\r\n`),
  ],
  [
    '/close/000/{open}/eventsource',
    {},
    streamed(type('text/event-stream'), `\r\ndata: ${goAway}\r\n\r\n`),
  ],
  [
    '/close/000/{new}/htmlfile?c=%63allback',
    {},
    streamed(
      html,
      `${page('callback')}<script>\np("o");\n</script>\r\n<script>\np(${goAwayLiteral});\n</script>\r\n`,
      ancestors("'self'"),
    ),
  ],
  ['/close/000/{open}/jsonp?c=x', {}, polled(`/**/x(${goAwayLiteral});\r\n`)],
]);

describeRows('callbacks', [
  ['/echo/a/{new}/jsonp?c=%63allback', {}, polled('/**/callback("o");\r\n')],
  ['/echo/a/{new}/jsonp?t=1&c=a.b_c-1', {}, polled('/**/a.b_c-1("o");\r\n')],
  ...['htmlfile', 'jsonp'].flatMap((name): Row[] => [
    ...['', '?', '?c=', '?c', '?d=x', '?C=x'].map((query): Row => [
      `/echo/a/{new}/${name}${query}`,
      {},
      broken('"callback" parameter required'),
    ]),
    ...[
      '%20',
      'a%20b',
      'a(',
      'a;b',
      '%3Cscript%3E',
      'a%0Ab',
      'a%5B0%5D',
      '%C3%A9',
      'a%22',
      'a%00',
      'a/b',
      '*',
      'a%2Bb',
    ].map((callback): Row => [
      `/echo/a/{new}/${name}?c=${callback}`,
      {},
      broken('invalid "callback" parameter'),
    ]),
  ]),
]);

const onlyWebSocket = answer(400, { ...anyOrigin, ...plain }, 'Can "Upgrade" only to "WebSocket".');
const wrongConnection = answer(400, { ...anyOrigin, ...plain }, '"Connection" must be "Upgrade".');
const key = 'x3JJHMbDL1EzLkh9GBhXDw==';
const upgrade = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Key': key,
  'Sec-WebSocket-Version': '13',
};

describeRows('WebSockets without a proper upgrade', [
  ...['/echo/0/{new}/websocket', '/echo/websocket'].flatMap((path): Row[] => [
    [path, {}, onlyWebSocket],
    [path, { headers: { Upgrade: 'h2c', Connection: 'close' } }, onlyWebSocket],
    [path, { headers: { Upgrade: 'WebSocket', Connection: 'close' } }, wrongConnection],
    [path, { headers: { ...upgrade, Connection: 'keep-alive' } }, wrongConnection],
    [path, post, notAllowed('GET')],
    [path, { ...post, headers: upgrade }, answer(405, { allow: 'GET' })],
    [
      path,
      { headers: { ...upgrade, 'Sec-WebSocket-Version': '7' } },
      answer(426, { upgrade: 'websocket', 'sec-websocket-version': '13' }),
    ],
    [path, { headers: { ...upgrade, Origin: 'https://evil.test' } }, answer(403, {})],
  ]),
  ...['/off/0/{new}/websocket', '/off/websocket'].flatMap((path): Row[] => [
    [path, {}, notFound],
    [path, { headers: upgrade }, answer(404, {})],
  ]),
  ['/off', { headers: upgrade }, answer(404, {})],
  ...[
    '/echo/0/a.b/websocket',
    '/echo/0/{new}/xhr',
    '/echo/0/{new}/websocket/',
    '/echo/info',
    '/echo/a/b/c/websocket',
    '/echo//a/websocket',
    '/echo/0/a%2eb/websocket',
  ].map((path): Row => [path, { headers: upgrade }, answer(404, {})]),
]);

describeRows('transports that are disabled', [
  ...['xhr_streaming', 'eventsource', 'htmlfile?c=x', 'jsonp?c=x', 'jsonp_send'].flatMap(
    (name): Row[] => [
      [`/few/a/{new}/${name}`, {}, notFound],
      [`/few/a/{new}/${name}`, post, notFound],
    ],
  ),
  ['/few/a/{new}/xhr', post, polled('o\n')],
  ['/few/a/{open}/xhr_send', { ...post, body: '["x"]' }, sent],
  ['/none/a/{new}/xhr', post, notFound],
  ['/none/a/{new}/xhr_send', post, notFound],
]);

const refused = answer(403, { vary: 'Origin' });

/** As the client reads the bytes of a header. */
const inLatin1 = (text: string) => Buffer.from(text).toString('latin1');

describeRows('values that are echoed', [
  [
    '/any/info',
    {
      ...options,
      headers: { Origin: 'https://\u00ff', 'Access-Control-Request-Headers': '\u0080, "x": \t' },
    },
    preflight('OPTIONS, GET', {
      ...credentials(inLatin1('https://\u00ff')),
      'access-control-allow-headers': inLatin1('\u0080, "x":'),
    }),
  ],
]);

describeRows('origins that are not allowed', [
  ...[
    'https://evil.test',
    'http://page.test',
    'https://page.test:8443',
    'https://page.test.evil.test',
    'null',
    '',
    'page.test',
    'http://server.test:8080',
  ].map((origin): Row => ['/echo/info', { headers: { Origin: origin } }, refused]),
  ...[
    '/echo',
    '/echo/',
    '/echo/a',
    '/echo/a/b/xhr',
    '/echo/a/b/eventsource',
    '/echo/a/b/htmlfile',
    '/echo/a/b/jsonp',
    '/echo/a/b/websocket',
    '/echo/websocket',
  ].map((path): Row => [path, { headers: { Origin: 'https://evil.test' } }, refused]),
  ...postUrls.flatMap((name): Row[] => [
    [
      `/echo/a/{open}/${name}`,
      { ...post, headers: { Origin: 'https://evil.test' }, body: '["x"]' },
      refused,
    ],
    [`/echo/a/{new}/${name}`, { ...options, headers: { Origin: 'https://evil.test' } }, refused],
  ]),
  ...['cross-site', 'same-site'].flatMap((site): Row[] => [
    ['/echo/info', { headers: { 'Sec-Fetch-Site': site } }, refused],
    ['/echo/a/{new}/jsonp?c=x', { headers: { 'Sec-Fetch-Site': site } }, refused],
    [
      '/echo/a/{open}/xhr_send',
      { ...post, headers: { 'Sec-Fetch-Site': site }, body: '["x"]' },
      refused,
    ],
    ['/any/a/{new}/jsonp?c=x', { headers: { 'Sec-Fetch-Site': site } }, polled('/**/x("o");\r\n')],
    [
      '/echo/a/{new}/xhr',
      { ...post, headers: { Origin: 'https://page.test', 'Sec-Fetch-Site': site } },
      polled('o\n', credentials('https://page.test')),
    ],
  ]),
  ...['same-origin', 'none'].map((site): Row => [
    '/echo/a/{new}/xhr',
    { ...post, headers: { 'Sec-Fetch-Site': site } },
    polled('o\n'),
  ]),
]);

describeRows('bodies above the limit', [
  ...['xhr_send', 'jsonp_send'].flatMap((name): Row[] => [
    [
      `/small/a/{open}/${name}`,
      { ...post, headers: { 'Content-Length': '101' } },
      answer(413, { ...anyOrigin, ...notCached }),
    ],
    [
      `/small/a/{open}/${name}`,
      { ...post, headers: { 'Content-Length': '99999999999' } },
      answer(413, { ...anyOrigin, ...notCached }),
    ],
    [
      `/small/a/{new}/${name}`,
      { ...post, headers: { 'Content-Length': '101' } },
      answer(413, { ...anyOrigin, ...notCached }),
    ],
    [
      `/small/a/{open}/${name}`,
      {
        ...post,
        headers: { 'Transfer-Encoding': 'chunked' },
        body: `65\r\n["${'x'.repeat(97)}"]\r\n`,
      },
      answer(413, { ...anyOrigin, ...notCached }),
    ],
  ]),
  [
    '/small/a/{new}/xhr',
    { ...post, headers: { 'Content-Length': '101' } },
    answer(413, { ...anyOrigin, ...notCached }),
  ],
  ['/small/a/{open}/xhr_send', { ...post, body: `["${'x'.repeat(96)}"]` }, sent],
]);

const secretCookie = `signalbox-sockjs=${'s'.repeat(22)}`;
const jsession = (value: string) => ({ 'set-cookie': `JSESSIONID=${value}; path=/` });

describeRows('cookies', [
  ['/cookie', {}, welcome],
  ...['xhr', 'xhr_streaming', 'xhr_send'].map((name): Row => [
    `/cookie/a/{new}/${name}`,
    { ...options, headers: { Cookie: `a=b; JSESSIONID=abcdef; ${secretCookie}` } },
    {
      ...preflight('OPTIONS, POST'),
      headers: { ...preflight('OPTIONS, POST').headers, ...jsession('abcdef') },
    },
  ]),
  [
    '/cookie/a/{new}/xhr',
    { ...post, headers: { Cookie: secretCookie } },
    polled('o\n', { ...anyOrigin, ...jsession('dummy') }),
  ],
  [
    '/cookie/a/{new}/xhr',
    { ...post, headers: { Cookie: `JSESSIONID=; ${secretCookie}` } },
    polled('o\n', { ...anyOrigin, ...jsession('dummy') }),
  ],
  [
    '/cookie/a/{new}/jsonp?c=x',
    { headers: { Cookie: `JSESSIONID=1;${secretCookie}` } },
    polled('/**/x("o");\r\n', { ...anyOrigin, ...jsession('1') }),
  ],
]);

const frame = (library: string) => `<!DOCTYPE html>
<html>
<head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
  <script src="${library}"></script>
  <script>
    document.domain = document.domain;
    SockJS.bootstrap_iframe();
  </script>
</head>
<body>
  <h2>Don't panic!</h2>
  <p>This is a SockJS hidden iframe. It's used for cross domain magic.</p>
</body>
</html>`;
const iframe = (library: string, list: string, etag: string) =>
  answer(200, { ...cached, ...html, ...ancestors(list), etag }, frame(library));
const ofEcho = iframe(
  '/assets/sockjs.min.js',
  "'self' https://page.test",
  expect.any(String) as string,
);
const ofFew = iframe('https://cdn.test/sockjs.js', "'self'", expect.any(String) as string);

describeRows('iframe page', [
  ...[
    '/iframe.html',
    '/iframe-a.html',
    '/iframe-.html',
    '/iframe-0.1.2.html',
    '/iframe-0.1.2abc-dirty.2144.html',
    '/iframe-a.html?t=1234',
    '/iframe.html?',
    '/iframe_x.html',
  ].map((path): Row => [`/echo${path}`, {}, ofEcho]),
  ['/echo/iframe.html', { headers: { 'Sec-Fetch-Site': 'cross-site' } }, ofEcho],
  // Scripts cannot read the page, whatever their origin is.
  ...['https://page.test', 'https://evil.test', 'null', ''].map((origin): Row => [
    '/echo/iframe.html',
    { headers: { Origin: origin } },
    ofEcho,
  ]),
  ['/few/iframe.html', {}, ofFew],
  ['/any/iframe.html', {}, iframe('/any.js', "'self' *", expect.any(String) as string)],
  [
    '/patterns/iframe.html',
    {},
    iframe(
      '/patterns.js',
      "'self' https://*.page.test:443 https://*.page.test:8443 http://[::1]:8080 https://*:*",
      expect.any(String) as string,
    ),
  ],
  ...[
    '/iframe.htm',
    '/iframe',
    '/IFRAME.HTML',
    '/IFRAME',
    '/iframe.HTML',
    '/iframe.xml',
    '/iframe-/.html',
    '/iframe-A.html',
    '/iframe%2ehtml',
  ].map((path): Row => [`/echo${path}`, {}, notFound]),
  ['/few/sockjs.min.js', {}, notFound],
]);

const secret = { 'set-cookie': 'JSESSIONID=dummy; path=/' };
const cookie = { Cookie: secretCookie };

describeRows('endpoints whose path has variables', [
  ...['/v1/echo', '/v2/echo', '/v1/echo/', '/v10/echo?x=1'].map((path): Row => [path, {}, welcome]),
  ['/rooms/a/chat', {}, welcome],
  ['/rooms/%2e%2e/chat', {}, welcome],
  ['/v1/echo/info', options, preflight('OPTIONS, GET')],
  ['/v1/echo/info', { method: 'POST' }, notAllowed('OPTIONS, GET')],
  ['/v1/echo/000/{new}/xhr', post, polled('o\n')],
  ['/v1/echo/000/{open}/xhr_send', { ...post, body: '["x"]' }, sent],
  // The same id below another path is another session.
  ['/v2/echo/000/{new}/xhr_send', { ...post, body: '["x"]' }, unknownSession],
  [
    '/rooms/a;Domain=x/chat/000/{new}/xhr',
    { ...post, headers: cookie },
    polled('o\n', { ...anyOrigin, ...secret }),
  ],
  ['/shut/now/000/{open}/xhr', post, polled(`${goAway}\n`)],
  ['/rooms/a/chat/iframe.html', {}, iframe('/rooms.js', "'self'", expect.any(String) as string)],
  ...['/v1/echo/a', '/v1/echo//', '/v1/echo/a/b/c/xhr', '/v1/echo/a./b/xhr'].map((path): Row => [
    path,
    post,
    notFound,
  ]),
  ['/v1/echo/websocket', {}, onlyWebSocket],
  ['/v1/echo/0/{new}/websocket', { ...post, headers: upgrade }, answer(405, { allow: 'GET' })],
  ['/v1/echo/0/a.b/websocket', { headers: upgrade }, answer(404, {})],
]);

it('leaves paths that do not match the variables to the application', async () => {
  for (const path of ['/vx/echo', '/v1/echo2', '/v1', '//v1/echo', '/v1//echo/info', '/shut/1'])
    expect((await ask(endpoints.port, path)).body).toBe('the application');
});

it('sets the secret cookie for the fixed segments of a path', async () => {
  const { headers } = await ask(endpoints.port, '/rooms/a;Secure/chat/0/cookies/xhr', post);
  expect(headers['set-cookie']).toMatch(
    /\nsignalbox-sockjs=[\w-]{22}; Path=\/rooms; HttpOnly; SameSite=Lax$/,
  );
});

it('keeps sessions of one id below different paths apart', async () => {
  for (const version of [1, 2]) await open(`/v${version}/echo/000/same`);
  for (const version of [1, 2]) {
    const body = `["${version}"]`;
    await ask(endpoints.port, `/v${version}/echo/000/same/xhr_send`, { ...post, body });
  }
  for (const version of [1, 2]) {
    const { body } = await ask(endpoints.port, `/v${version}/echo/000/same/xhr`, post);
    expect(body).toBe(`a["${version}"]\n`);
  }
});
