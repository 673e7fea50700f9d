// WebSocket over real sockets: the handshake, bytes in both directions, and every way to close.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { EncodedFrame } from '../../src/message/encoded-frame.js';
import { createClientReader } from '../../src/transport/forwarded.js';
import { httpHostOf } from '../../src/transport/http-host.js';
import { createOriginCheck } from '../../src/transport/origin.js';
import type { Connection, ConnectionRefusal, Transport } from '../../src/transport/transport.js';
import { webSocketTransport, type WebSocketOptions } from '../../src/transport/websocket.js';
import { testContext, type TestContext } from './context.js';
import { ClosingLog, turn } from './event-log.js';

const options: WebSocketOptions = {
  path: '/ws',
  subprotocol: (offered) => ['v12.stomp', 'v11.stomp'].find((each) => offered.has(each)),
  origin: createOriginCheck({}),
  client: createClientReader(),
};

let http: Server;
let transport: Transport;
let accepted: ClosingLog[];
let opened: TestContext;
let refusal: ConnectionRefusal | undefined;
let port: number;

const context = (
  accept = (connection: Connection) => void accepted.push(new ClosingLog(connection)),
) =>
  testContext(accept, {
    http: httpHostOf(http),
    gate: { refusal: () => refusal, begin: () => () => {} },
  });

beforeEach(async () => {
  accepted = [];
  refusal = undefined;
  http = createServer((_request, response) => void response.end('the application'));
  transport = webSocketTransport(options);
  opened = context();
  await transport.open(opened);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  port = (http.address() as AddressInfo).port;
});

afterEach(async () => {
  for (const { connection } of accepted) connection.terminate();
  await transport.close();
  http.closeAllConnections();
  http.close();
});

async function open(protocols: string[] = [], path = '/ws') {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols);
  const received: { data: Buffer; binary: boolean }[] = [];
  socket.on('message', (data: Buffer, binary) => void received.push({ data, binary }));
  const closed = once(socket, 'close') as Promise<[number, Buffer]>;
  await once(socket, 'open');
  const log = accepted.at(-1)!;
  return { socket, received, closed, log, connection: log.connection };
}

/** Resolves when the server has processed everything that the client has sent, and the client all answers. */
async function roundTrip(socket: WebSocket): Promise<void> {
  const pong = once(socket, 'pong');
  socket.ping();
  await pong;
}

const framed = (connection: Connection, content: string | number, binary = false) =>
  connection.framing.frame(
    new EncodedFrame(
      typeof content === 'string' ? Buffer.from(content) : Buffer.alloc(content, 'x'),
      binary,
    ),
  );

/** Sends HTTP lines; resolves with the whole answer when the server has closed the socket. */
async function raw(lines: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  let answer = '';
  socket.on('data', (data) => void (answer += data.toString()));
  await once(socket, 'close');
  return answer;
}

const upgrade = (...more: string[]) => [
  'GET /ws HTTP/1.1',
  `Host: 127.0.0.1:${port}`,
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  ...more,
];

