// The memory transport: ordered, never at once, and with back-pressure.
import { describe, expect, it } from 'vitest';
import { memoryTransport } from '../../src/transport/memory.js';
import type { Connection } from '../../src/transport/transport.js';

function ends() {
  const transport = memoryTransport();
  const log: string[] = [];
  let connection!: Connection;
  void transport.open((accepted) => {
    connection = accepted;
    accepted.listen({
      data: (chunk) => void log.push(`data ${Buffer.from(chunk).toString()}`),
      ended: () => void log.push('ended'),
      drained: () => void log.push('drained'),
      ponged: () => void log.push('ponged'),
      closed: (code, reason) => void log.push(`closed ${code} ${reason}`),
    });
  });
  const client = transport.connect({
    url: '/x',
    headers: { Cookie: 'a=b' },
    principal: { name: 'ann' },
  });
  return { transport, client, connection, log };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('the memory transport', () => {
  it('carries octets to the server, in order and not at once', async () => {
    const { client, log } = ends();
    client.send('one');
    client.send(Buffer.from('two'));
    expect(log).toEqual([]);
    await settle();
    expect(log).toEqual(['data one', 'data two']);
  });

  it('holds what arrives while the server does not read', async () => {
    const { client, connection, log } = ends();
    connection.pause();
    client.send('one');
    await settle();
    expect(log).toEqual([]);
    connection.resume();
    await settle();
    expect(log).toEqual(['data one']);
  });

  it('carries octets to the client, and says when all have left', async () => {
    const { client, connection, log } = ends();
    connection.write(Buffer.from('early'));
    await settle();
    expect(connection.bufferedBytes).toBe(5);
    const heard: string[] = [];
    client.onData = (octets) => void heard.push(Buffer.from(octets).toString());
    connection.write(Buffer.from('late'));
    await settle();
    expect([heard, connection.bufferedBytes, log]).toEqual([['early', 'late'], 0, ['drained']]);
  });

  it('holds what is written while the client does not read', async () => {
    const { client, connection } = ends();
    client.onData = () => {};
    client.pause();
    connection.write(Buffer.from('12345'));
    await settle();
    expect(connection.bufferedBytes).toBe(5);
    client.resume();
    await settle();
    expect(connection.bufferedBytes).toBe(0);
  });

  it('is closed by either side, once, after what was written', async () => {
    const { client, connection, log } = ends();
    const heard: string[] = [];
    client.onData = (octets) => void heard.push(Buffer.from(octets).toString());
    connection.write(Buffer.from('last'));
    connection.close(1001, 'bye');
    connection.write(Buffer.from('too late'));
    expect(await client.closed).toEqual({ code: 1001, reason: 'bye' });
    client.send('unheard');
    client.close();
    await settle();
    expect([heard, log]).toEqual([['last'], ['drained', 'closed 1001 bye']]);
  });

  it('is gone without a word when the client vanishes or the server terminates', async () => {
    const vanishing = ends();
    vanishing.client.vanish();
    expect(await vanishing.client.closed).toEqual({ code: 1006, reason: '' });
    const terminated = ends();
    terminated.connection.terminate();
    expect(terminated.log).toEqual(['closed 1006 ']);
  });

  it('tells what it was connected with, and takes nobody while it is not open', async () => {
    const { transport, connection } = ends();
    expect(connection.handshake).toMatchObject({
      url: '/x',
      principal: { name: 'ann' },
      secure: false,
    });
    expect(connection.handshake.headers.get('cookie')).toBe('a=b');
    await transport.close();
    expect(() => transport.connect()).toThrow('The memory transport is not open');
  });
});
