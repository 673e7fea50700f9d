// The memory transport: order, back-pressure, and every way to close.
import { describe, expect, it } from 'vitest';
import { EncodedFrame } from '../../src/message/encoded-frame.js';
import { memoryTransport } from '../../src/transport/memory.js';
import type { Connection } from '../../src/transport/transport.js';
import { testContext } from './context.js';

/** A connected client, and the events of its connection. */
function connectedClient() {
  const transport = memoryTransport();
  const events: string[] = [];
  let connection!: Connection;
  const context = testContext((accepted) => {
    connection = accepted;
    accepted.listen({
      data: (chunk) => void events.push(`data ${Buffer.from(chunk).toString()}`),
      ended: () => void events.push('ended'),
      held: () => true,
      drained: () => void events.push('drained'),
      ponged: () => void events.push('ponged'),
      closed: (code, reason) => void events.push(`closed ${code} ${reason}`),
    });
  });
  void transport.open(context);
  const client = transport.connect({
    url: '/x',
    headers: { Cookie: 'a=b' },
    principal: { name: 'ann' },
  });
  return { transport, client, connection, events };
}

/** Writes messages together, as an outbox does. */
function write(connection: Connection, ...messages: (string | Uint8Array)[]): void {
  const framed = messages.map((message) =>
    new EncodedFrame(Buffer.from(message as Uint8Array), typeof message !== 'string').framedBy(
      connection.framing,
    ),
  );
  connection.write(Buffer.concat(framed));
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('the memory transport', () => {
  it('delivers bytes to the server in order, and never synchronously', async () => {
    const { client, events } = connectedClient();
    client.send('one');
    client.send(Buffer.from('two'));
    expect(events).toEqual([]);
    await settle();
    expect(events).toEqual(['data one', 'data two']);
  });

  it('drops bytes of a connection that the server did not accept', async () => {
    const transport = memoryTransport();
    void transport.open(testContext((connection) => connection.close(1011, 'internal-error')));
    const client = transport.connect();
    client.send('early');
    expect(await client.closed).toEqual({ code: 1011, reason: 'internal-error' });
  });

  it('keeps arriving bytes while the server is paused', async () => {
    const { client, connection, events } = connectedClient();
    connection.pause();
    client.send('one');
    await settle();
    expect(events).toEqual([]);
    connection.resume();
    await settle();
    expect(events).toEqual(['data one']);
  });

  it('delivers bytes to the client, and reports when all have left', async () => {
    const { client, connection, events } = connectedClient();
    write(connection, 'early');
    await settle();
    expect(connection.bufferedBytes).toBe(5);
    const received: string[] = [];
    client.onData = (bytes) => void received.push(Buffer.from(bytes).toString());
    write(connection, 'late');
    await settle();
    expect([received, connection.bufferedBytes, events]).toEqual([
      ['early', 'late'],
      0,
      ['drained'],
    ]);
  });

  it('delivers each message by itself in both directions, with its kind', async () => {
    const { client, connection } = connectedClient();
    const received: unknown[] = [];
    client.onData = (bytes, binary) => void received.push(Buffer.from(bytes).toString(), binary);
    write(connection, 'a', '', Buffer.from('b'));
    await settle();
    expect(received).toEqual(['a', false, '', false, 'b', true]);
    received.length = 0;
    connection.listen({
      data: (chunk, binary) => void received.push(Buffer.from(chunk).toString(), binary),
      ended: () => {},
      held: () => true,
      drained: () => {},
      ponged: () => {},
      closed: () => {},
    });
    client.send('c');
    client.send('');
    client.send(Buffer.from('d'));
    await settle();
    expect(received).toEqual(['c', false, '', false, 'd', true]);
  });

  it('keeps written bytes while the client is paused', async () => {
    const { client, connection } = connectedClient();
    client.onData = () => {};
    client.pause();
    write(connection, '12345');
    await settle();
    expect(connection.bufferedBytes).toBe(5);
    client.resume();
    await settle();
    expect(connection.bufferedBytes).toBe(0);
  });

  it('closes once, after the written bytes', async () => {
    const { client, connection, events } = connectedClient();
    const received: string[] = [];
    client.onData = (bytes) => void received.push(Buffer.from(bytes).toString());
    write(connection, 'last');
    connection.close(1001, 'bye');
    write(connection, 'too late');
    expect(await client.closed).toEqual({ code: 1001, reason: 'bye' });
    client.send('too late');
    client.close();
    await settle();
    expect([received, events]).toEqual([['last'], ['drained', 'closed 1001 bye']]);
  });

  it('reports 1006 when the client vanishes or the server terminates', async () => {
    const vanishing = connectedClient();
    vanishing.client.vanish();
    expect(await vanishing.client.closed).toEqual({ code: 1006, reason: '' });
    const terminated = connectedClient();
    terminated.connection.terminate();
    expect(terminated.events).toEqual(['closed 1006 ']);
  });

  it('has the handshake that the client gave', () => {
    const { handshake } = connectedClient().connection;
    expect(handshake).toMatchObject({ url: '/x', principal: { name: 'ann' }, secure: false });
    expect(handshake.headers.get('cookie')).toBe('a=b');
  });

  it('accepts no client while it is closed', async () => {
    const { transport } = connectedClient();
    await transport.close();
    expect(() => transport.connect()).toThrow('The memory transport is not open');
  });

  it('closes with 1011 and logs the error when the server cannot accept a connection', async () => {
    const transport = memoryTransport();
    const context = testContext(() => {
      throw new Error('boom');
    });
    await transport.open(context);
    expect(await transport.connect().closed).toEqual({ code: 1011, reason: 'internal-error' });
    expect(context.errors).toEqual(['The server could not accept a new connection. boom']);
  });
});
