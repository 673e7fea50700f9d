// SockJS sessions over HTTP: their frames, times and ends, on a clock that the test moves.
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorCodes } from '../../../src/message/error.js';
import { turns } from '../event-log.js';
import { openEndpoints, type Echo, type Endpoint, type Endpoints } from './endpoints.js';
import { ask, RawConnection, requestText, type RequestParts } from '../http.js';

let endpoints: Endpoints;
let opened: RawConnection[];

async function start(endpoint: Endpoint = {}): Promise<void> {
  endpoints = await openEndpoints({ '/echo': { allowedOrigins: ['*'], ...endpoint } });
}

beforeEach(async () => {
  opened = [];
  await start();
});

afterEach(async () => {
  for (const connection of opened) connection.close();
  await endpoints.close();
});

async function restart(endpoint: Endpoint): Promise<void> {
  await endpoints.close();
  await start(endpoint);
}

/** Sends a request on its own connection. */
function begin(path: string, parts?: RequestParts): RawConnection {
  const connection = new RawConnection(endpoints.port);
  opened.push(connection);
  connection.send(requestText(`/echo/000/${path}`, parts));
  return connection;
}

const post = { method: 'POST' };
type ReceiverRow = readonly [name: string, query: string, parts: RequestParts];
const receivers: readonly ReceiverRow[] = [
  ['xhr', '', post],
  ['xhr_streaming', '', post],
  ['eventsource', '', {}],
  ['htmlfile', '?c=c', {}],
  ['jsonp', '?c=c', {}],
];
const receive = (session: string, [name, query, parts]: ReceiverRow) =>
  begin(`${session}/${name}${query}`, parts);
const poll = async (path: string) => (await begin(path, post).answer()).body;
const send = async (session: string, ...messages: string[]) =>
  (await begin(`${session}/xhr_send`, { ...post, body: JSON.stringify(messages) }).answer()).status;

/** A stream after its head and its prelude. */
async function stream(path: string, parts: RequestParts = post): Promise<RawConnection> {
  const connection = begin(path, parts);
  await connection.head();
  await connection.chunk();
  return connection;
}

/** Opens a session by polling; returns the server's end. */
async function open(session: string): Promise<Echo> {
  expect(await poll(`${session}/xhr`)).toBe('o\n');
  return endpoints.accepted.at(-1)!;
}

