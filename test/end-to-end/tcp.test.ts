// Whole servers on TCP: octets however they are cut, every way to leave, readers and handlers that are slow.
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { Container } from 'inversify';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
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
import { systemClock, type Clock } from '../../src/message/clock.js';
import { selfSigned } from '../certificate.js';
import { manualClock } from '../manual-clock.js';
import { frameText } from '../stomp-client.js';
import { clientOn, connectTcp, connectText, openTcp, type TcpClient } from '../tcp-client.js';
import { portOf } from './port.js';

@Controller()
class Desk {
  readonly handled: string[] = [];
  #gate: Promise<void> | undefined;
  #enter = () => {};
  /** Resolves when the first handler runs. */
  readonly entered = new Promise<void>((resolve) => (this.#enter = resolve));

  /** Makes handlers wait, until what it returns is called. */
  hold(): () => void {
    let open = () => {};
    this.#gate = new Promise((resolve) => (open = resolve));
    return () => open();
  }

  @MessageMapping('/echo')
  @SendTo('/topic/echo')
  async echo(@Payload() text: string, @Header('n', { required: false }) n: string | undefined) {
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

/** Ends with the test. */
function guest(client: TcpClient): TcpClient {
  cleanUp.push(() => client.socket.destroy());
  return client;
}

async function connected(
  port: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<TcpClient> {
  return guest(await connectTcp(port, headers));
}

const subscribe = frameText('SUBSCRIBE', { id: '1', destination: '/topic/echo', receipt: 's' });
const text = { 'content-type': 'text/plain' };
const echo = (body: string, headers: Readonly<Record<string, string>> = {}) =>
  frameText('SEND', { destination: '/app/echo', ...text, ...headers }, body);
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('octets', () => {
  const conversation =
    `${connectText}\n\n${subscribe}\r\n${echo('Grüße')}\n` +
    `${frameText('DISCONNECT', { receipt: 'bye' })}\n\n`;

  async function answers(client: TcpClient): Promise<readonly string[]> {
    await client.ended;
    return client.heard.map(({ command, headers, body }) =>
      `${command} ${headers['receipt-id'] ?? body}`.trim(),
    );
  }

  const expected = ['CONNECTED', 'RECEIPT s', 'MESSAGE Grüße', 'RECEIPT bye'];

  it('may come one a packet', async () => {
    const { port } = await serve();
    const client = guest(openTcp(port));
    client.socket.setNoDelay();
    for (const octet of Buffer.from(conversation)) {
      client.socket.write(Uint8Array.of(octet));
      await turn();
    }
    expect(await answers(client)).toEqual(expected);
  });

  it('may come all in one packet', async () => {
    const { port, gone } = await serve();
    const client = guest(openTcp(port));
    client.socket.write(conversation);
    expect(await answers(client)).toEqual(expected);
    client.socket.end();
    expect(await gone).toEqual({ code: 1000, reason: '' });
  });

  it('may be a body of 10 MB where the limit allows it', async () => {
    const { port } = await serve({ limits: { maxFrameBytes: 11_000_000 } });
    const client = await connected(port);
    client.socket.write(subscribe);
    const body = 'x'.repeat(10_000_000);
    client.socket.write(echo(body));
    expect((await client.next('MESSAGE')).body === body).toBe(true);
  });

  it('begin with the one that chooses the protocol', async () => {
    const { port } = await serve();
    const client = guest(openTcp(port));
    let heard = '';
    client.socket.on('data', (chunk: Buffer) => void (heard += chunk.toString()));
    for (const frame of [
      { type: 'connect' },
      { type: 'subscribe', id: '1', destination: '/topic/echo' },
      { type: 'send', destination: '/app/echo', payload: 'hi' },
      { type: 'disconnect', receipt: 'bye' },
    ])
      client.socket.write(`${JSON.stringify(frame)}\n`);
    await client.ended;
    expect(heard).toMatch(/"connected"[^]*"message"[^]*"payload":"hi"[^]*"receipt"/);
  });

  it.each([
    ['no protocol of ours', Buffer.from([0x16, 0x03, 0x01]), ''],
    ['no frame', Buffer.from('HELO there\n\n\0'), 'ERROR'],
    ['a frame beyond the limit', Buffer.from(`${connectText}${echo('x'.repeat(70_000))}`), 'ERROR'],
  ])('that are %s end the connection of who sent them', async (_, octets, said) => {
    const { port } = await serve();
    const client = guest(openTcp(port));
    client.socket.write(octets);
    await client.ended;
    expect(client.heard.at(-1)?.command ?? '').toBe(said);
    await connected(port);
  });

  it('go from a client on TCP to one on WebSocket', async () => {
    const { server, port } = await serve();
    const socket = new WebSocket(`ws://127.0.0.1:${portOf(server)}/ws`, 'v12.stomp');
    await once(socket, 'open');
    cleanUp.push(() => socket.terminate());
    const heard: string[] = [];
    const message = new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => {
        heard.push(data.toString());
        if (heard.at(-1)!.startsWith('MESSAGE')) resolve();
      });
    });
    socket.send(connectText);
    socket.send(subscribe);
    await once(socket, 'message');
    while (!heard.some((frame) => frame.startsWith('RECEIPT'))) await turn();
    (await connected(port)).socket.write(echo('across'));
    await message;
    expect(heard.at(-1)).toMatch(/\n\nacross\0$/);
  });
});

describe('a client that leaves', () => {
  it('by ending its side still gets its answers, however late they are', async () => {
    const { desk, port, gone } = await serve();
    const open = desk.hold();
    const client = guest(openTcp(port));
    client.socket.end(connectText + subscribe + echo('one') + echo('two', { receipt: 'last' }));
    await desk.entered;
    open();
    await client.ended;
    expect(client.heard.map(({ body, headers }) => headers['receipt-id'] ?? body)).toEqual([
      '',
      's',
      'one',
      'two',
      'last',
    ]);
    expect(await gone).toEqual({ code: 1000, reason: '' });
  });

  it('by a reset has its last frames worked off', async () => {
    const { server, desk, port, gone } = await serve();
    const open = desk.hold();
    const client = await connected(port);
    client.socket.write(echo('one') + echo('two'));
    await desk.entered;
    client.socket.resetAndDestroy();
    expect(await gone).toEqual({ code: 1006, reason: '' });
    open();
    await server.idle();
    expect(desk.handled).toEqual(['one', 'two']);
  });

  it('is seen off when the server stops', async () => {
    const { server, port, gone } = await serve();
    const client = await connected(port);
    client.socket.on('end', () => client.socket.end());
    await server.close();
    expect(await gone).toEqual({ code: 1001, reason: 'server-stopping' });
    await client.ended;
  });
});

describe('a client that is slow', () => {
  it('to read is closed by the limit, and harms nobody', async () => {
    const { server, port, gone } = await serve();
    const slow = await connected(port);
    const other = await connected(port);
    for (const client of [slow, other]) {
      client.socket.write(subscribe);
      await client.next('RECEIPT');
    }
    slow.socket.pause();
    let over: Gone | undefined;
    void gone.then((reason) => (over = reason));
    while (over === undefined) {
      await server.publisher.publish('/topic/echo', 'x'.repeat(16_000));
      await other.next('MESSAGE');
    }
    expect(over).toEqual({ code: 4500, reason: 'slow-consumer' });
    expect(server.sessions.size).toBe(1);
  });

  it('to be answered is not read further, and loses nothing', async () => {
    const { server, desk, port } = await serve();
    const open = desk.hold();
    const client = await connected(port);
    let sent = 0;
    // Until what the system's buffers hold stays there.
    for (let stuck = 0; stuck < 50; stuck++) {
      if (client.socket.writableLength === 0) {
        client.socket.write(echo('x'.repeat(30_000), { n: `${sent++}` }));
        stuck = 0;
      }
      await turn();
    }
    expect(client.socket.writableLength).toBeGreaterThan(0);
    open();
    client.say('DISCONNECT', { receipt: 'bye' });
    await client.next('RECEIPT');
    await server.idle();
    expect(desk.handled).toEqual(Array.from({ length: sent }, (_, n) => `${n}`));
  });

  it('to speak is left alone where no heart-beats were agreed, and given up where they were', async () => {
    const moved = manualClock();
    const clock: Clock = { ...moved, soon: (action) => systemClock.soon(action) };
    const { server, port, gone } = await serve({ clock });
    const silent = await connected(port);
    const beating = await connected(port, { 'heart-beat': '5000,0' });
    moved.advance(19_999);
    expect(server.sessions.size).toBe(2);
    moved.advance(1);
    await beating.ended;
    // The client does not end its side, so the close timeout must pass.
    moved.advance(1000);
    expect(await gone).toEqual({ code: 4501, reason: 'heartbeat-lost' });
    moved.advance(3_600_000);
    silent.socket.write(subscribe);
    expect((await silent.next('RECEIPT')).headers['receipt-id']).toBe('s');
  });

  it('to connect is let go', async () => {
    const moved = manualClock();
    const clock: Clock = { ...moved, soon: (action) => systemClock.soon(action) };
    const { port } = await serve({ clock });
    const client = guest(openTcp(port));
    client.socket.write('\n');
    await once(client.socket, 'connect');
    while (moved.timers === 0) await turn();
    moved.advance(60_000);
    await client.ended;
  });
});

const certificate = selfSigned();

describe.skipIf(certificate === undefined)('a client on TLS', () => {
  it('is served as any other', async () => {
    const { server, port } = await serve({}, { tls: certificate! });
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    const client = guest(clientOn(socket));
    socket.write(connectText + subscribe + echo('secret'));
    expect((await client.next('MESSAGE')).body).toBe('secret');
    expect([...server.sessions.all()][0]?.handshake.secure).toBe(true);
    client.say('DISCONNECT', { receipt: 'bye' });
    await client.next('RECEIPT');
    await client.ended;
  });
});
