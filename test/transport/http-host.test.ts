// Claims on an HTTP server: which listener answers a path, the rights of the application, and the release of a path.
import { errorMonitor, once, type EventEmitter } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  httpHostOf,
  rejectUpgrade,
  type HttpHost,
  type RequestListener,
  type UpgradeListener,
} from '../../src/transport/http-host.js';

let http: Server;
let host: HttpHost;

beforeEach(async () => {
  http = createServer((_request, response) => void response.end('application'));
  host = httpHostOf(http);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
});

afterEach(() => {
  http.closeAllConnections();
  http.close();
});

/** Answers with a status that shows which listener answered. */
const rejectWith =
  (status: number): UpgradeListener =>
  (_request, socket) =>
    rejectUpgrade(socket, status);

const answerWith =
  (text: string): RequestListener =>
  (_request, response) =>
    void response.end(text);

/** Requests an upgrade; the client never ends its side. */
async function requestUpgrade(path: string) {
  const { port } = http.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  );
  let text = '';
  socket.on('data', (data) => void (text += data.toString()));
  await once(socket, 'end');
  return { socket, text, status: Number(text.split(' ')[1]) };
}

async function answerOf(path: string): Promise<string> {
  const { socket, text } = await requestUpgrade(path);
  socket.destroy();
  return text;
}

async function statusOf(path: string): Promise<number> {
  const { socket, status } = await requestUpgrade(path);
  socket.destroy();
  return status;
}

async function get(path: string): Promise<string> {
  const { port } = http.address() as AddressInfo;
  return (await fetch(`http://127.0.0.1:${port}${path}`)).text();
}

describe('a claim of upgrades', () => {
  it('covers its path without the query, and shares one listener with other claims', async () => {
    host.claimUpgrades('/a', rejectWith(403));
    host.claimUpgrades('/b', rejectWith(405));
    expect(http.listenerCount('upgrade')).toBe(1);
    expect([
      await statusOf('/a?x=/b'),
      await statusOf('/b'),
      await statusOf('/a/'),
      await statusOf('/'),
    ]).toEqual([403, 405, 404, 404]);
  });

  it('answers 503 after its release, also when it was the last one', async () => {
    const releases = [
      host.claimUpgrades('/a', rejectWith(403)),
      host.claimUpgrades('/b/**', rejectWith(403)),
    ];
    releases[0]!();
    expect([await statusOf('/a'), await statusOf('/b/c')]).toEqual([503, 403]);
    releases[1]!();
    expect([await statusOf('/a'), await statusOf('/b/c'), await statusOf('/c')]).toEqual([
      503, 503, 404,
    ]);
    expect(await get('/a')).toBe('application');
  });

  it('is released only once, so that it does not release a later claim of the path', async () => {
    host.claimUpgrades('/kept', rejectWith(403));
    const release = host.claimUpgrades('/a', rejectWith(403));
    release();
    host.claimUpgrades('/a', rejectWith(405));
    release();
    expect(await statusOf('/a')).toBe(405);
  });

  it('can begin again after the last release', async () => {
    host.claimUpgrades('/a', rejectWith(403))();
    host.claimUpgrades('/a', rejectWith(405));
    expect(await statusOf('/a')).toBe(405);
  });
});

/** Sends each request on the same connection when the previous one is answered; resolves with the statuses and bodies. */
async function answersTo(...requests: readonly (readonly string[])[]): Promise<readonly string[]> {
  const { port } = http.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  const answers: string[] = [];
  for (const parts of requests) {
    for (const part of parts) {
      socket.write(part);
      await new Promise((resolve) => setImmediate(resolve));
    }
    let text = '';
    // The application ends its answers with a semicolon.
    while (!text.endsWith(';')) text += String(await once(socket, 'data'));
    const [head = '', body] = text.split('\r\n\r\n');
    answers.push(`${head.split(' ')[1]} ${body}`);
  }
  socket.destroy();
  return answers;
}

/** Sends all bytes at once; resolves with the text of this many answers. */
async function answersToPipelined(requests: string, count: number): Promise<string> {
  const { port } = http.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  socket.write(requests);
  let text = '';
  while (text.split(';').length <= count) text += String(await once(socket, 'data'));
  socket.destroy();
  return text;
}

const h2c = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk';

