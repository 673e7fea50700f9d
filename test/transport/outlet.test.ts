// The way out of a socket: drained is said when nothing waits any more, once, and of a lost socket never.
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Outlet } from '../../src/transport/outlet.js';

function scene() {
  const underWay: (() => void)[] = [];
  const socket = new Duplex({
    read: () => {},
    write: (_chunk, _encoding, done) => void underWay.push(done),
    destroy: (_error, done) => done(null),
  });
  let drained = 0;
  const outlet = new Outlet(socket, () => void drained++);
  return {
    socket,
    outlet,
    drained: () => drained,
    write: (size: number) => outlet.write(Buffer.alloc(size)),
    /** The system has taken the oldest write. */
    leave: () => {
      underWay.shift()!();
      return new Promise((resolve) => setImmediate(resolve));
    },
  };
}

describe('an outlet', () => {
  it('says once that several writes have left', async () => {
    const { outlet, drained, write, leave } = scene();
    write(3);
    write(4);
    expect(outlet.bufferedBytes).toBe(7);
    await leave();
    await leave();
    expect([outlet.bufferedBytes, drained()]).toEqual([4, 0]);
    await leave();
    await leave();
    expect([outlet.bufferedBytes, drained()]).toEqual([0, 1]);
  });

  it('says nothing while something written later waits, and says it of that', async () => {
    const { outlet, drained, write, leave } = scene();
    write(3);
    await leave();
    write(4);
    await leave();
    expect([outlet.bufferedBytes, drained()]).toEqual([4, 0]);
    await leave();
    await leave();
    expect([outlet.bufferedBytes, drained()]).toEqual([0, 1]);
  });

  it('says nothing of what a lost socket dropped', async () => {
    const { socket, drained, write, leave } = scene();
    write(3);
    socket.destroy();
    await leave();
    expect(drained()).toBe(0);
  });
});