describe('the handshake', () => {
  it('answers the first of our subprotocols that the client offers, or none', async () => {
    expect((await open(['v11.stomp', 'v12.stomp'])).socket.protocol).toBe('v12.stomp');
    expect((await open()).socket.protocol).toBe('');
  });

  it('accepts a client that offers only unknown subprotocols, and answers none', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write(`${upgrade('Sec-WebSocket-Protocol: foo').join('\r\n')}\r\n\r\n`);
    const [head] = (await once(socket, 'data')) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1\.1 101 /);
    expect(head.toString()).not.toMatch(/sec-websocket-protocol/i);
    socket.destroy();
  });

  it('is available on the connection', async () => {
    const { connection } = await open(['v12.stomp'], '/ws?token=1');
    expect(connection.handshake).toMatchObject({
      url: '/ws?token=1',
      subprotocol: 'v12.stomp',
      secure: false,
      remoteAddress: '127.0.0.1',
    });
    expect(connection.handshake.headers.get('host')).toBe(`127.0.0.1:${port}`);
  });

  it('accepts the whole URL of an endpoint, as for a proxy', async () => {
    const socket = connect(port, '127.0.0.1');
    const lines = upgrade().with(0, 'GET HTTP://app.test:80/ws?token=1 HTTP/1.1');
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    const [head] = (await once(socket, 'data')) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1\.1 101 /);
    expect(accepted.at(-1)!.connection.handshake.url).toBe('/ws?token=1');
    socket.destroy();
  });

  it('rejects clients with 503 when the server is full, and with 429 when their address has too many', async () => {
    refusal = { code: 'session-limit', excess: 'limit' };
    expect(await raw(upgrade())).toMatch(
      /^HTTP\/1\.1 503 Service Unavailable\r\n[^]*The limit of sessions is reached\.$/,
    );
    refusal = { code: 'handshake-limit', excess: 'share' };
    expect(await raw(upgrade())).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n/);
    expect(accepted).toEqual([]);
  });

  it('rejects foreign origins with 403 and an empty body', async () => {
    const answer = await raw(upgrade('Origin: https://evil.test'));
    expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n[^]*\r\n\r\n$/);
    expect(accepted).toEqual([]);
  });

  it('logs the first refused origin in a minute, and the option that accepts it', async () => {
    await raw(upgrade('Origin: https://evil.test'));
    await raw(upgrade('Origin: https://other.test'));
    await opened.clock.advance(60_000);
    await raw(upgrade(`Origin: https://${'x'.repeat(5000)}.test`));
    expect(opened.warnings).toHaveLength(2);
    expect(opened.warnings[0]).toBe(
      "A page of the origin 'https://evil.test' was refused; to accept it, add it to allowedOrigins of the endpoint.",
    );
    expect(opened.warnings[1]).toContain(' Similar lines omitted since the last one: 1.');
    expect(opened.warnings[1]!.length).toBeLessThan(400);
  });

  it('names trustedProxies in the log when a proxy that is not listed has forwarded the request', async () => {
    await raw(upgrade('Origin: https://app.test', 'X-Forwarded-Proto: https'));
    expect(opened.warnings[0]).toBe(
      "A page of the origin 'https://app.test' was refused; to accept it, add it to allowedOrigins of the endpoint. A proxy has forwarded the request: if this is the address of your own page, list the proxy in trustedProxies.",
    );
  });

  it('rejects other WebSocket versions with 426, and names protocol and version', async () => {
    const lines = upgrade().map((line) => line.replace('Version: 13', 'Version: 8'));
    const answer = await raw(lines);
    expect(answer).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/);
    for (const header of [
      'Upgrade: websocket',
      'Connection: Upgrade, close',
      'Sec-WebSocket-Version: 13',
    ])
      expect(answer).toContain(`\r\n${header}\r\n`);
  });

  it('rejects other methods with 405', async () => {
    const lines = upgrade().map((line) => line.replace('GET', 'POST'));
    expect(await raw(lines)).toMatch(/^HTTP\/1\.1 405 [^]*Allow: GET/);
  });

  it('rejects unclaimed paths with 404, and leaves plain requests to the application', async () => {
    const lines = upgrade().map((line) => line.replace('/ws', '/elsewhere'));
    expect(await raw(lines)).toMatch(/^HTTP\/1\.1 404 /);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('the application');
  });

  it('leaves upgrades of other paths to a listener of the application', async () => {
    const own = new WebSocketServer({ noServer: true });
    http.on('upgrade', (request, socket, head) => {
      if (request.url === '/own')
        own.handleUpgrade(request, socket, head, (each) => each.send('own'));
    });
    const socket = new WebSocket(`ws://127.0.0.1:${port}/own`);
    const [data] = (await once(socket, 'message')) as [Buffer];
    expect(data.toString()).toBe('own');
    socket.terminate();
    await open();
  });

  it('belongs to one transport per path, until that transport closes', async () => {
    expect(() => webSocketTransport(options).open(context())).toThrow(
      `'/ws' is already an endpoint`,
    );
    await transport.close();
    expect(await raw(upgrade())).toMatch(/^HTTP\/1\.1 503 /);
    await webSocketTransport(options).open(context());
    await open();
  });

  it('needs an HTTP server', () => {
    expect(() => webSocketTransport(options).open(testContext(() => {}))).toThrow(
      expect.objectContaining({
        code: 'listen-failed',
        message: "The WebSocket endpoint '/ws' needs an HTTP server.",
      }),
    );
  });
});

