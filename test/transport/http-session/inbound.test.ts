// The messages that a client sends in arrays: their share of a turn, their size, and the bytes that wait.
import { describe, expect, it } from 'vitest';
import { testClock } from 'signalbox/testing';
import { Inbound, type DeliveryResult } from '../../../src/transport/http-session/inbound.js';
import type { ConnectionListener } from '../../../src/transport/transport.js';
import { turn } from '../event-log.js';

/** An inbound with a listener that records its calls, and limits the bytes of the client. */
function create({ maxMessageBytes = 100, room = Infinity } = {}) {
  const entries: string[] = [];
  let heldBytes = 0;
  const listener: ConnectionListener = {
    data: (chunk) => void entries.push(String(chunk)),
    ended: (code) => void entries.push(`ended ${code}`),
    held: (bytes) => (heldBytes += bytes) <= room,
    drained: () => {},
    ponged: () => {},
    closed: () => {},
  };
  const inbound = new Inbound(testClock(), maxMessageBytes, () => listener);
  const results: DeliveryResult[] = [];
  return {
    inbound,
    entries,
    results,
    heldBytes: () => heldBytes,
    receive: (texts: unknown) =>
      inbound.receive(Buffer.from(JSON.stringify(texts)), (result) => void results.push(result)),
  };
}

const numbers = (count: number, first = 0) =>
  Array.from({ length: count }, (_, i) => `${first + i}`);

describe('the messages of an array', () => {
  it('are delivered at once when they are few', () => {
    const { receive, entries, results } = create();
    receive(['a', 'b']);
    receive([]);
    receive('c');
    expect(entries).toEqual(['a', 'b']);
    expect(results).toEqual(['delivered', 'delivered', 'malformed']);
  });

  it.each(['"1"', '"\\ud800"'])('are delivered in parts of a turn, such as %s', async (json) => {
    const { inbound, entries, results } = create();
    const body = Buffer.from(`[${Array(1000).fill(json).join()}]`);
    inbound.receive(body, (result) => void results.push(result));
    expect(entries.length).toBeLessThanOrEqual(128);
    for (let last = -1; entries.length > last; await turn()) {
      expect(entries.length - Math.max(last, 0)).toBeLessThanOrEqual(128);
      last = entries.length;
    }
    expect(entries).toHaveLength(1000);
    expect(results).toEqual(['delivered']);
  });

  it('wait for a turn after a large array, which is parsed as a whole', async () => {
    const { receive, entries } = create({ maxMessageBytes: 100_000 });
    receive(['x'.repeat(50_000)]);
    expect(entries).toEqual([]);
    await turn();
    expect(entries).toHaveLength(1);
  });

  it('keep their order, and a later request is read after them', async () => {
    const { inbound, receive, entries } = create();
    receive(numbers(200));
    receive(numbers(100, 200));
    let read = false;
    void inbound.whenReading().then(() => (read = true));
    await turn();
    expect({ read, isReading: inbound.isReading }).toEqual({ read: false, isReading: false });
    await turn();
    await turn();
    expect(entries).toEqual(numbers(300));
    expect({ read, isReading: inbound.isReading }).toEqual({ read: true, isReading: true });
  });

  it('wait while paused, and one that ends the session is the last one', () => {
    const { inbound, entries, results, receive } = create();
    inbound.pause();
    receive(['a', 'b']);
    receive(['c']);
    expect([entries, results]).toEqual([[], []]);
    inbound.resume();
    expect(entries).toEqual(['a', 'b', 'c']);
    inbound.pause();
    receive(['d']);
    inbound.end();
    receive(['e']);
    expect(results).toEqual(['delivered', 'delivered', 'ended', 'ended']);
  });

  it('end after one that is too large', () => {
    const { receive, entries, results } = create({ maxMessageBytes: 3 });
    receive(['\ud800', '\ud800\ud800', 'a']);
    receive(['b']);
    expect(entries).toEqual(['\ufffd\ufffd\ufffd', 'ended 1009']);
    expect(results).toEqual(['delivered', 'delivered']);
  });

  it('come before an action that follows them', async () => {
    const { inbound, entries, receive } = create();
    receive(numbers(200));
    inbound.afterDelivery(() => void entries.push('action'));
    await turn();
    expect(entries).toEqual([...numbers(200), 'action']);
  });
});

describe('bytes of requests', () => {
  it('count until they are released', () => {
    const { inbound, heldBytes } = create();
    expect(inbound.hold(10)).toBe(true);
    expect(heldBytes()).toBe(10);
    inbound.release(10);
    expect(heldBytes()).toBe(0);
  });

  it('of one message have room also when the client has used its part of the limit', () => {
    const { inbound } = create({ maxMessageBytes: 100, room: 0 });
    expect([inbound.hold(60), inbound.hold(40), inbound.hold(1)]).toEqual([true, true, false]);
  });

  it('no longer count after the end', () => {
    const { inbound, heldBytes } = create();
    inbound.hold(10);
    inbound.end();
    inbound.release(10);
    expect(inbound.hold(10)).toBe(true);
    expect(heldBytes()).toBe(0);
  });
});
