// TCP and TLS over real sockets: the octets both ways, every way to end, and what cannot be listened on.
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { EncodedFrame } from '../../src/message/encoded-frame.js';
import { tcpTransport, type TcpOptions, type TcpTransport } from '../../src/transport/tcp.js';
import type { Connection } from '../../src/transport/transport.js';
import { selfSigned } from '../certificate.js';
import { manualClock } from '../manual-clock.js';

const certificate = selfSigned();
const localhost = '127.0.0.1';

/** What a connection told, in order, and the way to wait for it. */
class Log {
  readonly entries: string[] = [];
  #changed = () => {};

  add(entry: string): void {
    this.entries.push(entry);
    this.#changed();
  }

  async until(entry: string): Promise<void> {
    while (!this.entries.includes(entry))
      await new Promise<void>((resolve) => (this.#changed = resolve));
  }
}

interface Accepted {
  readonly connection: Connection;
  readonly log: Log;
}

const cleanUp: (() => void)[] = [];

afterEach(() => {
  for (const end of cleanUp.splice(0)) end();
});

/** A transport that is open, and what it accepts. */
async function listening(options: Partial<TcpOptions> = {}) {
  const clock = manualClock();
  const transport = tcpTransport({ port: 0, clock, ...options });
  const waiting: ((accepted: Accepted) => void)[] = [];
  await transport.open((connection) => {
    const log = new Log();
    cleanUp.push(() => connection.terminate());
    connection.listen({
      data: (chunk) => log.add(`data ${Buffer.from(chunk).toString()}`),
      ended: (code) => log.add(`ended ${code}`),
      drained: () => log.add('drained'),
      ponged: () => log.add('ponged'),
      closed: (code, reason) => log.add(`closed ${code} ${reason}`),
    });
    waiting.shift()?.({ connection, log });
  });
  cleanUp.push(() => void transport.close());
  const next = () => new Promise<Accepted>((resolve) => void waiting.push(resolve));
  return { transport, clock, next, port: transport.address()!.port };
}

/** A client that keeps its side open until told otherwise; `ended` is what it had heard when the server ended its own. */
function client(port: number, secure: boolean) {
  const raw = connectTcp({ port, host: localhost, allowHalfOpen: true });
  const socket = secure ? connectTls({ socket: raw, rejectUnauthorized: false }) : raw;
  cleanUp.push(() => socket.destroy());
  let heard = '';
  socket.on('data', (data: Buffer) => void (heard += data.toString()));
  socket.on('error', () => {});
  const ended = new Promise<string>((resolve) => {
    for (const end of ['end', 'close']) socket.on(end, () => resolve(heard));
  });
  return { socket, ended, reset: () => void raw.resetAndDestroy() };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const frame = (size: number) => Buffer.alloc(size, 'x');

const kinds = [
  { name: 'TCP', tls: undefined },
  ...(certificate === undefined ? [] : [{ name: 'TLS', tls: certificate }]),
];

describe.each(kinds)('$name', ({ name, tls }) => {
  const secure = name === 'TLS';

  async function scene() {
    const { transport, clock, next, port } = await listening(tls && { tls });
    const accepted = next();
    const { socket, ended, reset } = client(port, secure);
    return { transport, clock, port, socket, ended, reset, ...(await accepted) };
  }

  it('says what it knows of a client, and carries frames as they are', async () => {
    const { connection } = await scene();
    expect(connection.handshake).toEqual({
      url: '',
      headers: new Map(),
      remoteAddress: localhost,
      subprotocol: undefined,
      secure,
      principal: undefined,
    });
    expect(connection.messages).toBe(false);
    const bytes = frame(3);
    expect(connection.framing.frame(new EncodedFrame(bytes, false))).toBe(bytes);
    expect((await scene()).connection.framing).toBe(connection.framing);
    expect(connection.ping()).toBe(false);
  });

  it('answers a client that has ended its side', async () => {
    const { connection, socket, ended, log } = await scene();
    socket.end('last words');
    await log.until('ended 1000');
    connection.write(Buffer.from('answer'));
    connection.close(1000, '');
    expect(await ended).toBe('answer');
    await log.until('closed 1000 ');
    const told = log.entries.filter((entry) => entry !== 'drained');
    expect(told).toEqual(['data last words', 'ended 1000', 'closed 1000 ']);
  });

  it('holds back what the server does not read', async () => {
    const { connection, socket, log } = await scene();
    connection.pause();
    let sent = 0;
    while (socket.writableLength === 0 && sent < 100_000_000) {
      socket.write(frame(100_000));
      sent += 100_000;
      await turn();
    }
    expect(socket.writableLength).toBeGreaterThan(0);
    expect(log.entries).toEqual([]);
    connection.resume();
    socket.end('end');
    await log.until('ended 1000');
    const received = log.entries.slice(0, -1).join('').replaceAll('data ', '');
    expect([received.length, received.endsWith('xend')]).toEqual([sent + 3, true]);
  });

  it.each([
    ['much', 60_000],
    ['less than a high-water mark', 1000],
  ])('tells when all has left that waited for a reader: %s', async (_, size) => {
    const { connection, socket, log } = await scene();
    socket.pause();
    let held = 0;
    while (held < 3) {
      connection.write(frame(size));
      if (connection.bufferedBytes === 0) continue;
      await turn();
      held = connection.bufferedBytes > 0 ? held + 1 : 0;
    }
    log.entries.length = 0;
    socket.resume();
    await log.until('drained');
    expect(connection.bufferedBytes).toBe(0);
    expect(log.entries).toEqual(['drained']);
  });

  it('tells so again of what was written while the first left', async () => {
    const { connection, socket, log } = await scene();
    const fill = () => {
      while (connection.bufferedBytes === 0) connection.write(frame(1_000_000));
    };
    let refills = 3;
    connection.listen({
      data: () => {},
      ended: () => {},
      drained: () => {
        log.add(`drained, ${connection.bufferedBytes} wait`);
        if (refills-- > 0) fill();
        else log.add('done');
      },
      ponged: () => {},
      closed: () => {},
    });
    socket.pause();
    fill();
    connection.write(frame(10));
    socket.resume();
    await log.until('done');
    expect(log.entries).toEqual([...Array<string>(4).fill('drained, 0 wait'), 'done']);
  });

  it('does not take what a lost socket dropped for what has left', async () => {
    const { connection, socket, log } = await scene();
    socket.pause();
    connection.write(frame(20_000_000));
    connection.terminate();
    await log.until('closed 1006 ');
    await turn();
    expect(log.entries).toEqual(['closed 1006 ']);
  });

  it('closes behind what was written, and tells with which code', async () => {
    const { connection, clock, socket, ended, log } = await scene();
    connection.pause();
    socket.write('unread');
    connection.write(frame(1_000_000));
    connection.close(1008, 'access-refused');
    connection.close(1000, 'too late');
    connection.write(Buffer.from('too late'));
    expect((await ended).length).toBe(1_000_000);
    socket.end();
    await log.until('closed 1008 access-refused');
    expect(log.entries).toContain('data unread');
    expect(clock.timers).toBe(0);
  });

  it('cuts off a client that does not end its side within a second', async () => {
    const { connection, clock, socket, ended, log } = await scene();
    connection.close(1001, 'server-stopping');
    await ended;
    clock.advance(999);
    await turn();
    expect([log.entries, socket.destroyed]).toEqual([[], false]);
    clock.advance(1);
    await log.until('closed 1001 server-stopping');
    expect(clock.timers).toBe(0);
  });

  it('cuts off a client that does not read', async () => {
    const { connection, clock, socket, log } = await scene();
    socket.pause();
    connection.write(frame(20_000_000));
    connection.close(4500, 'slow-consumer');
    clock.advance(1000);
    await log.until('closed 4500 slow-consumer');
    expect(log.entries).toEqual(['closed 4500 slow-consumer']);
  });

  it('is told of a reset as of a loss', async () => {
    const { socket, reset, log } = await scene();
    socket.write('before');
    await log.until('data before');
    reset();
    await log.until('closed 1006 ');
  });

  it('takes no more clients when it is closed, and keeps those it has', async () => {
    const { transport, port, connection, socket, log } = await scene();
    await transport.close();
    expect(transport.address()).toBeUndefined();
    expect(await client(port, secure).ended).toBe('');
    expect(log.entries).toEqual([]);
    socket.write('still here');
    await log.until('data still here');
    connection.terminate();
  });

  it('harms nobody but the client that the acceptor fails of', async () => {
    const transport = tcpTransport({ port: 0, ...(tls && { tls }) });
    await transport.open(() => {
      throw new Error('boom');
    });
    cleanUp.push(() => void transport.close());
    expect(await client(transport.address()!.port, secure).ended).toBe('');
  });
});

describe('where it listens', () => {
  const opened = (transport: TcpTransport) => transport.open(() => {});

  it('is told while it does', async () => {
    const transport = tcpTransport({ port: 0 });
    expect(transport.address()).toBeUndefined();
    await opened(transport);
    expect(transport.address()).toMatchObject({ address: localhost, family: 'IPv4' });
    await transport.close();
    await opened(transport);
    expect(transport.address()?.port).toBeGreaterThan(0);
    await transport.close();
  });

  it('is said in a sentence when it cannot be', async () => {
    const { transport, port } = await listening();
    const sentence = (text: string) => ({
      code: 'listen-failed',
      message: `Cannot listen: ${text}`,
    });
    await expect(opened(tcpTransport({ port }))).rejects.toMatchObject(
      sentence(
        `port ${port} of ${localhost} is taken; stop what listens there, or choose another.`,
      ),
    );
    await expect(opened(tcpTransport({ port: 0, host: '192.0.2.1' }))).rejects.toMatchObject(
      sentence('port 0 of 192.0.2.1 is no address of this machine.'),
    );
    await expect(opened(tcpTransport({ port: 70_000 }))).rejects.toMatchObject(
      sentence('a port is a whole number from 0 to 65535, unlike 70000.'),
    );
    await expect(opened(transport)).rejects.toMatchObject({ code: 'listen-failed' });
  });
});

describe.skipIf(certificate === undefined)('a TLS port', () => {
  it('is not harmed by clients that speak something else', async () => {
    const { next, port } = await listening({ tls: certificate! });
    const plain = client(port, false);
    plain.socket.end('CONNECT\naccept-version:1.2\nhost:x\n\n\0');
    await plain.ended;
    const rude = client(port, false);
    rude.socket.write(Buffer.from([22, 3, 1]), () => rude.reset());
    await rude.ended;
    const accepted = next();
    client(port, true);
    expect((await accepted).connection.handshake.secure).toBe(true);
  });

  it('bounds the handshake', async () => {
    const { port } = await listening({ tls: { ...certificate!, handshakeTimeout: 20 } });
    await client(port, false).ended;
  });

  it('ends handshakes that are under way when it is closed', async () => {
    const { transport, port } = await listening({ tls: certificate! });
    const silent = client(port, false);
    await once(silent.socket, 'connect');
    await turn();
    await transport.close();
    await silent.ended;
  });

  it('says which option is wrong', () => {
    expect(() => tcpTransport({ port: 0, tls: { key: 'no key', cert: 'none' } })).toThrow(
      /^The option 'tls' cannot be used: /,
    );
  });
});
