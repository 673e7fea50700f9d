// The HTTP server of signalbox: places to listen on, and errors.
import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import type { Duplex } from 'node:stream';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { testClock } from 'signalbox/testing';
import { silentLogger } from '../../src/message/logger.js';
import { HttpListener, type HttpListenerParts } from '../../src/transport/http-listener.js';
import { selfSigned } from '../certificate.js';

const certificate = selfSigned();

function httpListener(given: Partial<HttpListenerParts> = {}) {
  return new HttpListener({
    endpoints: [],
    limits: { maxHandshakes: 100, shares: 1 },
    connectTimeout: 60_000,
    clock: testClock(),
    logger: silentLogger,
    ...given,
  });
}

describe('HttpListener', () => {
  it('answers plain requests with 404', async () => {
    const listener = httpListener();
    await listener.listen(0, '127.0.0.1');
    const { port } = listener.http.address() as AddressInfo;
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    await listener.close();
  });

  it('answers plain requests of an endpoint with 426 or 405, and names protocol and method', async () => {
    const listener = httpListener({ endpoints: ['/ws'] });
    await listener.listen(0, '127.0.0.1');
    const { port } = listener.http.address() as AddressInfo;
    const answer = async (method: string, path = '/ws') => {
      const sent = request({ port, host: '127.0.0.1', path, method, agent: false });
      sent.end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      response.resume();
      await once(response, 'end');
      return { status: response.statusCode, ...response.headers };
    };
    for (const method of ['GET', 'HEAD'])
      expect(await answer(method, '/ws?query')).toMatchObject({
        status: 426,
        connection: 'Upgrade, close',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
      });
    for (const method of ['POST', 'OPTIONS', 'DELETE'])
      expect(await answer(method)).toMatchObject({ status: 405, allow: 'GET' });
    expect(await answer('POST', '/ws/other')).toMatchObject({ status: 404 });
    await listener.close();
  });

  it.each(['GET /', 'GET /ws', 'POST /ws'])(
    'closes the connection after the answer, or after the answers to the requests of one read: %s',
    async (request) => {
      const listener = httpListener({ endpoints: ['/ws'] });
      await listener.listen(0, '127.0.0.1');
      const { port } = listener.http.address() as AddressInfo;
      const answersTo = async (count: number) => {
        const socket = connect(port, '127.0.0.1');
        socket.write(`${request} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(count));
        let answers = '';
        socket.on('data', (data) => void (answers += data.toString()));
        await once(socket, 'close');
        return answers;
      };
      expect(await answersTo(1)).toMatch(/^Connection: .*\bclose\r$/m);
      expect((await answersTo(100)).match(/^HTTP\/1\.1/gm)).toHaveLength(100);
      await listener.close();
    },
  );

  it('answers 1,000 requests of one connection', async () => {
    const listener = httpListener();
    listener.host.claimRequests('/info', (_request, response) => void response.end());
    await listener.listen(0, '127.0.0.1');
    const { port } = listener.http.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /info HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1500));
    let answers = '';
    socket.on('data', (data) => void (answers += data.toString()));
    await once(socket, 'close');
    expect(answers.match(/^HTTP\/1\.1 200/gm)).toHaveLength(1000);
    await listener.close();
  });

  it('explains that a port is in use, or that a host is not an address of this machine', async () => {
    const first = httpListener();
    await first.listen(0, '127.0.0.1');
    const { port } = first.http.address() as AddressInfo;
    await expect(httpListener().listen(port, '127.0.0.1')).rejects.toMatchObject({
      code: 'listen-failed',
      message: `Cannot listen: port ${port} of 127.0.0.1 is in use; stop the process that listens there, or build another server with another address.`,
    });
    await expect(httpListener().listen(0, '192.0.2.1')).rejects.toMatchObject({
      message: 'Cannot listen: port 0 of 192.0.2.1 is not an address of this machine.',
    });
    await first.close();
  });

  it('treats a string of digits as a port, and listens only on the host', async () => {
    const listener = httpListener();
    await listener.listen('0', '127.0.0.1');
    expect(listener.http.address()).toMatchObject({ address: '127.0.0.1' });
    await listener.close();
  });

  it('listens on a Unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-'));
    const listener = httpListener();
    await listener.listen(join(folder, 'socket'), '127.0.0.1');
    expect(listener.http.address()).toBe(join(folder, 'socket'));
    await listener.close();
    rmSync(folder, { recursive: true });
    await expect(httpListener().listen(join(folder, 'socket'), '')).rejects.toMatchObject({
      code: 'listen-failed',
      message: expect.stringContaining('or its folder does not exist') as string,
    });
  });
});

describe('connections without a WebSocket', () => {
  async function start(given: Partial<HttpListenerParts>) {
    const warnings: string[] = [];
    const warn = (text: string) => void warnings.push(text);
    const listener = httpListener({ ...given, logger: { ...silentLogger, warn } });
    await listener.listen(0, '127.0.0.1');
    const { port } = listener.http.address() as AddressInfo;
    const open = async () => {
      const socket = connect(port, '127.0.0.1');
      const answer = closed(socket);
      await once(socket, 'connect');
      return { socket, answer };
    };
    return { listener, open, warnings };
  }

  /** Resolves with everything that the server has sent, when the socket is closed. */
  function closed(socket: Socket): Promise<string> {
    let text = '';
    socket.on('data', (data) => void (text += data.toString()));
    socket.on('error', () => {});
    return new Promise((resolve) => socket.on('close', () => resolve(text)));
  }

  const upgrade = (protocol: string) =>
    `GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;

  it('of one address are at most a share of maxHandshakes; others are closed, with one log line', async () => {
    const { listener, open, warnings } = await start({ limits: { maxHandshakes: 4, shares: 2 } });
    const first = await open();
    await open();
    for (let i = 0; i < 3; i++) expect(await (await open()).answer).toBe('');
    expect(warnings).toEqual([
      'A connection from 127.0.0.1 was refused: too many HTTP connections without a WebSocket.',
    ]);
    first.socket.destroy();
    await once(first.socket, 'close');
    let answer = '';
    // The server notices the end of the first connection in a later turn.
    while (answer === '') {
      const { socket, answer: received } = await open();
      socket.end('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      answer = await received;
    }
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    await listener.close();
  });

  it('of a trusted proxy have no share, because they belong to many clients', async () => {
    const limits = { maxHandshakes: 3, shares: 3 };
    const { listener, open, warnings } = await start({ limits, trustedProxies: ['127.0.0.0/8'] });
    for (let i = 0; i < 3; i++) await open();
    expect(await (await open()).answer).toBe('');
    expect(warnings).toHaveLength(1);
    await listener.close();
  });

  it('are no longer counted after the upgrade, but after an upgrade that is ignored', async () => {
    const { listener, open } = await start({ limits: { maxHandshakes: 1, shares: 1 } });
    const sockets: Duplex[] = [];
    let upgraded: (() => void) | undefined;
    listener.host.claimUpgrades('/ws', (_request, socket) => {
      sockets.push(socket);
      upgraded?.();
    });
    for (let i = 0; i < 3; i++) {
      const begun = new Promise<void>((resolve) => (upgraded = resolve));
      (await open()).socket.write(upgrade('websocket'));
      await begun;
    }
    listener.host.claimRequests('/ws', (_request, response) => void response.end());
    const ignored = await open();
    ignored.socket.write(upgrade('h2c'));
    const [answer] = (await once(ignored.socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
    expect(await (await open()).answer).toBe('');
    for (const socket of sockets) socket.destroy();
    await listener.close();
  });

  it.skipIf(certificate === undefined)(
    'with TLS are counted from the beginning of the TLS handshake until the upgrade',
    async () => {
      const limits = { maxHandshakes: 1, shares: 1 };
      const { listener, open, warnings } = await start({ limits, tls: certificate! });
      const upgraded = new Promise<Duplex>((resolve) => {
        listener.host.claimUpgrades('/ws', (_request, socket) => resolve(socket));
      });
      const { socket: first } = await open();
      /** Resolves when the server has closed a further connection. */
      const refused = async () => (await open()).answer;
      await refused();
      expect(warnings).toHaveLength(1);
      const secure = connectTls({ socket: first, rejectUnauthorized: false });
      await once(secure, 'secureConnect');
      await refused();
      secure.write(upgrade('websocket'));
      const webSocket = await upgraded;
      const { socket: silent, answer: abandoned } = await open();
      // Counted, so that the server has begun its handshake.
      await refused();
      expect(silent.readyState).toBe('open');
      webSocket.destroy();
      await listener.close();
      await abandoned;
    },
  );

  it.each(['', 'GET / HT', 'POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nbody'])(
    'are closed when they have not sent a request within connectTimeout: %j',
    async (part) => {
      const { listener, open } = await start({ connectTimeout: 20 });
      listener.host.claimRequests('/slow', () => {});
      const { socket, answer } = await open();
      socket.write(part);
      expect(await answer).toMatch(/^$|408 Request Timeout/);
      await listener.close();
    },
  );
});
