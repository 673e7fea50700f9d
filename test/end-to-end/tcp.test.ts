// Tests servers on TCP: bytes split across packets, ways to disconnect, and slow clients and handlers.
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { Container } from 'inversify';
import { testClock } from 'signalbox/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  Controller,
  createServer,
  Header,
  MessageMapping,
  Payload,
  SendTo,
  silentLogger,
  tcpTransport,
  type ServerOptions,
  type TcpOptions,
} from '../../src/index.js';
import { selfSigned } from '../certificate.js';
import { socketConnection, webSocketConnection } from '../clients/connection.js';
import { portOf } from '../clients/server.js';
import {
  connected as connectClient,
  connectTcp,
  frameText,
  openTcp,
  StompClient,
  type StompHeaders,
} from '../clients/stomp.js';

@Controller()
class Desk {
  readonly handled: string[] = [];
  #gate: Promise<void> | undefined;
  #enter = () => {};
  /** Resolves when the first handler runs. */
  readonly entered = new Promise<void>((resolve) => (this.#enter = resolve));

  /** Makes handlers wait until the returned function is called. */
  hold(): () => void {
    let open = () => {};
    this.#gate = new Promise((resolve) => (open = resolve));
    return () => open();
  }

  @MessageMapping('/echo')
  @SendTo('/topic/echo')
  async echo(
    @Payload() text: string,
    @Header('n', String, { required: false }) n: string | undefined,
  ) {
    this.#enter();
    await this.#gate;
    this.handled.push(n ?? text);
    return text;
  }
}

interface Gone {
  readonly code: number;
  readonly reason: string;
}

const cleanUp: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of cleanUp.splice(0).reverse()) await end();
});

async function serve(options: ServerOptions = {}, listening: Partial<TcpOptions> = {}) {
  const transport = tcpTransport({ port: 0, ...listening });
  const container = new Container();
  container.bind(Desk).toSelf().inSingletonScope();
  const server = await createServer({
    container,
    transports: [transport],
    logger: silentLogger,
    ...options,
  });
  const gone = new Promise<Gone>((resolve) => {
    server.events.on('disconnected', ({ code, reason }) => resolve({ code, reason }));
  });
  await server.listen(0);
  cleanUp.push(() => server.close());
  return { server, gone, desk: container.get(Desk), port: transport.address()!.port };
}

/** Closes the connection of the client at the end of the test. */
function closing<C extends StompClient>(client: C): C {
  cleanUp.push(() => client.connection.vanish());
  return client;
}

async function connected(port: number, headers: StompHeaders = {}) {
  return closing(await connectTcp(port, headers));
}

const connectText = frameText('CONNECT', { 'accept-version': '1.2', host: 'x' });
const subscribe = frameText('SUBSCRIBE', { id: '1', destination: '/topic/echo', receipt: 's' });
const text = { 'content-type': 'text/plain' };
const echo = (body: string, headers: StompHeaders = {}) =>
  frameText('SEND', { destination: '/app/echo', ...text, ...headers }, body);
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a TCP connection', () => {
  const conversation =
    `${connectText}\n\n${subscribe}\r\n${echo('Grüße')}\n` +
    `${frameText('DISCONNECT', { receipt: 'bye' })}\n\n`;

  async function answers(client: StompClient): Promise<readonly string[]> {
    await client.connection.closed;
    return client.received.map(({ command, headers, body }) =>
      `${command} ${headers['receipt-id'] ?? body}`.trim(),
    );
  }

  const expected = ['CONNECTED', 'RECEIPT s', 'MESSAGE Grüße', 'RECEIPT bye'];

  it('accepts a conversation of one byte per packet', async () => {
    const { port } = await serve();
    const client = closing(openTcp(port));
    client.connection.socket.setNoDelay();
    for (const byte of Buffer.from(conversation)) {
      client.write(Uint8Array.of(byte));
      await turn();
    }
    expect(await answers(client)).toEqual(expected);
  });

  it('accepts a whole conversation in one packet', async () => {
    const { port, gone } = await serve();
    const client = closing(openTcp(port));
    client.write(conversation);
    expect(await answers(client)).toEqual(expected);
    client.connection.socket.end();
    expect(await gone).toEqual({ code: 1000, reason: '' });
  });

  it('accepts a body of 10 MB if the limit allows it', async () => {
    const { port } = await serve({ limits: { maxFrameBytes: 11_000_000 } });
    const client = await connected(port);
    client.write(subscribe);
    const body = 'x'.repeat(10_000_000);
    client.write(echo(body));
    expect((await client.next('MESSAGE')).body === body).toBe(true);
  });

  it('chooses the protocol by its first byte', async () => {
    const { port } = await serve();
    const client = closing(openTcp(port));
    let received = '';
    client.connection.socket.on('data', (chunk: Buffer) => void (received += chunk.toString()));
    for (const frame of [
      { type: 'connect' },
      { type: 'subscribe', id: '1', destination: '/topic/echo' },
      { type: 'send', destination: '/app/echo', payload: 'hi' },
      { type: 'disconnect', receipt: 'bye' },
    ])
      client.write(`${JSON.stringify(frame)}\n`);
    await client.connection.closed;
    expect(received).toMatch(/"connected"[^]*"message"[^]*"payload":"hi"[^]*"receipt"/);
  });

  it.each([
    ['an unknown protocol', Buffer.from([0x16, 0x03, 0x01]), ''],
    ['a malformed frame', Buffer.from('HELO there\n\n\0'), 'ERROR'],
    ['a frame above the limit', Buffer.from(`${connectText}${echo('x'.repeat(70_000))}`), 'ERROR'],
  ])(
    'that receives %s is closed, and the server still accepts others',
    async (_, bytes, command) => {
      const { port } = await serve();
      const client = closing(openTcp(port));
      client.write(bytes);
      await client.connection.closed;
      expect(client.received.at(-1)?.command ?? '').toBe(command);
      await connected(port);
    },
  );

  it('passes messages to a client on WebSocket', async () => {
    const { server, port } = await serve();
    const reader = closing(new StompClient(await webSocketConnection(portOf(server))));
    await connectClient(reader);
    await reader.subscribe('1', '/topic/echo');
    (await connected(port)).write(echo('across'));
    expect((await reader.next('MESSAGE')).body).toBe('across');
  });
});