describe('bytes', () => {
  it('arrive from text, binary and fragmented messages, each as one chunk', async () => {
    const { socket, log } = await open();
    socket.send('text');
    socket.send(Buffer.from('binary'));
    socket.send('fir', { fin: false });
    socket.send('st', { fin: true });
    await log.until('data first');
    expect(log.entries).toEqual(['data text', 'data binary', 'data first']);
  });

  /** Opens the transport again, with another limit. */
  async function limitMessages(maxMessageBytes: number): Promise<void> {
    await transport.close();
    await transport.open({ ...context(), limits: { maxMessageBytes } });
  }

  it.each([
    { maxMessageBytes: 1000, fragments: 128 },
    { maxMessageBytes: 1024 * 1024, fragments: 512 },
  ])(
    'may arrive in $fragments fragments where a message may have $maxMessageBytes bytes, and not in more',
    async ({ maxMessageBytes, fragments }) => {
      await limitMessages(maxMessageBytes);
      const { socket, log } = await open();
      const send = (count: number) => {
        for (let i = 1; i <= count; i++) socket.send('x', { fin: i === count });
      };
      send(fragments);
      await log.until(`data ${'x'.repeat(fragments)}`);
      send(fragments + 1);
      await log.until('closed 1008 ');
    },
  );

  it('may not arrive in more reads than one for each 512 bytes of the limit', async () => {
    await limitMessages(1024 * 1024);
    const { socket } = await open();
    const { _socket: client } = socket as unknown as { readonly _socket: Socket };
    client.setNoDelay(true);
    const head = Buffer.alloc(14);
    head[0] = 0x82;
    head[1] = 0xff;
    head.writeBigUInt64BE(1024n * 1024n, 2);
    client.write(head);
    let closed: number | undefined;
    socket.on('close', (code) => (closed = code));
    for (let reads = 0; reads < 10_000 && closed === undefined; reads++) {
      client.write('x');
      await turn();
    }
    expect(closed).toBe(1008);
  });

  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 200_000])(
    'leave in one WebSocket frame of %d bytes, as text or as binary',
    async (size) => {
      const { socket, connection, received } = await open();
      for (const binary of [false, true]) connection.write(framed(connection, size, binary));
      await roundTrip(socket);
      expect(received.map(({ data, binary }) => [data.length, binary])).toEqual([
        [size, false],
        [size, true],
      ]);
    },
  );

  it.each([
    ['writes above the high-water mark', 60_000, 1],
    ['writes below the high-water mark', 1000, 2000],
  ])(
    'wait for a client that does not read, then are reported as `drained`: %s',
    async (_, size, burst) => {
      const { socket, connection, log } = await open();
      socket.pause();
      const frame = framed(connection, size);
      while (connection.bufferedBytes === 0) {
        for (let n = 0; n < burst && connection.bufferedBytes === 0; n++) connection.write(frame);
        await turn();
      }
      expect(log.entries.filter((entry) => entry !== 'drained')).toEqual([]);
      log.entries.length = 0;
      socket.resume();
      await log.until('drained');
      await roundTrip(socket);
      expect([log.entries, connection.bufferedBytes]).toEqual([['drained'], 0]);
    },
  );

  it('that are written in `drained` are reported as `drained` too', async () => {
    const { socket, connection, log } = await open();
    const fill = () => {
      const frame = framed(connection, 1000);
      for (let n = 0; n < 20_000 && connection.bufferedBytes === 0; n++) connection.write(frame);
    };
    let refills = 3;
    connection.listen({
      data: () => {},
      ended: () => {},
      held: () => true,
      drained: () => {
        log.add('drained');
        if (refills-- > 0) fill();
      },
      ponged: () => {},
      closed: () => {},
    });
    socket.pause();
    fill();
    connection.write(framed(connection, 200_000));
    socket.resume();
    await log.when(({ length }) => length === 4);
    await roundTrip(socket);
    expect([log.entries.length, connection.bufferedBytes]).toEqual([4, 0]);
  });

  it('of a lost socket are not reported as `drained`', async () => {
    const { socket, connection, log } = await open();
    socket.pause();
    const frame = framed(connection, 1000);
    for (let n = 0; n < 100_000 && connection.bufferedBytes === 0; n++) connection.write(frame);
    connection.terminate();
    await log.until('closed 1006 ');
    await turn();
    expect(log.entries).toEqual(['closed 1006 ']);
  });

  it('are not read while the connection is paused', async () => {
    const { socket, connection, log } = await open();
    connection.pause();
    socket.send('later');
    // The other client's frame arrives later, so the first one would have arrived by then.
    const other = await open();
    other.socket.send('meanwhile');
    await other.log.until('data meanwhile');
    expect(log.entries).toEqual([]);
    connection.resume();
    await log.until('data later');
  });

  it('can be pings and pongs', async () => {
    const { connection, log } = await open();
    expect(connection.ping()).toBe(true);
    await log.until('ponged');
    expect(log.entries).toEqual(['ponged']);
  });

  it('a ping is answered with its data', async () => {
    const { socket } = await open();
    const pong = once(socket, 'pong') as Promise<[Buffer]>;
    socket.ping('data of the ping');
    expect(String((await pong)[0])).toBe('data of the ping');
  });
});