describe('frames', () => {
  it('the first frame is o, and messages are arrays', async () => {
    await open('a');
    expect(await send('a', 'x')).toBe(204);
    expect(await poll('a/xhr')).toBe('a["x"]\n');
  });

  it('messages that wait for a receiver leave in one frame', async () => {
    await open('a');
    await send('a', 'x', 'y');
    await send('a', 'z');
    expect(await poll('a/xhr')).toBe('a["x","y","z"]\n');
  });

  it('a poll waits for a message', async () => {
    const echo = await open('a');
    const waiting = begin('a/xhr', post);
    await turns();
    echo.send('later');
    expect((await waiting.answer()).body).toBe('a["later"]\n');
  });

  it('each frame of a stream is its own chunk', async () => {
    const connection = await stream('a/xhr_streaming');
    expect(await connection.chunk()).toBe('o\n');
    await send('a', 'x');
    await send('a', 'y', 'z');
    expect([await connection.chunk(), await connection.chunk(), await connection.chunk()]).toEqual([
      'a["x"]\n',
      'a["y"]\n',
      'a["z"]\n',
    ]);
  });

  it('an event has the prefix data, and percent signs are encoded', async () => {
    const connection = await stream('a/eventsource', {});
    expect(await connection.chunk()).toBe('data: o\r\n\r\n');
    await send('a', '  \0\n\r ', '100 %', '%0A');
    expect(await connection.chunk()).toBe('data: a["  \\u0000\\n\\r "]\r\n\r\n');
    expect(await connection.chunk()).toBe('data: a["100 %25"]\r\n\r\n');
    expect(await connection.chunk()).toBe('data: a["%250A"]\r\n\r\n');
  });

  it('a script of htmlfile cannot be ended by a message', async () => {
    const connection = await stream('a/htmlfile?c=cb', {});
    expect(await connection.chunk()).toBe('<script>\np("o");\n</script>\r\n');
    await send('a', '</script><!-- \u2028');
    expect(await connection.chunk()).toBe(
      '<script>\np("a[\\"\\u003c/script>\\u003c!-- \\\\u2028\\"]");\n</script>\r\n',
    );
  });

  it('jsonp calls the function with a literal', async () => {
    await open('a');
    await begin('a/jsonp_send', { ...post, body: '["%61b\\""]' }).answer();
    expect((await begin('a/jsonp?c=f').answer()).body).toBe('/**/f("a[\\"%61b\\\\\\"\\"]");\r\n');
  });

  it('any receiver continues any session over HTTP', async () => {
    await open('a');
    await send('a', 'x');
    const connection = await stream('a/eventsource', {});
    expect(await connection.chunk()).toBe('data: a["x"]\r\n\r\n');
  });

  it('a stream over HTTP/1.0 has no chunks and ends with its connection', async () => {
    const connection = begin('a/xhr_streaming', { ...post, version: '1.0' });
    const { headers } = await connection.head();
    expect(headers['transfer-encoding']).toBeUndefined();
    await connection.read(/^h{2048}\no\n/);
    endpoints.accepted[0]!.send('x');
    await connection.read(/^a\["x"\]\n/);
    endpoints.accepted[0]!.connection.close(3000, 'done');
    expect(await connection.end()).toBe('c[3000,"done"]\n');
  });

  it('several requests use one connection', async () => {
    const connection = begin('a/xhr', post);
    expect((await connection.answer()).body).toBe('o\n');
    for (const text of ['x', 'y']) {
      connection.send(requestText('/echo/1/a/xhr_send', { ...post, body: `["${text}"]` }));
      expect((await connection.answer()).status).toBe(204);
      connection.send(requestText('/echo/2/a/xhr', post));
      expect((await connection.answer()).body).toBe(`a["${text}"]\n`);
    }
  });

  it('characters that browsers change are escaped', async () => {
    await open('a');
    const codes = [
      [0x200c, 0x200f],
      [0x2028, 0x202f],
      [0x2060, 0x206f],
      [0xfff0, 0xffff],
    ];
    const fragile = codes.flatMap(([first = 0, last = 0]) =>
      Array.from({ length: last - first + 1 }, (_, i) => first + i),
    );
    await send('a', String.fromCharCode(...fragile));
    const escaped = fragile.map((code) => `\\u${code.toString(16).padStart(4, '0')}`).join('');
    expect(await poll('a/xhr')).toBe(`a["${escaped}"]\n`);
  });

  it('every UTF-16 code unit that a client escapes comes back equal', async () => {
    await open('a');
    const all = Array.from({ length: 0x10000 }, (_, i) => i);
    const escaped = `["${all.map((code) => `\\u${code.toString(16).padStart(4, '0')}`).join('')}"]`;
    const { status } = await begin('a/xhr_send', { ...post, body: escaped }).answer();
    expect(status).toBe(204);
    const received = await poll('a/xhr');
    // Not `toEqual`, which would print all of them.
    expect(isDeepStrictEqual(JSON.parse(received.slice(1)), JSON.parse(escaped))).toBe(true);
  });
});

describe('heart-beats', () => {
  it('a poll and a stream get h after 25 seconds without a frame', async () => {
    await open('a');
    const polling = begin('a/xhr', post);
    const streaming = await stream('b/xhr_streaming');
    await streaming.chunk();
    await endpoints.clock.advance(24_999);
    endpoints.accepted[1]!.send('x');
    await endpoints.clock.advance(1);
    expect((await polling.answer()).body).toBe('h\n');
    expect(await streaming.chunk()).toBe('a["x"]\n');
    await endpoints.clock.advance(24_999);
    expect(await streaming.chunk()).toBe('h\n');
    await endpoints.clock.advance(25_000);
    expect(await streaming.chunk()).toBe('h\n');
  });

  it('are not sent while the session sends its own', async () => {
    const streaming = await stream('a/xhr_streaming');
    await streaming.chunk();
    const { connection } = endpoints.accepted[0]!;
    connection.stopHeartbeats?.();
    await endpoints.clock.advance(100_000);
    endpoints.accepted[0]!.send('x');
    expect(await streaming.chunk()).toBe('a["x"]\n');
  });
});

