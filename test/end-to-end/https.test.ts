// The HTTPS server of an application, with its routes and an attached signalbox server.
import { once } from 'node:events';
import { createServer as createHttpsServer, get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createServer, silentLogger } from '../../src/index.js';
import { selfSigned } from '../certificate.js';
import { frameText } from '../clients/stomp.js';

const certificate = selfSigned();

describe.skipIf(certificate === undefined)('an HTTPS server', () => {
  it('serves the endpoint and its own routes, and continues after the close of the signalbox server', async () => {
    const https = createHttpsServer(certificate!, (_request, response) => void response.end('own'));
    const server = await createServer({ logger: silentLogger });
    await server.attach(https);
    await once(https.listen(0, '127.0.0.1'), 'listening');
    const { port } = https.address() as AddressInfo;
    const insecure = { rejectUnauthorized: false };

    const socket = new WebSocket(`wss://127.0.0.1:${port}/ws`, ['v12.stomp'], {
      ...insecure,
      origin: `https://127.0.0.1:${port}`,
    });
    await once(socket, 'open');
    socket.send(frameText('CONNECT', { 'accept-version': '1.2', host: 'x' }));
    const [data] = (await once(socket, 'message')) as [Buffer];
    expect(data.toString()).toMatch(/^CONNECTED\n/);
    expect([...server.sessions.all()][0]?.handshake.secure).toBe(true);
    const closed = once(socket, 'close');
    await server.close();
    expect((await closed)[0]).toBe(1001);

    const page = (headers: Record<string, string> = {}) =>
      new Promise((resolve) => {
        get(`https://127.0.0.1:${port}/`, { ...insecure, headers }, (response) =>
          response.on('data', (chunk: Buffer) => resolve(chunk.toString())),
        );
      });
    expect(await page()).toBe('own');
    expect(await page({ connection: 'Upgrade', upgrade: 'h2' })).toBe('own');
    https.closeAllConnections();
    https.close();
  });
});