describe('a client that disconnects', () => {
  it('by ending its side still receives late answers', async () => {
    const { desk, port, gone } = await serve();
    const open = desk.hold();
    const client = closing(openTcp(port));
    client.connection.socket.end(
      connectText + subscribe + echo('one') + echo('two', { receipt: 'last' }),
    );
    await desk.entered;
    open();
    await client.connection.closed;
    expect(client.received.map(({ body, headers }) => headers['receipt-id'] ?? body)).toEqual([
      '',
      's',
      'one',
      'two',
      'last',
    ]);
    expect(await gone).toEqual({ code: 1000, reason: '' });
  });

  it('by a reset has its last frames processed', async () => {
    const { server, desk, port, gone } = await serve();
    const open = desk.hold();
    const client = await connected(port);
    client.write(echo('one') + echo('two'));
    await desk.entered;
    client.connection.socket.resetAndDestroy();
    expect(await gone).toEqual({ code: 1006, reason: '' });
    open();
    await server.idle();
    expect(desk.handled).toEqual(['one', 'two']);
  });

  it('because the server stops is closed with 1001', async () => {
    const { server, port, gone } = await serve();
    const client = await connected(port);
    await server.close();
    expect(await gone).toEqual({ code: 1001, reason: 'server-stopping' });
    await client.connection.closed;
  });
});

describe('a slow client', () => {
  it('that does not read is closed at the limit, and other clients are not affected', async () => {
    const { server, port, gone } = await serve();
    const slow = await connected(port);
    const other = await connected(port);
    for (const client of [slow, other]) {
      client.write(subscribe);
      await client.next('RECEIPT');
    }
    slow.connection.socket.pause();
    let over: Gone | undefined;
    void gone.then((reason) => (over = reason));
    while (over === undefined) {
      await server.publisher.publish('/topic/echo', 'x'.repeat(16_000));
      await other.next('MESSAGE');
    }
    expect(over).toEqual({ code: 4500, reason: 'slow-consumer' });
    expect(server.sessions.size).toBe(1);
  });

  it('that fills the queue of a slow handler is not read for a while, and loses no frames', async () => {
    const { server, desk, port } = await serve();
    const open = desk.hold();
    const client = await connected(port);
    let sent = 0;
    // Sends until the buffers of the operating system stay full.
    for (let stuck = 0; stuck < 50; stuck++) {
      if (client.connection.socket.writableLength === 0) {
        client.write(echo('x'.repeat(30_000), { n: `${sent++}` }));
        stuck = 0;
      }
      await turn();
    }
    expect(client.connection.socket.writableLength).toBeGreaterThan(0);
    open();
    client.send('DISCONNECT', { receipt: 'bye' });
    await client.next('RECEIPT');
    await server.idle();
    expect(desk.handled).toEqual(Array.from({ length: sent }, (_, n) => `${n}`));
  });

  it('that sends nothing is closed only if heart-beats were negotiated', async () => {
    const clock = testClock();
    const { server, port, gone } = await serve({ clock });
    const silent = await connected(port);
    const beating = await connected(port, { 'heart-beat': '5000,0' });
    await clock.advance(19_999);
    expect(server.sessions.size).toBe(2);
    await clock.advance(1);
    expect(await gone).toEqual({ code: 4501, reason: 'heartbeat-lost' });
    await beating.connection.closed;
    await clock.advance(3_600_000);
    silent.write(subscribe);
    expect((await silent.next('RECEIPT')).headers['receipt-id']).toBe('s');
  });

  it('that sends no CONNECT is closed after the timeout', async () => {
    const clock = testClock();
    const { port } = await serve({ clock });
    const client = closing(openTcp(port));
    client.write('\n');
    await once(client.connection.socket, 'connect');
    await vi.waitUntil(() => clock.timers.length > 0, { interval: 1, timeout: 20_000 });
    await clock.advance(60_000);
    await client.connection.closed;
  });
});

const certificate = selfSigned();

describe.skipIf(certificate === undefined)('a client on TLS', () => {
  it('connects, subscribes and receives messages', async () => {
    const { server, port } = await serve({}, { tls: certificate! });
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    const client = closing(new StompClient(socketConnection(socket)));
    socket.write(connectText + subscribe + echo('secret'));
    expect((await client.next('MESSAGE')).body).toBe('secret');
    expect([...server.sessions.all()][0]?.handshake.secure).toBe(true);
    client.send('DISCONNECT', { receipt: 'bye' });
    await client.next('RECEIPT');
    await client.connection.closed;
  });
});