describe('the end of a session', () => {
  it('comes after 5 seconds without a receiver; then its id begins another session', async () => {
    const echo = await open('a');
    await turns();
    await endpoints.clock.advance(4999);
    expect(echo.entries).toEqual([]);
    await endpoints.clock.advance(1);
    expect(echo.entries).toEqual(['closed 1006 ']);
    expect(await send('a', 'x')).toBe(404);
    expect(await poll('a/xhr')).toBe('o\n');
    expect(endpoints.accepted).toHaveLength(2);
  });

  it('does not come while there is a receiver', async () => {
    const echo = await open('a');
    await endpoints.clock.advance(4000);
    const waiting = begin('a/xhr', post);
    await turns();
    await endpoints.clock.advance(20_000);
    echo.send('x');
    expect((await waiting.answer()).body).toBe('a["x"]\n');
    expect(echo.entries).toEqual([]);
  });

  it('by the server reaches a waiting poll, and each later one for 5 seconds', async () => {
    const echo = await open('a');
    const waiting = begin('a/xhr', post);
    await turns();
    echo.connection.close(3000, 'Go away!');
    expect((await waiting.answer()).body).toBe('c[3000,"Go away!"]\n');
    await echo.until('closed 3000 Go away!');
    expect(await poll('a/xhr')).toBe('c[3000,"Go away!"]\n');
    const streaming = await stream('a/xhr_streaming');
    expect([await streaming.chunk(), await streaming.chunk()]).toEqual([
      'c[3000,"Go away!"]\n',
      '',
    ]);
    expect(await send('a', 'x')).toBe(404);
    await endpoints.clock.advance(5000);
    expect(await poll('a/xhr')).toBe('o\n');
  });

  it('by the server comes after the messages before it', async () => {
    const echo = await open('a');
    echo.send('last');
    echo.connection.close(3000, 'done');
    echo.send('ignored');
    expect(await poll('a/xhr')).toBe('a["last"]\n');
    expect(echo.entries).not.toContain('closed 3000 done');
    expect(await poll('a/xhr')).toBe('c[3000,"done"]\n');
    await echo.until('closed 3000 done');
  });

  it('by the server is complete after 5 seconds when the client does not fetch the close frame', async () => {
    const echo = await open('a');
    await turns();
    echo.connection.close(3000, 'done');
    await endpoints.clock.advance(5000);
    expect(echo.entries).toEqual(['closed 3000 done']);
    expect(await poll('a/xhr')).toBe('o\n');
  });

  it('destroys the connection of a client that does not read its last response within 5 seconds', async () => {
    const connection = await stream('a/xhr_streaming');
    const echo = endpoints.accepted[0]!;
    connection.socket.pause();
    echo.send('x'.repeat(50_000_000));
    expect(echo.connection.bufferedBytes).toBeGreaterThan(0);
    echo.connection.close(3000, 'done');
    await endpoints.clock.advance(4999);
    expect(echo.entries).toEqual([]);
    await endpoints.clock.advance(1);
    expect(echo.entries).toEqual(['closed 3000 done']);
  });

  it('is not postponed by receivers that follow the close frame', async () => {
    await restart({ options: { responseLimit: 1_000_000_000 } });
    const connection = await stream('a/xhr_streaming');
    const echo = endpoints.accepted[0]!;
    connection.socket.pause();
    echo.send('x'.repeat(50_000_000));
    echo.connection.close(3000, 'done');
    for (let i = 0; i < 2; i++) {
      await endpoints.clock.advance(500);
      expect(await poll('a/xhr')).toBe('c[3000,"done"]\n');
    }
    expect(echo.entries).toEqual(['closed 3000 done']);
  });

  it('destroys the connection of a client that does not read the close frame within a second', async () => {
    await restart({ options: { responseLimit: 1_000_000_000 } });
    const connection = await stream('a/xhr_streaming');
    const echo = endpoints.accepted[0]!;
    connection.socket.pause();
    echo.send('x'.repeat(50_000_000));
    echo.connection.close(3000, 'done');
    await endpoints.clock.advance(999);
    expect(echo.entries).toEqual([]);
    await endpoints.clock.advance(1);
    expect(echo.entries).toEqual(['closed 3000 done']);
  });

  it('can be immediate', async () => {
    const connection = await stream('a/xhr_streaming');
    endpoints.accepted[0]!.connection.terminate();
    await connection.end();
    await endpoints.accepted[0]!.until('closed 1006 ');
    expect(await poll('a/xhr')).toBe('c[1002,"Connection interrupted"]\n');
  });

  it.each(receivers)('comes with the abort of %s', async (...receiver) => {
    const echo = await open('a');
    const connection = receive('a', receiver);
    await turns();
    connection.close();
    await echo.until('closed 1006 ');
    expect(await poll('a/xhr')).toBe('c[1002,"Connection interrupted"]\n');
    await endpoints.clock.advance(5000);
    expect(await poll('a/xhr')).toBe('o\n');
  });

  it('comes with an abort that loses a message', async () => {
    const echo = await open('a');
    const connection = begin('a/xhr', post);
    connection.socket.pause();
    await turns();
    echo.send('x'.repeat(50_000_000));
    await turns();
    connection.close();
    await echo.until('closed 1006 ');
  });
});