/** A short frame of a client, with a mask of 0. */
function frameOf(opcode: number, content: string | Buffer = ''): Buffer {
  const data = Buffer.from(content as string);
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | data.length, 0, 0, 0, 0]), data]);
}

describe('many pings', () => {
  /** Each ping has its number as two bytes of data. */
  const pings = (count: number) =>
    Buffer.concat(
      Array.from({ length: count }, (_, n) => frameOf(9, Buffer.from([n >>> 8, n & 0xff]))),
    );

  it('that arrive in one read, as after a pause, are answered with the data of the last one', async () => {
    const { socket, connection, log } = await open();
    const last = new Promise<void>((resolve) =>
      socket.on('pong', (data) => {
        if (data.readUInt16BE() === 999) resolve();
      }),
    );
    connection.pause();
    (socket as unknown as { readonly _socket: Socket })._socket.write(pings(1000));
    const other = await open();
    await roundTrip(other.socket);
    connection.resume();
    await last;
    expect(log.entries).toEqual([]);
  });

  it('of a client that does not read keep one pong in memory, and close nothing', async () => {
    const { socket, connection, log } = await open();
    socket.pause();
    const frame = framed(connection, 100_000);
    for (let n = 0; n < 100_000 && connection.bufferedBytes === 0; n++) connection.write(frame);
    const before = connection.bufferedBytes;
    for (let n = 0; n < 1000; n++) socket.ping(Buffer.alloc(100));
    socket.send('after the pings');
    await log.until('data after the pings');
    expect(connection.bufferedBytes - before).toBeLessThanOrEqual(102);
    expect(log.entries).toEqual(['data after the pings']);
  });
});

describe('small frames of one read', () => {
  it.each([
    ['empty messages', frameOf(1)],
    ['messages of one byte', frameOf(1, '\n')],
    ['binary messages', frameOf(2, '\n')],
    ['pings', frameOf(9)],
    ['pongs', frameOf(10)],
  ])('are read in parts, at most 128 in each turn of the event loop: %s', async (_, frame) => {
    const { socket, connection, log } = await open();
    connection.pause();
    const last = frameOf(1, 'last');
    (socket as unknown as { readonly _socket: Socket })._socket.write(
      Buffer.concat([...Array<Buffer>(1280).fill(frame), last]),
    );
    const other = await open();
    await roundTrip(other.socket);
    let turns = 0;
    const count = () => {
      turns++;
      if (!log.entries.includes('data last')) setImmediate(count);
    };
    connection.resume();
    setImmediate(count);
    await log.until('data last');
    expect(turns).toBeGreaterThanOrEqual(10);
    // One event in each turn would be too slow.
    expect(turns).toBeLessThan(100);
  });

  it('are read before the end of the connection is reported', async () => {
    const { socket, log } = await open();
    const raw = (socket as unknown as { readonly _socket: Socket })._socket;
    raw.end(Buffer.concat(Array<Buffer>(1000).fill(frameOf(2, 'x'))));
    await log.until('closed 1006 ');
    expect(log.entries.filter((entry) => entry === 'data x')).toHaveLength(1000);
  });
});

