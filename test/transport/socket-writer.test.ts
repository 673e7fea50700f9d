// The writer of a socket: `drained` is reported once, when no bytes wait, and never for a lost socket.
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { SocketWriter } from '../../src/transport/socket-writer.js';

/** A writer on a socket whose writes finish when the test completes them. */
function heldSocket() {
  const pending: (() => void)[] = [];
  const socket = new Duplex({
    read: () => {},
    write: (_chunk, _encoding, done) => void pending.push(done),
    destroy: (_error, done) => done(null),
  });
  let drained = 0;
  const writer = new SocketWriter(socket, () => void drained++);
  return {
    socket,
    writer,
    drained: () => drained,
    write: (size: number) => writer.write(Buffer.alloc(size)),
    /** Finishes the oldest write. */
    finishWrite: () => {
      pending.shift()!();
      return new Promise((resolve) => setImmediate(resolve));
    },
  };
}

describe('SocketWriter', () => {
  it('reports `drained` once for several writes', async () => {
    const { writer, drained, write, finishWrite } = heldSocket();
    write(3);
    write(4);
    expect(writer.bufferedBytes).toBe(7);
    await finishWrite();
    await finishWrite();
    expect([writer.bufferedBytes, drained()]).toEqual([4, 0]);
    await finishWrite();
    await finishWrite();
    expect([writer.bufferedBytes, drained()]).toEqual([0, 1]);
  });

  it('waits for bytes that are written before the earlier ones have left', async () => {
    const { writer, drained, write, finishWrite } = heldSocket();
    write(3);
    await finishWrite();
    write(4);
    await finishWrite();
    expect([writer.bufferedBytes, drained()]).toEqual([4, 0]);
    await finishWrite();
    await finishWrite();
    expect([writer.bufferedBytes, drained()]).toEqual([0, 1]);
  });

  it('does not report `drained` for the bytes of a lost socket', async () => {
    const { socket, drained, write, finishWrite } = heldSocket();
    write(3);
    socket.destroy();
    await finishWrite();
    expect(drained()).toBe(0);
  });
});
