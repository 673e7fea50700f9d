// The outbox: one write a turn, shared by all who got the same frames, and the end of readers that are too slow.
import { describe, expect, it } from 'vitest';
import { EncodedFrame } from '../../src/message/encoded-frame.js';
import { Activity } from '../../src/session/activity.js';
import { Flusher } from '../../src/session/flusher.js';
import { Outbox } from '../../src/session/outbox.js';
import { FakeConnection } from '../fake-connection.js';
import { manualClock } from '../manual-clock.js';

function outboxes(count: number, limits = { size: 1000, age: 10_000 }) {
  const clock = manualClock();
  const activity = new Activity(clock);
  const flusher = new Flusher(clock, activity);
  const parts = { clock, activity, flusher, limits, treatmentOf: undefined };
  const all = Array.from({ length: count }, () => {
    const connection = new FakeConnection();
    const box = { connection, overflows: 0, outbox: undefined as unknown as Outbox };
    box.outbox = new Outbox(connection, parts, {
      overflowed: () => void box.overflows++,
      dropped: () => {},
      intercept: undefined,
    });
    return box;
  });
  return { clock, activity, all };
}

const frame = (text: string) => new EncodedFrame(Buffer.from(text), false);

describe('an outbox', () => {
  it('writes the frames of a turn at its end, in one write', () => {
    const { clock, all } = outboxes(1);
    const { outbox, connection } = all[0]!;
    outbox.push(frame('one'));
    outbox.push(frame('two'));
    expect(connection.written).toHaveLength(0);
    clock.turn();
    expect(connection.text()).toEqual(['onetwo']);
  });

  it('shares one joined buffer among all that got the same frames', () => {
    const { clock, all } = outboxes(3);
    const frames = [frame('one'), frame('two'), frame('three')];
    for (const each of frames) for (const { outbox } of all) outbox.push(each);
    clock.turn();
    expect(all.map(({ connection }) => connection.text())).toEqual(Array(3).fill(['onetwothree']));
    expect(all[1]!.connection.written[0]).toBe(all[0]!.connection.written[0]);
    expect(all[2]!.connection.written[0]).toBe(all[0]!.connection.written[0]);
  });

  it('gives each reader its own frames when they differ', () => {
    const { clock, all } = outboxes(3);
    const shared = frame('shared ');
    const last = frame(' last');
    all.forEach(({ outbox }, i) => {
      outbox.push(shared);
      outbox.push(frame(`own ${i}`));
      outbox.push(last);
    });
    clock.turn();
    expect(all.map(({ connection }) => connection.text())).toEqual(
      [0, 1, 2].map((i) => [`shared own ${i} last`]),
    );
  });

  it('says when more than half of its limit waits, and when there is room again', async () => {
    const { clock, all } = outboxes(1);
    const { outbox, connection } = all[0]!;
    connection.stalled = true;
    expect(outbox.push(frame('x'.repeat(400)))).toBe(true);
    clock.turn();
    expect(outbox.push(frame('x'.repeat(101)))).toBe(false);
    let room = false;
    void outbox.room().then(() => (room = true));
    clock.turn();
    await Promise.resolve();
    expect(room).toBe(false);
    connection.listener = undefined;
    connection.bufferedBytes = 0;
    outbox.drained();
    await Promise.resolve();
    expect(room).toBe(true);
  });

  it('gives up a reader for whom more waits than the limit, once', () => {
    const { clock, all } = outboxes(1);
    const box = all[0]!;
    box.connection.stalled = true;
    for (let i = 0; i < 12; i++) {
      box.outbox.push(frame('x'.repeat(100)));
      clock.turn();
    }
    expect(box.overflows).toBe(1);
    expect(box.connection.written).toHaveLength(10);
  });

  it('takes one frame of any size while it is empty', () => {
    const { clock, all } = outboxes(1);
    const box = all[0]!;
    box.connection.stalled = true;
    box.outbox.push(frame('x'.repeat(5000)));
    clock.turn();
    expect(box.overflows).toBe(0);
  });

  it('does not count what the reader has taken since the last write', () => {
    const { clock, all } = outboxes(1);
    const box = all[0]!;
    box.connection.stalled = true;
    box.outbox.push(frame('x'.repeat(900)));
    clock.turn();
    box.connection.bufferedBytes = 0;
    box.outbox.push(frame('x'.repeat(900)));
    clock.turn();
    expect(box.overflows).toBe(0);
  });

  it('writes a large turn before its end, so that a reader that keeps up is not given up', () => {
    const { clock, all } = outboxes(1);
    const box = all[0]!;
    for (let i = 0; i < 100; i++) box.outbox.push(frame('x'.repeat(50_000)));
    clock.turn();
    expect(box.overflows).toBe(0);
    expect(box.connection.written.reduce((sum, { length }) => sum + length, 0)).toBe(5_000_000);
  });

  it('gives up a reader for whom one octet waits too long, without another push', () => {
    const { clock, all } = outboxes(1);
    const box = all[0]!;
    box.connection.stalled = true;
    box.outbox.push(frame('x'));
    clock.turn();
    clock.advance(9999);
    expect(box.overflows).toBe(0);
    clock.advance(1);
    expect(box.overflows).toBe(1);
    expect(clock.timers).toBe(0);
  });

  it('keeps a slow reader that gets on', () => {
    const { clock, all } = outboxes(1);
    const { outbox, connection } = all[0]!;
    const box = all[0]!;
    connection.stalled = true;
    for (let i = 0; i < 10; i++) {
      outbox.push(frame('x'.repeat(100)));
      clock.turn();
      clock.advance(4000);
      connection.bufferedBytes = 100;
    }
    expect(box.overflows).toBe(0);
  });

  it('is under way while something waits, and idle when it has stopped', async () => {
    const { clock, activity, all } = outboxes(1);
    const { outbox, connection } = all[0]!;
    connection.stalled = true;
    outbox.push(frame('x'));
    clock.turn();
    let idle = false;
    void activity.idle().then(() => (idle = true));
    clock.turn();
    await Promise.resolve();
    expect(idle).toBe(false);
    outbox.stop();
    clock.turn();
    await Promise.resolve();
    expect(idle).toBe(true);
  });
});