describe('a second receiver', () => {
  const pairs = receivers.flatMap((first) => receivers.map((second) => [first, second] as const));

  it.each(pairs.map((pair) => [pair[0][0], pair[1][0], pair] as const))(
    'after %s, over %s is closed, and the first one stays',
    async (_first, _second, pair) => {
      const echo = await open('a');
      const first = receive('a', pair[0]);
      await turns();
      const second = await receive('a', pair[1]).answer();
      expect(second.status).toBe(200);
      // In a script, the frame is a literal.
      expect(second.body.replaceAll('\\"', '"')).toMatch(
        /c\[2010,"Another connection still open"\][^a-z]*(?:<\/script>)?\s*$/,
      );
      expect(second.body).not.toContain('x"]');
      echo.send('x');
      await first.read(/a\[\\?"x\\?"\]/);
      expect(echo.entries).toEqual([]);
    },
  );
});

describe('the limit of a stream', () => {
  beforeEach(() => restart({ options: { responseLimit: 4096 } }));

  it('ends it after so many bytes of frames, and the session continues in another one', async () => {
    const connection = await stream('a/xhr_streaming');
    expect(await connection.chunk()).toBe('o\n');
    const message = 'x'.repeat(128);
    for (let i = 0; i < 31; i++) {
      expect(await send('a', message)).toBe(204);
      expect(await connection.chunk()).toBe(`a["${message}"]\n`);
    }
    expect(await connection.chunk()).toBe('');
    endpoints.accepted[0]!.send('later');
    const next = await stream('a/xhr_streaming');
    expect(await next.chunk()).toBe('a["later"]\n');
  });

  it.each([
    ['eventsource', 'data: a["', '"]\r\n\r\n'],
    ['htmlfile?c=c', '<script>\np("a[\\"', '\\"]");\n</script>\r\n'],
  ])('ends %s after a larger message', async (name, before, after) => {
    const connection = await stream(`a/${name}`, {});
    await connection.chunk();
    await send('a', 'x'.repeat(4096));
    expect(await connection.chunk()).toBe(`${before}${'x'.repeat(4096)}${after}`);
    expect(await connection.chunk()).toBe('');
  });
});

