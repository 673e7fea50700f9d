// WebSocket over real sockets: the handshake, the octets both ways, and every way to end.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { EncodedFrame } from '../../src/message/encoded-frame.js';
import { createOriginCheck } from '../../src/transport/origin.js';
import type { Connection, Transport } from '../../src/transport/transport.js';
import { webSocketTransport } from '../../src/transport/websocket.js';

let http: Server;
let transport: Transport;
let accepted: { connection: Connection; log: string[] }[];
let port: number;

const settle = (turns = 5) =>
  Array.from({ length: turns }).reduce<Promise<unknown>>(
    (before) => before.then(() => new Promise((resolve) => setTimeout(resolve, 5))),
    Promise.resolve(),
  );

function accept(connection: Connection): void {
  const log: string[] = [];
  accepted.push({ connection, log });
  connection.listen({
    data: (chunk) => void log.push(`data ${Buffer.from(chunk).toString()}`),
    ended: (code, reason) => {
      log.push(`ended ${code}`);
      connection.close(code, reason);
    },
    drained: () => void log.push('drained'),
    ponged: () => void log.push('ponged'),
    closed: (code, reason) => void log.push(`closed ${code} ${reason}`),
  });
}

beforeEach(async () => {
  accepted = [];
  http = createServer((_request, response) => void response.end('the application'));
  transport = webSocketTransport({
    path: '/ws',
    http,
    subprotocol: (offered) => ['v12.stomp', 'v11.stomp'].find((each) => offered.has(each)),
    origin: createOriginCheck({}),
    maxMessageSize: 1000,
  });
  await transport.open(accept);
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
  const heard: { data: Buffer; binary: boolean }[] = [];
  socket.on('message', (data: Buffer, binary) => void heard.push({ data, binary }));
  const closed = once(socket, 'close') as Promise<[number, Buffer]>;
  await once(socket, 'open');
  return { socket, heard, closed, ...accepted.at(-1)! };
}

/** Says HTTP by hand; resolves with the whole answer when the server has ended the connection. */
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
  it('answers the first of ours that was offered, and none when none was', async () => {
    expect((await open(['v11.stomp', 'v12.stomp'])).socket.protocol).toBe('v12.stomp');
    expect((await open()).socket.protocol).toBe('');
  });

  it('accepts a client that offered only others, and names none', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write(`${upgrade('Sec-WebSocket-Protocol: foo').join('\r\n')}\r\n\r\n`);
    const [head] = (await once(socket, 'data')) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1\.1 101 /);
    expect(head.toString()).not.toMatch(/sec-websocket-protocol/i);
    socket.destroy();
  });

  it('tells the listener what it was', async () => {
    const { connection } = await open(['v12.stomp'], '/ws?token=1');
    expect(connection.handshake).toMatchObject({
      url: '/ws?token=1',
      subprotocol: 'v12.stomp',
      secure: false,
      remoteAddress: '127.0.0.1',
    });
    expect(connection.handshake.headers.get('host')).toBe(`127.0.0.1:${port}`);
  });

  it('refuses foreign origins with 403 and an empty body', async () => {
    const answer = await raw(upgrade('Origin: https://evil.test'));
    expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n[^]*\r\n\r\n$/);
    expect(accepted).toEqual([]);
  });

  it('refuses other versions with 426 and names 13', async () => {
    const lines = upgrade().map((line) => line.replace('Version: 13', 'Version: 8'));
    expect(await raw(lines)).toMatch(/^HTTP\/1\.1 426 [^]*Sec-WebSocket-Version: 13/);
  });

  it('refuses other methods with 405', async () => {
    const lines = upgrade().map((line) => line.replace('GET', 'POST'));
    expect(await raw(lines)).toMatch(/^HTTP\/1\.1 405 [^]*Allow: GET/);
  });

  it('refuses paths that nobody claims with 404, and leaves the rest to the application', async () => {
    const lines = upgrade().map((line) => line.replace('/ws', '/elsewhere'));
    expect(await raw(lines)).toMatch(/^HTTP\/1\.1 404 /);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('the application');
  });

  it("leaves other upgrades to an application's own listener", async () => {
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

  it('cannot claim a path twice, and gives it back', async () => {
    const options = {
      path: '/ws',
      http,
      subprotocol: () => undefined,
      origin: createOriginCheck({}),
      maxMessageSize: 10,
    };
    expect(() => webSocketTransport(options).open(accept)).toThrow(`'/ws' is an endpoint`);
    await transport.close();
    expect(http.listenerCount('upgrade')).toBe(0);
    await webSocketTransport(options).open(accept);
    await open();
  });
});

