// TCP and TLS over real sockets: bytes in both directions, every way to close, and ports that cannot be used.
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { EncodedFrame } from '../../src/message/encoded-frame.js';
import { MessagingError } from '../../src/message/error.js';
import type { ConnectionGate } from '../../src/transport/transport.js';
import { tcpTransport, type TcpOptions, type TcpTransport } from '../../src/transport/tcp.js';
import { selfSigned } from '../certificate.js';
import { testContext } from './context.js';
import { EventLog, turn } from './event-log.js';

const certificate = selfSigned();
const localhost = '127.0.0.1';

const cleanUp: (() => void)[] = [];

afterEach(() => {
  for (const end of cleanUp.splice(0)) end();
});

/** An open transport; `next` resolves with the log of the next connection. */
async function openTransport(options: Partial<TcpOptions> = {}, gate?: ConnectionGate) {
  const transport = tcpTransport({ port: 0, ...options });
  const waiting: ((log: EventLog) => void)[] = [];
  const context = testContext((connection) => {
    cleanUp.push(() => connection.terminate());
    waiting.shift()?.(new EventLog(connection));
  }, gate && { gate });
  await transport.open(context);
  cleanUp.push(() => void transport.close());
  const next = () => new Promise<EventLog>((resolve) => void waiting.push(resolve));
  return { transport, clock: context.clock, next, port: transport.address()!.port };
}

/** A client that keeps its side open; `ended` resolves with the received text when the server has ended its side. */
function connectClient(port: number, secure: boolean) {
  const raw = connectTcp({ port, host: localhost, allowHalfOpen: true });
  const socket = secure ? connectTls({ socket: raw, rejectUnauthorized: false }) : raw;
  cleanUp.push(() => socket.destroy());
  let received = '';
  socket.on('data', (data: Buffer) => void (received += data.toString()));
  socket.on('error', () => {});
  const ended = new Promise<string>((resolve) => {
    for (const event of ['end', 'close']) socket.on(event, () => resolve(received));
  });
  return { socket, ended, reset: () => void raw.resetAndDestroy() };
}

const bytes = (size: number) => Buffer.alloc(size, 'x');

const kinds = [
  { name: 'TCP', tls: undefined },
  ...(certificate === undefined ? [] : [{ name: 'TLS', tls: certificate }]),
];