describe('bytes that wait', () => {
  it('count until a receiver has sent them', async () => {
    const echo = await open('a');
    echo.send('x');
    echo.send('yz');
    expect(echo.connection.bufferedBytes).toBe(',"x","yz"'.length);
    expect(echo.entries).toEqual([]);
    expect(await poll('a/xhr')).toBe('a["x","yz"]\n');
    await echo.until('drained');
    expect(echo.connection.bufferedBytes).toBe(0);
  });

  /** A response that has ended, but that its client does not read. */
  async function unreadResponse(): Promise<{ ended: RawConnection; echo: Echo }> {
    const ended = await stream('a/xhr_streaming');
    const echo = endpoints.accepted[0]!;
    ended.socket.pause();
    echo.send('x'.repeat(50_000_000));
    return { ended, echo };
  }

  it('count in a response that has ended, also when another receiver follows', async () => {
    const { ended, echo } = await unreadResponse();
    const { bufferedBytes } = echo.connection;
    expect(bufferedBytes).toBeGreaterThan(0);
    const next = await stream('a/xhr_streaming');
    echo.send('y');
    expect(await next.chunk()).toBe('a["y"]\n');
    expect(echo.connection.bufferedBytes).toBe(bufferedBytes);
    expect(echo.entries).toEqual([]);
    ended.socket.resume();
    await echo.until('drained');
    expect(echo.connection.bufferedBytes).toBe(0);
  });

  it('are dropped at the end of the session, also in responses that have ended', async () => {
    const { ended, echo } = await unreadResponse();
    const next = await stream('a/xhr_streaming');
    echo.connection.terminate();
    await next.end();
    ended.socket.resume();
    await ended.end();
    expect(echo.connection.bufferedBytes).toBe(0);
  });

  it('count while a client reads one byte at a time, and all arrive', async () => {
    const connection = await stream('a/xhr_streaming');
    await connection.chunk();
    const echo = endpoints.accepted[0]!;
    connection.socket.pause();
    for (let i = 0; i < 60; i++) echo.send(`${i}`.padEnd(500));
    const text = await connection.readBytes('59 ');
    expect(text.match(/a\["\d+/g)).toEqual(Array.from({ length: 60 }, (_, i) => `a["${i}`));
    expect(echo.connection.bufferedBytes).toBe(0);
  });
});

describe('reading', () => {
  it('stops while paused: requests wait, and their messages keep their order', async () => {
    const echo = await open('a');
    echo.connection.pause();
    const first = begin('a/xhr_send', { ...post, body: '["1","2"]' });
    await turns();
    const second = begin('a/xhr_send', { ...post, body: '["3"]' });
    await turns();
    expect(echo.entries).toEqual([]);
    echo.connection.resume();
    expect([(await first.answer()).status, (await second.answer()).status]).toEqual([204, 204]);
    expect(echo.entries).toEqual(['data 1', 'data 2', 'data 3']);
  });

  it('stops within a request, which is answered when its last message is delivered', async () => {
    const echo = await open('a');
    const data = echo.data.bind(echo);
    echo.data = (chunk) => {
      data(chunk);
      echo.connection.pause();
    };
    const request = begin('a/xhr_send', { ...post, body: '["1","2"]' });
    await echo.until('data 1');
    await turns();
    expect(echo.entries).toEqual(['data 1']);
    echo.connection.resume();
    expect((await request.answer()).status).toBe(204);
    expect(echo.entries).toEqual(['data 1', 'data 2']);
  });

  it('is limited to 16 requests at a time', async () => {
    const echo = await open('a');
    echo.connection.pause();
    const waiting = Array.from({ length: 16 }, () =>
      begin('a/xhr_send', { ...post, body: '["x"]' }),
    );
    await turns(30);
    expect(await send('a', 'y')).toBe(429);
    echo.connection.resume();
    for (const request of waiting) expect((await request.answer()).status).toBe(204);
    expect(await send('a', 'z')).toBe(204);
  });

  it('ends with the session: requests that wait or are half sent are answered with 404', async () => {
    const echo = await open('a');
    const half = begin('a/xhr_send', {
      ...post,
      headers: { 'Content-Length': '100' },
      body: '["x',
    });
    await turns();
    echo.connection.pause();
    const waiting = begin('a/xhr_send', { ...post, body: '["x"]' });
    await turns();
    echo.connection.close(3000, '');
    expect([(await half.answer()).status, (await waiting.answer()).status]).toEqual([404, 404]);
    await half.end();
    expect(echo.entries).toEqual([]);
  });

  it('is answered with 204 if its last message ends the session, and with 404 if an earlier one does', async () => {
    const closeAtData = async (id: string) => {
      const echo = await open(id);
      echo.data = () => echo.connection.close(3000, '');
    };
    await closeAtData('a');
    expect(await send('a', 'last')).toBe(204);
    await closeAtData('b');
    expect(await send('b', 'x', 'last')).toBe(404);
  });

  it('of a message above the limit ends the session with 1009, after the messages before it', async () => {
    const echo = await open('a');
    expect(await send('a', 'x', 'y'.repeat(1_000_001), 'z')).toBe(404);
    expect(await poll('a/xhr')).toBe('a["x"]\n');
    expect(await poll('a/xhr')).toBe('c[1009,"frame-too-large"]\n');
    await echo.until('closed 1009 frame-too-large');
    expect(echo.entries).not.toContain('data z');
  });

  it.each([
    ['xhr_send', { 'Content-Length': '9' }, '["x"]'],
    ['xhr_send', { 'Transfer-Encoding': 'chunked' }, '5\r\n["x"]\r\n'],
    ['xhr_send', { 'Transfer-Encoding': 'chunked' }, '5\r\n["x'],
    ['xhr_send', { 'Transfer-Encoding': 'chunked' }, '5\r\n["x"]\r\nzz\r\n'],
    ['jsonp_send', { 'Content-Length': '9' }, 'd=["x"]'],
    ['jsonp_send', { 'Transfer-Encoding': 'chunked' }, '7\r\nd=["x"]\r\n'],
  ])('of a half-sent body that is aborted delivers nothing: %s %j', async (name, headers, body) => {
    const echo = await open('a');
    const half = begin(`a/${name}`, { ...post, headers, body });
    await turns();
    half.close();
    await turns();
    expect(await send('a', 'y')).toBe(204);
    expect(echo.entries).toEqual(['data y']);
  });
});

describe('a client', () => {
  const from = (address: string, others = {}) => ({
    ...post,
    headers: { 'X-Forwarded-For': address, ...others },
  });

  it('is known by its address: others get 404', async () => {
    await restart({ trustedProxies: ['127.0.0.1'] });
    const own = (name: string, parts = {}) => begin(`a/${name}`, { ...from('10.0.0.1'), ...parts });
    const other = (name: string, parts = {}) =>
      begin(`a/${name}`, { ...from('10.0.0.2'), ...parts });
    expect((await own('xhr').answer()).body).toBe('o\n');
    const body = '["x"]';
    expect((await other('xhr_send', { body }).answer()).status).toBe(404);
    expect((await other('xhr').answer()).status).toBe(404);
    expect((await other('xhr_streaming').answer()).status).toBe(404);
    expect((await own('xhr_send', { body }).answer()).status).toBe(204);
    expect(endpoints.accepted).toHaveLength(1);
    expect(endpoints.accepted[0]!.connection.handshake.remoteAddress).toBe('10.0.0.1');
  });

  it('is known by a secret cookie where there are cookies', async () => {
    await restart({ options: { sessionCookie: true } });
    const { headers } = await begin('a/xhr', post).answer();
    const [session, secret = ''] = headers['set-cookie']!.split('\n');
    expect(session).toBe('JSESSIONID=dummy; path=/');
    expect(secret).toMatch(/^signalbox-sockjs=[\w-]{22}; Path=\/echo; HttpOnly; SameSite=Lax$/);
    const cookie = secret.split(';')[0]!;
    const statusWith = async (Cookie: string) =>
      (await begin('a/xhr_send', { ...post, headers: { Cookie }, body: '["x"]' }).answer()).status;
    expect([
      await statusWith('x=y'),
      await statusWith(`${cookie}x`),
      await statusWith(cookie),
    ]).toEqual([404, 404, 204]);
    const again = await begin('b/xhr', {
      ...post,
      headers: { Cookie: `JSESSIONID=7; ${cookie}` },
    }).answer();
    expect(again.headers['set-cookie']).toBe('JSESSIONID=7; path=/');
  });

  it.each(['planted', 'x'.repeat(23), `${'x'.repeat(21)}%`])(
    'gets a secret cookie of the server in place of the value %s',
    async (value) => {
      await restart({ options: { sessionCookie: true } });
      const headers = { Cookie: `signalbox-sockjs=${value}` };
      const opened = await begin('a/xhr', { ...post, headers }).answer();
      expect(opened.headers['set-cookie']).toMatch(/\nsignalbox-sockjs=[\w-]{22};/);
      const sent = await begin('a/xhr_send', { ...post, headers, body: '["x"]' }).answer();
      expect(sent.status).toBe(404);
    },
  );

  it('behind a proxy with HTTPS gets a cookie that pages of other sites may send, and only the host may set', async () => {
    await restart({ options: { sessionCookie: true }, trustedProxies: ['127.0.0.1'] });
    const answerTo = (name: string, cookie: string) => {
      const request = from('10.0.0.1', { 'X-Forwarded-Proto': 'https', Cookie: cookie });
      return begin(`a/${name}`, { ...request, body: '["x"]' }).answer();
    };
    const planted = `signalbox-sockjs=${'x'.repeat(22)}`;
    const { headers } = await answerTo('xhr', planted);
    const secret = headers['set-cookie']!.split('\n')[1]!;
    expect(secret).toMatch(
      /^__Host-signalbox-sockjs=[\w-]{22}; Path=\/; HttpOnly; SameSite=None; Secure$/,
    );
    expect((await answerTo('xhr_send', planted)).status).toBe(404);
    expect((await answerTo('xhr_send', `${planted}; ${secret.split(';')[0]}`)).status).toBe(204);
  });

  it('has the handshake of the request that began its session', async () => {
    await begin('a/xhr?x=1', { ...post, headers: { 'X-Own': 'y' } }).answer();
    const { handshake } = endpoints.accepted[0]!.connection;
    expect(handshake).toMatchObject({
      url: '/echo/000/a/xhr?x=1',
      secure: false,
      subprotocol: undefined,
    });
    expect(handshake.headers.get('x-own')).toBe('y');
  });

  it.each([
    ['share', 429],
    ['limit', 503],
  ] as const)('is refused when the server has no room: %s', async (excess, status) => {
    endpoints.refuse({ code: 'session-limit', excess });
    const answer = await begin('a/xhr', post).answer();
    expect(answer).toMatchObject({ status, body: errorCodes['session-limit'].text });
    endpoints.refuse(undefined);
    expect(await poll('a/xhr')).toBe('o\n');
  });

  it('of a page that may not connect is logged once a minute', async () => {
    await restart({ allowedOrigins: [] });
    const headers = { Origin: 'https://evil.test' };
    for (let i = 0; i < 3; i++) await begin('a/xhr', { ...post, headers }).answer();
    expect(endpoints.warnings).toEqual([
      "A page of the origin 'https://evil.test' was refused; to accept it, add it to allowedOrigins of the endpoint.",
    ]);
  });
});

describe('requests behind others on one connection', () => {
  it('are answered in order', async () => {
    const connection = begin('a/xhr', post);
    connection.send(requestText('/echo/0/b/xhr_streaming', post));
    expect((await connection.answer()).body).toBe('o\n');
    await connection.head();
    expect([await connection.chunk(), await connection.chunk()]).toEqual([
      `${'h'.repeat(2048)}\n`,
      'o\n',
    ]);
  });

  it('begin no session when the connection ends before their turn', async () => {
    const connection = await stream('a/xhr_streaming');
    connection.send(requestText('/echo/0/b/xhr_streaming', post));
    await turns();
    connection.close();
    await endpoints.accepted[0]!.until('closed 1006 ');
    expect(endpoints.accepted).toHaveLength(1);
  });
});

describe('a transport that is closed', () => {
  it('begins no session, serves those that exist, and then gives its paths back', async () => {
    const echo = await open('a');
    await endpoints.transport.close();
    expect((await begin('b/xhr', post).answer()).status).toBe(503);
    expect(await ask(endpoints.port, '/echo/info')).toMatchObject({
      status: 503,
      body: 'The server is stopping.',
    });
    expect(await send('a', 'x')).toBe(204);
    expect(await poll('a/xhr')).toBe('a["x"]\n');
    const waiting = begin('a/xhr', post);
    await turns();
    echo.connection.close(1001, 'bye');
    expect((await waiting.answer()).body).toBe('c[1001,"bye"]\n');
    await echo.until('closed 1001 bye');
    expect((await ask(endpoints.port, '/echo')).body).toBe('the application');
  });
});

describe('many sessions', () => {
  it('that are opened and abandoned leave nothing behind', async () => {
    const connection = begin('0/xhr', post);
    await connection.answer();
    const count = 10_000;
    for (let i = 1; i < count; i += 100) {
      const paths = Array.from(
        { length: Math.min(100, count - i) },
        (_, j) => `/echo/0/${i + j}/xhr`,
      );
      connection.send(paths.map((path) => requestText(path, post)).join(''));
      for (const _ of paths) expect((await connection.answer()).body).toBe('o\n');
    }
    expect(endpoints.accepted).toHaveLength(count);
    await turns();
    expect(endpoints.clock.timers).toHaveLength(count);
    // In one step: the test clock would wait some turns for each of the timers.
    await endpoints.clock.advance(5000);
    expect(endpoints.accepted.every(({ entries }) => entries.at(-1) === 'closed 1006 ')).toBe(true);
    expect(endpoints.clock.timers).toHaveLength(0);
  });
});
