// The HTTP server of signalbox: places to listen on, and errors.
import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HttpListener } from '../../src/transport/http-listener.js';

describe('HttpListener', () => {
  it('answers plain requests with 404', async () => {
    const listener = new HttpListener();
    await listener.listen(0, '127.0.0.1');
    const { port } = listener.http.address() as AddressInfo;
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    await listener.close();
  });

  it('answers plain requests of an endpoint with 426 or 405, and names protocol and method', async () => {
    const listener = new HttpListener(['/ws']);
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
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
      });
    for (const method of ['POST', 'OPTIONS', 'DELETE'])
      expect(await answer(method)).toMatchObject({ status: 405, allow: 'GET' });
    expect(await answer('POST', '/ws/other')).toMatchObject({ status: 404 });
    await listener.close();
  });

  it('explains that a port is in use, or that a host is not an address of this machine', async () => {
    const first = new HttpListener();
    await first.listen(0, '127.0.0.1');
    const { port } = first.http.address() as AddressInfo;
    await expect(new HttpListener().listen(port, '127.0.0.1')).rejects.toMatchObject({
      code: 'listen-failed',
      message: `Cannot listen: port ${port} of 127.0.0.1 is in use; stop the process that listens there, or choose another.`,
    });
    await expect(new HttpListener().listen(0, '192.0.2.1')).rejects.toMatchObject({
      message: 'Cannot listen: port 0 of 192.0.2.1 is not an address of this machine.',
    });
    await first.close();
  });

  it('treats a string of digits as a port, and listens only on the host', async () => {
    const listener = new HttpListener();
    await listener.listen('0', '127.0.0.1');
    expect(listener.http.address()).toMatchObject({ address: '127.0.0.1' });
    await listener.close();
  });

  it('listens on a Unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-'));
    const listener = new HttpListener();
    await listener.listen(join(folder, 'socket'), '127.0.0.1');
    expect(listener.http.address()).toBe(join(folder, 'socket'));
    await listener.close();
    rmSync(folder, { recursive: true });
    await expect(new HttpListener().listen(join(folder, 'socket'), '')).rejects.toMatchObject({
      code: 'listen-failed',
      message: expect.stringContaining('or its folder does not exist') as string,
    });
  });
});