describe.each(kinds)('$name', ({ name, tls }) => {
  const secure = name === 'TLS';

  /** A transport with one client. */
  async function connected() {
    const { transport, clock, next, port } = await openTransport(tls && { tls });
    const accepted = next();
    const { socket, ended, reset } = connectClient(port, secure);
    const log = await accepted;
    return { transport, clock, port, socket, ended, reset, log, connection: log.connection };
  }

  it('has a handshake with the address of the client, and no framing', async () => {
    const { connection } = await connected();
    expect(connection.handshake).toEqual({
      url: '',
      headers: new Map(),
      remoteAddress: localhost,
      subprotocol: undefined,
      secure,
      principal: undefined,
    });
    expect(connection.wholeMessages).toBe(false);
    const frame = bytes(3);
    expect(connection.framing.frame(new EncodedFrame(frame, false))).toBe(frame);
    expect((await connected()).connection.framing).toBe(connection.framing);
    expect(connection.ping()).toBe(false);
  });

  it('answers a client that has ended its side', async () => {
    const { connection, socket, ended, log } = await connected();
    socket.end('last');
    await log.until('ended 1000');
    connection.write(Buffer.from('answer'));
    connection.close(1000, '');
    expect(await ended).toBe('answer');
    await log.until('closed 1000 ');
    const events = log.entries.filter((entry) => entry !== 'drained');
    expect(events).toEqual(['data last', 'ended 1000', 'closed 1000 ']);
  });

  it('does not read while it is paused', async () => {
    const { connection, socket, log } = await connected();
    connection.pause();
    let sent = 0;
    while (socket.writableLength === 0 && sent < 100_000_000) {
      socket.write(bytes(100_000));
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
    ['writes above the high-water mark', 60_000],
    ['writes below the high-water mark', 1000],
  ])('reports `drained` when a slow client has read all %s', async (_, size) => {
    const { connection, socket, log } = await connected();
    socket.pause();
    let held = 0;
    while (held < 3) {
      connection.write(bytes(size));
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

  it('reports `drained` again for bytes that are written in `drained`', async () => {
    const { connection, socket, log } = await connected();
    const fill = () => {
      while (connection.bufferedBytes === 0) connection.write(bytes(1_000_000));
    };
    let refills = 3;
    connection.listen({
      data: () => {},
      ended: () => {},
      held: () => true,
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
    connection.write(bytes(10));
    socket.resume();
    await log.until('done');
    expect(log.entries).toEqual([...Array<string>(4).fill('drained, 0 wait'), 'done']);
  });

  it('does not report `drained` for the bytes of a lost socket', async () => {
    const { connection, socket, log } = await connected();
    socket.pause();
    connection.write(bytes(20_000_000));
    connection.terminate();
    await log.until('closed 1006 ');
    await turn();
    expect(log.entries).toEqual(['closed 1006 ']);
  });

  it('closes after the written bytes, and reports the code of the first close', async () => {
    const { connection, clock, socket, ended, log } = await connected();
    connection.pause();
    socket.write('unread');
    connection.write(bytes(1_000_000));
    connection.close(1008, 'access-refused');
    connection.close(1000, 'too late');
    connection.write(Buffer.from('too late'));
    expect((await ended).length).toBe(1_000_000);
    socket.end();
    await log.until('closed 1008 access-refused');
    expect(log.entries).toContain('data unread');
    expect(clock.timers).toHaveLength(0);
  });

  it('destroys the socket of a client that does not end its side within a second', async () => {
    const { connection, clock, socket, ended, log } = await connected();
    connection.close(1001, 'server-stopping');
    await ended;
    await clock.advance(999);
    await turn();
    expect([log.entries, socket.destroyed]).toEqual([[], false]);
    await clock.advance(1);
    await log.until('closed 1001 server-stopping');
    expect(clock.timers).toHaveLength(0);
  });

  it('destroys the socket of a client that does not read the last bytes within a second', async () => {
    const { connection, clock, socket, log } = await connected();
    socket.pause();
    connection.write(bytes(20_000_000));
    connection.close(4500, 'slow-consumer');
    await clock.advance(1000);
    await log.until('closed 4500 slow-consumer');
    expect(log.entries).toEqual(['closed 4500 slow-consumer']);
  });

  it('reports a reset as a lost connection', async () => {
    const { socket, reset, log } = await connected();
    socket.write('before');
    await log.until('data before');
    reset();
    await log.until('closed 1006 ');
  });

  it('accepts no clients after it is closed, and keeps open connections', async () => {
    const { transport, port, connection, socket, log } = await connected();
    await transport.close();
    expect(transport.address()).toBeUndefined();
    expect(await connectClient(port, secure).ended).toBe('');
    expect(log.entries).toEqual([]);
    socket.write('still here');
    await log.until('data still here');
    connection.terminate();
  });

  it('closes with 1011 and logs the error when the server cannot accept a connection', async () => {
    const transport = tcpTransport({ port: 0, ...(tls && { tls }) });
    cleanUp.push(() => void transport.close());
    const rejected: EventLog[] = [];
    const context = testContext((connection) => {
      cleanUp.push(() => connection.terminate());
      rejected.push(new EventLog(connection));
      throw new Error('boom');
    });
    await transport.open(context);
    const { port } = transport.address()!;
    for (const count of [1, 2]) {
      const client = connectClient(port, secure);
      expect(await client.ended).toBe('');
      client.socket.end();
      await rejected[count - 1]!.until('closed 1011 internal-error');
      expect(context.errors).toHaveLength(count);
    }
    expect(context.errors[0]).toBe('The server could not accept a new connection. boom');
  });
});

describe('the address', () => {
  const open = (transport: TcpTransport) => transport.open(testContext(() => {}));

  it('is known while the transport listens', async () => {
    const transport = tcpTransport({ port: 0 });
    expect(transport.address()).toBeUndefined();
    await open(transport);
    expect(transport.address()).toMatchObject({ address: localhost, family: 'IPv4' });
    await transport.close();
    await open(transport);
    expect(transport.address()?.port).toBeGreaterThan(0);
    await transport.close();
  });

  it('is part of the error when it cannot be used', async () => {
    const { transport, port } = await openTransport();
    const listenFailed = (text: string) => ({
      code: 'listen-failed',
      message: `Cannot listen: ${text}`,
    });
    await expect(open(tcpTransport({ port }))).rejects.toMatchObject(
      listenFailed(
        `port ${port} of ${localhost} is in use; stop the process that listens there, or build another server with another address.`,
      ),
    );
    await expect(open(tcpTransport({ port: 0, host: '192.0.2.1' }))).rejects.toMatchObject(
      listenFailed('port 0 of 192.0.2.1 is not an address of this machine.'),
    );
    await expect(open(transport)).rejects.toMatchObject(
      listenFailed(`this transport already listens on port 0 of ${localhost}.`),
    );
  });
});

it.each(kinds)('$name closes a connection that the server refuses', async ({ name, tls }) => {
  const { port } = await openTransport(tls && { tls }, {
    refusal: () => ({ code: 'session-limit', excess: 'limit' }),
    begin: () => () => {},
  });
  expect(await connectClient(port, name === 'TLS').ended).toBe('');
});

describe.skipIf(certificate === undefined)('a TLS port', () => {
  it('counts the handshakes of an address until they have finished', async () => {
    let handshakes = 0;
    let changed = () => {};
    const change = () => new Promise<void>((resolve) => (changed = resolve));
    const count = (by: number) => {
      handshakes += by;
      changed();
    };
    const gate: ConnectionGate = {
      refusal: () => (handshakes < 1 ? undefined : { code: 'handshake-limit', excess: 'share' }),
      begin: () => (count(1), () => count(-1)),
    };
    const { next, port } = await openTransport({ tls: certificate! }, gate);
    const begun = change();
    const silent = connectClient(port, false);
    await begun;
    await connectClient(port, true).ended;
    const ended = change();
    silent.socket.destroy();
    await ended;
    const accepted = next();
    connectClient(port, true);
    await accepted;
    expect(handshakes).toBe(0);
  });

  it.each([
    ['before its first byte', ''],
    ['after a part of its first message', '\x16\x03\x01\x00'],
  ])('closes the connection of a client that ends its side %s', async (_, part) => {
    let ended = () => {};
    const left = new Promise<void>((resolve) => (ended = resolve));
    const { port } = await openTransport(
      { tls: certificate! },
      { refusal: () => undefined, begin: () => ended },
    );
    const { socket, ended: closed } = connectClient(port, false);
    socket.end(Buffer.from(part, 'latin1'));
    await left;
    expect(await closed).toBe('');
  });

  it('counts no handshake of a client that has left before it is accepted', async () => {
    let handshakes = 0;
    const gate: ConnectionGate = {
      refusal: () => undefined,
      begin: () => (handshakes++, () => void handshakes--),
    };
    const { next, port } = await openTransport({ tls: certificate! }, gate);
    // Connects and leaves in another thread, while this one waits and accepts nothing.
    const left = new Int32Array(new SharedArrayBuffer(4));
    const leave = `
      const { port, left } = require('node:worker_threads').workerData;
      for (let i = 0; i < 5; i++) {
        const socket = require('node:net').connect(port, '${localhost}', () => {
          socket.resetAndDestroy();
          Atomics.add(left, 0, 1);
          Atomics.notify(left, 0);
        });
      }`;
    const worker = new Worker(leave, { eval: true, workerData: { port, left } });
    for (let count = 0; count < 5; count = Atomics.load(left, 0)) Atomics.wait(left, 0, count);
    const accepted = next();
    connectClient(port, true);
    await accepted;
    await worker.terminate();
    expect(handshakes).toBe(0);
  });

  it('keeps working after clients without TLS', async () => {
    const { next, port } = await openTransport({ tls: certificate! });
    const plain = connectClient(port, false);
    plain.socket.end('CONNECT\naccept-version:1.2\nhost:x\n\n\0');
    await plain.ended;
    const aborted = connectClient(port, false);
    aborted.socket.write(Buffer.from([22, 3, 1]), () => aborted.reset());
    await aborted.ended;
    const accepted = next();
    connectClient(port, true);
    expect((await accepted).connection.handshake.secure).toBe(true);
  });

  it('ends handshakes that exceed their timeout', async () => {
    const { port } = await openTransport({ tls: { ...certificate!, handshakeTimeout: 20 } });
    await connectClient(port, false).ended;
  });

  it('ends unfinished handshakes when it is closed', async () => {
    const { transport, port } = await openTransport({ tls: certificate! });
    const silent = connectClient(port, false);
    await once(silent.socket, 'connect');
    await turn();
    await transport.close();
    await silent.ended;
  });
});

it('accepts TLS options whose certificates come from a function', () => {
  const noCertificate = () => {};
  for (const tls of [{ SNICallback: noCertificate }, { pskCallback: () => null }])
    expect(tcpTransport({ port: 0, tls }).name).toBe('tls 127.0.0.1:0');
});

describe('options that are not valid are refused', () => {
  const port = "The option 'port' must be a whole number from 0 to 65535.";
  const host =
    "The option 'host' must be a text that is not empty, such as '127.0.0.1', or '0.0.0.0' for clients on other machines.";

  it.each<[options: unknown, message: string]>([
    [null, 'The options must be an object, such as { port: ... }.'],
    [undefined, 'The options must be an object, such as { port: ... }.'],
    [{}, port],
    ...[null, '', 'x', -1, 0.5, 70_000, Number.NaN, 1n, Symbol('port'), {}].map(
      (value): [unknown, string] => [{ port: value }, port],
    ),
    [{ port: 0, host: '' }, host],
    ...[null, 5, {}, false, Symbol('host')].map((value): [unknown, string] => [
      { port: 0, host: value },
      "The option 'host' must be a string.",
    ]),
    [{ port: 0, tls: '' }, "The option 'tls' must be an object."],
    ...[{}, { key: 'a' }, { cert: 'a' }, { handshakeTimeout: 5 }].map((tls): [unknown, string] => [
      { port: 0, tls },
      "The option 'tls' must have a certificate: `key` and `cert`, or `pfx`.",
    ]),
    [{ port: 0, hots: '::1' }, "The option 'hots' is unknown; the nearest known one is 'host'."],
  ])('%o', (options, message) => {
    expect(() => tcpTransport(options as TcpOptions)).toThrow(
      new MessagingError('option-invalid', message),
    );
  });
});
