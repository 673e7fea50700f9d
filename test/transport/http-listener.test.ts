// Our own HTTP server: where it listens, and why it cannot.
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HttpListener } from '../../src/transport/http-listener.js';

describe('a listener', () => {
  it('answers plain requests with 404', async () => {
    const listener = new HttpListener();
    await listener.listen(0, '127.0.0.1');
    const { port } = listener.http.address() as AddressInfo;
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    await listener.close();
  });

  it('says in a sentence that a port is taken, or no address of this machine', async () => {
    const first = new HttpListener();
    await first.listen(0, '127.0.0.1');
    const { port } = first.http.address() as AddressInfo;
    await expect(new HttpListener().listen(port, '127.0.0.1')).rejects.toMatchObject({
      code: 'listen-failed',
      message: `Cannot listen: port ${port} of 127.0.0.1 is taken; stop what listens there, or choose another.`,
    });
    await expect(new HttpListener().listen(0, '192.0.2.1')).rejects.toMatchObject({
      message: 'Cannot listen: port 0 of 192.0.2.1 is no address of this machine.',
    });
    await first.close();
  });

  it('takes digits for a port, on the host alone', async () => {
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
      message: expect.stringContaining('or a folder that is not there') as string,
    });
  });
});