describe('octets', () => {
  it('come in as text and as binary, cut and joined', async () => {
    const { socket, log } = await open();
    socket.send('text');
    socket.send(Buffer.from('binary'));
    socket.send('fir', { fin: false });
    socket.send('st', { fin: true });
    await settle();
    expect(log).toEqual(['data text', 'data binary', 'data first']);
  });

  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 200_000])(
    'go out in one frame of %d octets, as text or as binary',
    async (size) => {
      const { connection, heard } = await open();
      for (const binary of [false, true]) {
        const encoded = new EncodedFrame(Buffer.alloc(size, 'x'), binary);
        connection.write(connection.framing.frame(encoded));
      }
      while (heard.length < 2) await settle(1);
      expect(heard.map(({ data, binary }) => [data.length, binary])).toEqual([
        [size, false],
        [size, true],
      ]);
    },
  );

  it.each([
    ['much', 60_000, 1],
    ['less than a high-water mark', 1000, 2000],
  ])(
    'wait while the client does not read, and say when they have left: %s',
    async (_, size, burst) => {
      const { socket, connection, log } = await open();
      socket.pause();
      const frame = connection.framing.frame(new EncodedFrame(Buffer.alloc(size, 'x'), false));
      while (connection.bufferedBytes === 0) {
        for (let n = 0; n < burst && connection.bufferedBytes === 0; n++) connection.write(frame);
        await settle(1);
      }
      expect(log).toEqual([]);
      socket.resume();
      while (connection.bufferedBytes > 0) await settle(1);
      await settle();
      expect(log).toEqual(['drained']);
    },
  );

  it('that are written while others leave are told of, too', async () => {
    const { socket, connection, log } = await open();
    const frame = (size: number) =>
      connection.framing.frame(new EncodedFrame(Buffer.alloc(size, 'x'), false));
    const fill = (octets: Uint8Array) => {
      for (let n = 0; n < 20_000 && connection.bufferedBytes === 0; n++) connection.write(octets);
    };
    let refills = 3;
    connection.listen({
      data: () => {},
      ended: () => {},
      drained: () => {
        log.push('drained');
        if (refills-- > 0) fill(frame(1000));
      },
      ponged: () => {},
      closed: () => {},
    });
    socket.pause();
    fill(frame(1000));
    connection.write(frame(200_000));
    socket.resume();
    while (log.length < 4) await settle(1);
    await settle();
    expect([log.length, connection.bufferedBytes]).toEqual([4, 0]);
  });

  it('that a lost socket dropped have not left', async () => {
    const { socket, connection, log } = await open();
    socket.pause();
    const frame = connection.framing.frame(new EncodedFrame(Buffer.alloc(1000, 'x'), false));
    for (let n = 0; n < 100_000 && connection.bufferedBytes === 0; n++) connection.write(frame);
    connection.terminate();
    while (log.length === 0) await settle(1);
    await settle();
    expect(log).toEqual(['closed 1006 ']);
  });

  it('are not read while the server has paused', async () => {
    const { socket, connection, log } = await open();
    connection.pause();
    socket.send('later');
    await settle();
    expect(log).toEqual([]);
    connection.resume();
    await settle();
    expect(log).toEqual(['data later']);
  });

  it('may be pings and pongs', async () => {
    const { socket, connection, log } = await open();
    expect(connection.ping()).toBe(true);
    await once(socket, 'ping');
    await settle();
    expect(log).toEqual(['ponged']);
  });
});

describe('the end', () => {
  it('is ours: what was written first, then the close with code and reason', async () => {
    const { connection, heard, closed, log } = await open();
    connection.write(connection.framing.frame(new EncodedFrame(Buffer.from('last'), false)));
    connection.close(1008, 'authenticate');
    connection.write(connection.framing.frame(new EncodedFrame(Buffer.from('late'), false)));
    const [code, reason] = await closed;
    expect([code, reason.toString(), heard.map(({ data }) => data.toString())]).toEqual([
      1008,
      'authenticate',
      ['last'],
    ]);
    await settle();
    expect(log).toEqual(['closed 1008 authenticate']);
  });

  it('says as much of a long reason as a close frame holds', async () => {
    const { connection, closed } = await open();
    connection.close(1008, 'é'.repeat(100));
    expect((await closed).map(String)).toEqual(['1008', 'é'.repeat(61)]);
  });

  it.each([1005, 1006, 999])('names no code where %d may not be sent', async (unsendable) => {
    const { connection, closed } = await open();
    connection.close(unsendable, 'reason');
    expect((await closed).map(String)).toEqual(['1005', '']);
  });

  it('is the client’s: by close or by vanishing', async () => {
    const closing = await open();
    closing.socket.close(4000, 'enough');
    const vanishing = await open();
    vanishing.socket.terminate();
    await settle();
    expect([closing.log, vanishing.log]).toEqual([['closed 4000 enough'], ['closed 1006 ']]);
  });

  it('comes within a second when the client does not answer', async () => {
    const { socket, connection, log } = await open();
    socket.pause();
    connection.close(4500, 'slow-consumer');
    while (log.length === 0) await settle(1);
    expect(log).toEqual(['closed 1006 ']);
  });

  it('is 1009 for a message beyond the limit', async () => {
    const { socket, closed, log } = await open();
    socket.send('x'.repeat(1001));
    expect((await closed)[0]).toBe(1009);
    await settle();
    expect(log).toEqual(['closed 1009 ']);
  });

  it('is 1007 for text that is no UTF-8, after what came before it', async () => {
    const { socket, closed, log } = await open();
    socket.send('before');
    socket.send(Buffer.from([0xff]), { binary: false });
    socket.send('after');
    expect((await closed)[0]).toBe(1007);
    await settle();
    expect(log.slice(0, 2)).toEqual(['data before', 'ended 1007']);
    expect(log).toHaveLength(3);
  });

  it('is 1011 when the acceptor fails, and nobody else is harmed', async () => {
    await transport.close();
    const failing = webSocketTransport({
      path: '/ws',
      http,
      subprotocol: () => undefined,
      origin: createOriginCheck({}),
      maxMessageSize: 10,
    });
    await failing.open(() => {
      throw new Error('boom');
    });
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(1011);
    await failing.close();
  });
});