describe('an upgrade to another protocol than WebSocket', () => {
  beforeEach(() => {
    http.removeAllListeners('request');
    host.claimUpgrades('/a', rejectWith(403));
    http.on('request', (request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => response.end(`${request.method} ${request.url} ${body};`));
    });
  });

  it.each(['/page', '/a'])(
    'is ignored: the application answers the request of %s',
    async (path) => {
      const request = `GET ${path} HTTP/1.1\r\nHost: x\r\n${h2c}\r\n\r\n`;
      expect(await answersTo([request])).toEqual([`200 GET ${path} ;`]);
    },
  );

  it('keeps the connection alive, also for further upgrades and plain requests', async () => {
    const upgraded = (i: number) => `GET /${i} HTTP/1.1\r\nHost: x\r\n${h2c}\r\n\r\n`;
    const plain = 'GET /3 HTTP/1.1\r\nHost: x\r\n\r\n';
    expect(await answersTo([upgraded(1)], [upgraded(2)], [plain])).toEqual([
      '200 GET /1 ;',
      '200 GET /2 ;',
      '200 GET /3 ;',
    ]);
  });

  it.each<[name: string, requests: readonly string[]]>([
    ['upgrades', [h2c, h2c, h2c]],
    ['an upgrade behind plain requests', ['X: 1', 'X: 2', h2c]],
    ['plain requests behind an upgrade', [h2c, 'X: 1', 'X: 2']],
  ])('that is pipelined is answered, and all answers keep their order: %s', async (_, requests) => {
    const received = requests.map(
      (headers, i) => `GET /${i} HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n`,
    );
    const text = await answersToPipelined(received.join(''), received.length);
    expect(text.match(/GET \/\d ;/g)).toEqual(['GET /0 ;', 'GET /1 ;', 'GET /2 ;']);
  });

  it('that is pipelined waits for a slow answer, and is not on the timeout of an idle connection', async () => {
    let answerFirst: (() => void) | undefined;
    const timeouts: (number | undefined)[] = [];
    host.claimRequests('/slow/**', ({ url, socket }, response) => {
      const answer = () => void response.end(`answer to ${url};`);
      timeouts.push(socket.timeout);
      if (answerFirst === undefined) answerFirst = answer;
      else answer();
    });
    const request = (i: number, headers: string) =>
      `GET /slow/${i} HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n`;
    const text = answersToPipelined(request(1, 'X: 1') + request(2, h2c) + request(3, h2c), 3);
    await once(http, 'upgrade');
    answerFirst!();
    expect((await text).match(/answer to [^;]*;/g)).toEqual([
      'answer to /slow/1;',
      'answer to /slow/2;',
      'answer to /slow/3;',
    ]);
    expect(timeouts.map((timeout) => timeout ?? 0)).toEqual([0, 0, 0]);
  });

  it('keeps the body of the request', async () => {
    const head = `POST /page HTTP/1.1\r\nHost: x\r\n${h2c}\r\nContent-Length: 5\r\n\r\n`;
    expect(await answersTo([`${head}he`, 'llo'])).toEqual(['200 POST /page hello;']);
  });

  it('shows the application the request without the upgrade, and with its other headers', async () => {
    const seen = once(http, 'request') as Promise<[IncomingMessage]>;
    const connection = 'Connection: keep-alive, Upgrade\r\nUpgrade: h2c\r\nX-Name: \xe9';
    await answersTo([`GET /page HTTP/1.1\r\nHost: x\r\n${connection}\r\n\r\n`]);
    const [{ headers }] = await seen;
    expect(headers).toEqual({ host: 'x', connection: 'keep-alive', 'x-name': 'Ã©' });
  });

  it('is passed to a listener of the application', async () => {
    http.on('upgrade', (request, socket) => {
      if (request.headers.upgrade === 'h2c') rejectUpgrade(socket, 405);
    });
    const { port } = http.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    socket.write(`GET /page HTTP/1.1\r\nHost: x\r\n${h2c}\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 405 /);
  });
});

describe('a WebSocket upgrade behind an unanswered request', () => {
  it('is answered after the request', async () => {
    let answer: (() => void) | undefined;
    host.claimUpgrades('/a', rejectWith(403));
    host.claimRequests('/b', (_request, response) => {
      answer = () => void response.end('the page');
    });
    const { port } = http.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    const upgraded = once(http, 'upgrade');
    socket.write('GET /b HTTP/1.1\r\nHost: x\r\n\r\n');
    socket.write('GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    let text = '';
    socket.on('data', (data) => void (text += data.toString()));
    await upgraded;
    answer!();
    await once(socket, 'close');
    expect(text).toMatch(/^HTTP\/1\.1 200 [^]*the pageHTTP\/1\.1 403 /);
  });

  it('is dropped when the client has left', async () => {
    let answer: (() => void) | undefined;
    const upgrades: string[] = [];
    host.claimUpgrades('/a', ({ url }) => void upgrades.push(url!));
    host.claimRequests('/b', (_request, response) => {
      answer = () => void response.end('the page');
    });
    const { port } = http.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    const accepted = once(http, 'connection') as Promise<[Socket]>;
    const upgraded = once(http, 'upgrade');
    socket.write(
      'GET /b HTTP/1.1\r\nHost: x\r\n\r\nGET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    await upgraded;
    const [server] = await accepted;
    // `once` would reject, and would handle the error in place of the host.
    const closed = new Promise((resolve) => server.on('close', resolve));
    server.destroy(new Error('reset'));
    await closed;
    answer!();
    await new Promise((resolve) => setImmediate(resolve));
    expect(upgrades).toEqual([]);
  });
});

describe('an upgrade behind an unanswered request of a client that resets the connection', () => {
  it.each([
    ['/a', 'websocket'],
    ['/nowhere', 'websocket'],
    ['/a', 'h2c'],
  ])('of %s to %s causes no error without a listener', async (path, protocol) => {
    let answer: (() => void) | undefined;
    host.claimUpgrades('/a', rejectWith(403));
    host.claimRequests('/b', (_request, response) => {
      answer = () => void response.end('the page');
    });
    const { port } = http.address() as AddressInfo;
    const client = connect(port, '127.0.0.1');
    const accepted = once(http, 'connection') as Promise<[Socket]>;
    const upgraded = once(http, 'upgrade');
    client.write(
      `GET /b HTTP/1.1\r\nHost: x\r\n\r\nGET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`,
    );
    await upgraded;
    const [server] = await accepted;
    const listeners: number[] = [];
    const emitter: EventEmitter = server;
    emitter.on(errorMonitor, () => void listeners.push(server.listenerCount('error')));
    client.resetAndDestroy();
    await once(client, 'close');
    // The write of the answer fails, and with it the socket; `once` would handle the error.
    const closed = new Promise((resolve) => server.on('close', resolve));
    answer!();
    await closed;
    expect(listeners).toEqual([1]);
  });
});

it('adds one listener for errors to a socket, for all its upgrades', async () => {
  host.claimUpgrades('/a', rejectWith(403));
  const counts: number[] = [];
  http.removeAllListeners('request');
  http.on('request', ({ socket }, response) => {
    counts.push(socket.listenerCount('error'));
    response.end('answer;');
  });
  const request = `GET /page HTTP/1.1\r\nHost: x\r\n${h2c}\r\n\r\n`;
  await answersTo([request], [request], [request]);
  expect(new Set(counts).size).toBe(1);
});

describe('a claim of requests', () => {
  it('covers its path without the query, and leaves other paths to the application', async () => {
    host.claimRequests('/a', answerWith('a'));
    expect([await get('/a?x=1'), await get('/a/b'), await get('/')]).toEqual([
      'a',
      'application',
      'application',
    ]);
  });

  it('has priority over listeners that the application adds later', async () => {
    const seen: string[] = [];
    host.claimRequests('/a', answerWith('a'));
    http.on('request', ({ url }) => void seen.push(url!));
    expect([await get('/a'), await get('/b')]).toEqual(['a', 'application']);
    expect(seen).toEqual(['/b']);
  });

  it('is separate from a claim of upgrades', async () => {
    host.claimRequests('/a', answerWith('a'));
    host.claimUpgrades('/a', rejectWith(403));
    expect([await get('/a'), await statusOf('/a')]).toEqual(['a', 403]);
  });

  it('returns the path to the application, and restores the server', async () => {
    const emit = Reflect.get(http, 'emit') as unknown;
    const listeners = http.listeners('request');
    const releases = [
      host.claimRequests('/a', answerWith('a')),
      host.claimRequests('/b', answerWith('b')),
    ];
    releases[0]!();
    expect([await get('/a'), await get('/b')]).toEqual(['application', 'b']);
    releases[1]!();
    expect(await get('/b')).toBe('application');
    expect(Reflect.get(http, 'emit')).toBe(emit);
    expect(http.listeners('request')).toEqual(listeners);
  });
});

describe('a claim of all longer paths', () => {
  it('does not cover the path itself', async () => {
    host.claimRequests('/a/**', answerWith('below'));
    expect([
      await get('/a'),
      await get('/a/'),
      await get('/a/b'),
      await get('/a/b/c?d'),
      await get('/ab/c'),
    ]).toEqual(['application', 'application', 'below', 'below', 'application']);
  });

  it('may have variables before its end; the most specific one is used, after all without variables', async () => {
    for (const claim of ['/a/{x}/**', '/a/v{x}/**', '/a/fixed/**', '/a/{x}/end'])
      host.claimRequests(claim, answerWith(claim));
    const found = new Map<string, string>();
    const paths = ['/a/b/c', '/a/b/c/d', '/a/v1/c', '/a/fixed/c', '/a/b/end', '/a/b//'];
    for (const path of paths) found.set(path, await get(path));
    expect(Object.fromEntries(found)).toEqual({
      '/a/b/c': '/a/{x}/**',
      '/a/b/c/d': '/a/{x}/**',
      '/a/v1/c': '/a/v{x}/**',
      '/a/fixed/c': '/a/fixed/**',
      '/a/b/end': '/a/{x}/end',
      '/a/b//': '/a/{x}/**',
    });
    for (const path of ['/a/b', '/a/b/', '/a//c', '//a/b/c', '/b/b/c'])
      expect(await get(path)).toBe('application');
  });

  it('has a lower priority than exact and longer claims', async () => {
    host.claimRequests('/a/**', answerWith('below'));
    host.claimRequests('/a/b/**', answerWith('deeper'));
    host.claimRequests('/a/b', answerWith('exact'));
    expect([await get('/a/c'), await get('/a/b'), await get('/a/b/c')]).toEqual([
      'below',
      'exact',
      'deeper',
    ]);
  });
});

it.each(['/a', '/a/**'])('rejects a second claim of %s', (path) => {
  host.claimUpgrades(path, rejectWith(403));
  host.claimRequests(path, answerWith('a'));
  // The host belongs to the HTTP server, so that this holds for all signalbox servers on it.
  const other = httpHostOf(http);
  const rejection = expect.objectContaining({
    code: 'option-invalid',
    message: `The path '${path}' is already an endpoint of this HTTP server.`,
  }) as Error;
  expect(() => other.claimUpgrades(path, rejectWith(403))).toThrow(rejection);
  expect(() => other.claimRequests(path, answerWith('b'))).toThrow(rejection);
});

describe('a claim with variables', () => {
  it('has priority after exact claims, the most specific one first, and before those that end in **', async () => {
    host.claimUpgrades('/a/**', rejectWith(400));
    host.claimUpgrades('/a/{x}', rejectWith(403));
    host.claimUpgrades('/a/{x}/c', rejectWith(405));
    host.claimUpgrades('/a/exact', rejectWith(426));
    const paths = ['/a/exact', '/a/b?c=/d', '/a/b/c', '/a/b/c/d', '/a'];
    expect(await Promise.all(paths.map(statusOf))).toEqual([426, 403, 405, 400, 404]);
  });

  it('is released, and rejects a second claim', async () => {
    const release = host.claimRequests('/a/{x}', answerWith('claimed'));
    expect(() => host.claimRequests('/a/{x}', answerWith('b'))).toThrow("'/a/{x}' is already");
    expect(await get('/a/b')).toBe('claimed');
    release();
    expect(await get('/a/b')).toBe('application');
  });
});

describe('rejectUpgrade', () => {
  it('writes headers, lists of values and the body, and no body for 204', async () => {
    host.claimUpgrades('/a', (_request, socket) =>
      rejectUpgrade(socket, 401, { 'Set-Cookie': ['a=1', 'b=2'] }, 'é'),
    );
    host.claimUpgrades('/b', (_request, socket) => rejectUpgrade(socket, 204, {}, 'ignored'));
    expect(await answerOf('/a')).toBe(
      'HTTP/1.1 401 Unauthorized\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: close\r\nContent-Length: 2\r\n\r\né',
    );
    expect(await answerOf('/b')).toBe('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n');
  });

  it('closes all sockets, even if the client never ends its side', async () => {
    host.claimUpgrades('/a', rejectWith(403));
    const clients = [await requestUpgrade('/a'), await requestUpgrade('/nowhere')];
    const open = () =>
      new Promise<number>((resolve) => http.getConnections((_error, count) => resolve(count)));
    await expect.poll(open).toBe(0);
    for (const { socket } of clients) socket.destroy();
  });
});