describe('a close', () => {
  it('by the server follows the written bytes, with code and reason', async () => {
    const { connection, received, closed, log } = await open();
    connection.write(framed(connection, 'last'));
    connection.close(1008, 'authenticate');
    connection.write(framed(connection, 'late'));
    const [code, reason] = await closed;
    expect([code, reason.toString(), received.map(({ data }) => data.toString())]).toEqual([
      1008,
      'authenticate',
      ['last'],
    ]);
    await log.until('closed 1008 authenticate');
    expect(log.entries).toEqual(['closed 1008 authenticate']);
  });

  it('has as much of a long reason as a close frame can contain', async () => {
    const { connection, closed } = await open();
    connection.close(1008, 'é'.repeat(100));
    expect((await closed).map(String)).toEqual(['1008', 'é'.repeat(61)]);
  });

  it.each([1005, 1006, 999])('has no code when %d may not be sent', async (unsendable) => {
    const { connection, closed } = await open();
    connection.close(unsendable, 'reason');
    expect((await closed).map(String)).toEqual(['1005', '']);
  });

  it('by the client is reported with its code, a lost client with 1006', async () => {
    const closing = await open();
    closing.socket.close(4000, 'enough');
    const vanishing = await open();
    vanishing.socket.terminate();
    await closing.log.until('closed 4000 enough');
    await vanishing.log.until('closed 1006 ');
    expect([closing.log.entries, vanishing.log.entries]).toEqual([
      ['closed 4000 enough'],
      ['closed 1006 '],
    ]);
  });

  it('destroys the connection of a client that does not answer', async () => {
    const { socket, connection, log } = await open();
    socket.pause();
    connection.close(4500, 'slow-consumer');
    await log.until('closed 1006 ');
    expect(log.entries).toEqual(['closed 1006 ']);
  });

  it('has code 1009 after a message beyond the limit', async () => {
    const { socket, closed, log } = await open();
    socket.send('x'.repeat(1001));
    const [code, reason] = await closed;
    expect([code, String(reason)]).toEqual([1009, 'frame-too-large']);
    await log.until('closed 1009 frame-too-large');
    expect(log.entries).toEqual(['ended 1009', 'closed 1009 frame-too-large']);
  });

  it('has code 1007 after text that is not UTF-8, and follows the messages before it', async () => {
    const { socket, closed, log } = await open();
    socket.send('before');
    socket.send(Buffer.from([0xff]), { binary: false });
    socket.send('after');
    expect((await closed)[0]).toBe(1007);
    await log.when(({ length }) => length === 3);
    expect(log.entries.slice(0, 2)).toEqual(['data before', 'ended 1007']);
  });

  it('has code 1007 after a close frame whose reason is not UTF-8', async () => {
    const { socket, closed, log } = await open();
    const raw = (socket as unknown as { readonly _socket: Socket })._socket;
    raw.write(Buffer.from([0x88, 0x83, 0, 0, 0, 0, 0x03, 0xe8, 0xff]));
    expect((await closed)[0]).toBe(1007);
    await log.when((entries) => entries.some((entry) => entry.startsWith('closed 1007')));
  });

  it('has code 1011 when the server cannot accept a connection, and the error is logged', async () => {
    await transport.close();
    const failing = context(() => {
      throw new Error('boom');
    });
    transport = webSocketTransport(options);
    await transport.open(failing);
    for (const count of [1, 2]) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
      const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
      expect([code, reason.toString()]).toEqual([1011, 'internal-error']);
      expect(failing.errors).toHaveLength(count);
    }
    expect(failing.errors[0]).toBe('The server could not accept a new connection. boom');
  });
});
