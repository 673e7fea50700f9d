// The outbox: one write per turn, shared by all sessions with the same frames, and the end of readers that are too slow.
import { describe, expect, it } from 'vitest';
import type { EncodedFrame } from '../../src/message/encoded-frame.js';
import { MessagingError } from '../../src/message/error.js';
import type { ReceiptFrame } from '../../src/message/frame.js';
import type { OutboxParts } from '../../src/session/outbox.js';
import { FakeConnection } from './fake-connection.js';
import { plainEncoder, testSession } from './test-session.js';

/** Sessions with one shared encoder that writes a receipt as its id. */
function outboxes(count: number, outbox: Partial<OutboxParts> = {}) {
  const { activity, clock, isIdle, open } = testSession({ connectTimeout: 1_000_000, outbox });
  const encoder = plainEncoder();
  const all = Array.from({ length: count }, () => {
    const { connection, session } = open();
    session.outbox.setEncoder(encoder);
    return { connection, session, outbox: session.outbox };
  });
  return { activity, clock, isIdle, all };
}

const frame = (receipt: string): ReceiptFrame => ({ kind: 'receipt', receipt });

/** The close code of a reader that is too slow. */
const slowConsumer = { code: 4500, reason: 'slow-consumer' };

describe('an outbox', () => {
  it('writes the frames of a turn together, at its end', async () => {
    const { clock, all } = outboxes(1);
    const { outbox, connection } = all[0]!;
    outbox.send(frame('one'));
    outbox.send(frame('two'));
    expect(connection.written).toHaveLength(0);
    await clock.advance(0);
    expect(connection.text()).toEqual(['onetwo']);
  });

  it('shares one buffer among all sessions with the same frames', async () => {
    const { clock, all } = outboxes(3);
    const frames = [frame('one'), frame('two'), frame('three')];
    for (const each of frames) for (const { outbox } of all) outbox.send(each);
    await clock.advance(0);
    expect(all.map(({ connection }) => connection.text())).toEqual(Array(3).fill(['onetwothree']));
    expect(all[1]!.connection.written[0]).toBe(all[0]!.connection.written[0]);
    expect(all[2]!.connection.written[0]).toBe(all[0]!.connection.written[0]);
  });

  it('ends a session with ERROR and 1003 when its transport carries only text, and the frame is not text', async () => {
    const framing = {
      frame({ bytes }: EncodedFrame) {
        if (String(bytes) === 'bytes') throw new MessagingError('text-required');
        return bytes;
      },
    };
    const { clock, open } = testSession();
    const { connection, session } = open(Object.assign(new FakeConnection(), { framing }));
    session.outbox.setEncoder(plainEncoder());
    for (const text of ['text', 'bytes', 'later']) session.outbox.send(frame(text));
    await clock.advance(0);
    const [written = ''] = connection.text();
    expect(written).toMatch(/^text/);
    expect(written).not.toContain('later');
    expect(connection.closedWith).toEqual({ code: 1003, reason: 'text-required' });
  });

  it('writes to each session its own frames when they differ', async () => {
    const { clock, all } = outboxes(3);
    const shared = frame('shared ');
    const last = frame(' last');
    all.forEach(({ outbox }, i) => {
      outbox.send(shared);
      outbox.send(frame(`own ${i}`));
      outbox.send(last);
    });
    await clock.advance(0);
    expect(all.map(({ connection }) => connection.text())).toEqual(
      [0, 1, 2].map((i) => [`shared own ${i} last`]),
    );
  });

  it('reports when more than half of its limit waits, and when there is room again', async () => {
    const { clock, all } = outboxes(1);
    const { outbox, connection } = all[0]!;
    connection.stalled = true;
    await outbox.room();
    expect(outbox.send(frame('x'.repeat(400)))).toBe(true);
    await clock.advance(0);
    expect(outbox.send(frame('x'.repeat(100)))).toBe(true);
    await outbox.room();
    expect(outbox.send(frame('x'))).toBe(false);
    let room = false;
    void outbox.room().then(() => (room = true));
    await clock.advance(0);
    await Promise.resolve();
    expect(room).toBe(false);
    connection.bufferedBytes = 500;
    connection.listener!.drained();
    await Promise.resolve();
    expect(room).toBe(true);
  });

  it('has room once it is stopped', async () => {
    const { clock, all } = outboxes(1);
    const { outbox, connection } = all[0]!;
    connection.stalled = true;
    outbox.send(frame('x'.repeat(900)));
    await clock.advance(0);
    const room = outbox.room();
    outbox.stop();
    await room;
    await outbox.room();
  });

  it('reports room for frames that it drops', () => {
    const { all } = outboxes(1, {
      interceptors: [
        (outgoing, session) => {
          if (outgoing.kind !== 'receipt' || outgoing.receipt === 'drop') return undefined;
          if (outgoing.receipt === 'throw') throw new Error('boom');
          session.close();
          return outgoing;
        },
      ],
    });
    const { outbox, connection } = all[0]!;
    expect(outbox.send(frame('drop'))).toBe(true);
    expect(connection.closedWith).toBeUndefined();
    expect(outbox.send(frame('close'))).toBe(true);
    expect(connection.closedWith?.code).toBe(1000);
    expect(outbox.send(frame('closed'))).toBe(true);
    expect(connection.written).toEqual([]);
  });

  it('reports room when an interceptor throws, and before it has an encoder', () => {
    const { open } = testSession({
      outbox: {
        interceptors: [
          () => {
            throw new Error('boom');
          },
        ],
      },
    });
    const { connection, session } = open();
    expect(session.outbox.send(frame('early'))).toBe(true);
    expect(connection.closedWith).toBeUndefined();
    session.outbox.setEncoder(plainEncoder());
    expect(session.outbox.send(frame('x'))).toBe(true);
    expect(connection.closedWith?.code).toBe(1011);
  });

  it('sends heart-beats without the interceptors', async () => {
    const { clock, all } = outboxes(1, { interceptors: [() => undefined] });
    const { outbox, connection } = all[0]!;
    outbox.send({ kind: 'heartbeat' });
    await clock.advance(0);
    expect(connection.text()).toEqual(['beat']);
  });

  it('has no frames to drop for a reader that keeps up', () => {
    const { all } = outboxes(1);
    expect(() => all[0]!.outbox.forget('s')).not.toThrow();
  });

  it('disconnects a reader when more bytes wait than the limit', async () => {
    const { clock, all } = outboxes(1);
    const box = all[0]!;
    box.connection.stalled = true;
    for (let i = 0; i < 12; i++) {
      box.outbox.send(frame('x'.repeat(100)));
      await clock.advance(0);
    }
    expect(box.connection.closedWith).toEqual(slowConsumer);
    expect(box.connection.written).toHaveLength(10);
  });

  it('accepts one frame of any size while it is empty', async () => {
    const { clock, all } = outboxes(1);
    const box = all[0]!;
    box.connection.stalled = true;
    box.outbox.send(frame('x'.repeat(5000)));
    await clock.advance(0);
    expect(box.connection.closedWith).toBeUndefined();
  });

  it('does not count bytes that the reader has received since the last write', async () => {
    const { clock, all } = outboxes(1);
    const box = all[0]!;
    box.connection.stalled = true;
    box.outbox.send(frame('x'.repeat(900)));
    await clock.advance(0);
    box.connection.bufferedBytes = 100;
    box.outbox.send(frame('x'.repeat(900)));
    await clock.advance(0);
    box.connection.bufferedBytes = 0;
    box.outbox.send(frame('x'.repeat(1100)));
    await clock.advance(0);
    expect(box.connection.closedWith).toBeUndefined();
  });

  it('disconnects a reader when a batch that is written early exceeds the limit', async () => {
    const { clock, all } = outboxes(1);
    const box = all[0]!;
    box.connection.stalled = true;
    box.outbox.send(frame('x'));
    await clock.advance(0);
    box.outbox.send(frame('x'.repeat(70_000)));
    expect(box.connection.closedWith).toEqual(slowConsumer);
  });

  it('writes only batches above 64 KiB before the end of the turn', () => {
    const { all } = outboxes(1);
    const { outbox, connection } = all[0]!;
    outbox.send(frame('x'.repeat(64 * 1024)));
    expect(connection.written).toHaveLength(0);
    outbox.send(frame('x'));
    expect(connection.written).toHaveLength(1);
  });

  it('sets no timer for a reader that keeps up', async () => {
    const { clock, all } = outboxes(1);
    const { timers } = clock;
    all[0]!.outbox.send(frame('x'));
    await clock.advance(0);
    expect(clock.timers).toEqual(timers);
  });

  it('writes a large batch before the end of the turn, so that a reader that keeps up is not disconnected', async () => {
    const { clock, all } = outboxes(1);
    const box = all[0]!;
    for (let i = 0; i < 100; i++) box.outbox.send(frame('x'.repeat(50_000)));
    await clock.advance(0);
    expect(box.connection.closedWith).toBeUndefined();
    expect(box.connection.written.reduce((sum, { length }) => sum + length, 0)).toBe(5_000_000);
  });

  it('disconnects a reader when one byte waits too long, without another frame', async () => {
    const { clock, all } = outboxes(1);
    const box = all[0]!;
    box.connection.stalled = true;
    box.outbox.send(frame('x'));
    await clock.advance(0);
    await clock.advance(9999);
    expect(box.connection.closedWith).toBeUndefined();
    await clock.advance(1);
    expect(box.connection.closedWith).toEqual(slowConsumer);
    expect(clock.timers).toHaveLength(0);
  });

  it('keeps a slow reader that makes progress', async () => {
    const { clock, all } = outboxes(1);
    const { outbox, connection } = all[0]!;
    const box = all[0]!;
    connection.stalled = true;
    for (let i = 0; i < 10; i++) {
      outbox.send(frame('x'.repeat(100)));
      await clock.advance(0);
      await clock.advance(4000);
      connection.bufferedBytes = 100;
    }
    expect(box.connection.closedWith).toBeUndefined();
  });

  it('disconnects a reader that stops making progress', async () => {
    const { clock, all } = outboxes(1);
    const { outbox, connection } = all[0]!;
    connection.stalled = true;
    outbox.send(frame('x'.repeat(100)));
    await clock.advance(0);
    outbox.send(frame('x'.repeat(100)));
    await clock.advance(0);
    connection.bufferedBytes = 50;
    await clock.advance(10_000);
    expect(connection.closedWith).toBeUndefined();
    await clock.advance(10_000);
    expect(connection.closedWith).toEqual(slowConsumer);
  });

  it('counts as activity while bytes wait, until it is stopped', async () => {
    const { activity, clock, isIdle, all } = outboxes(1);
    const { outbox, connection } = all[0]!;
    connection.stalled = true;
    activity.begin();
    outbox.send(frame('x'));
    await clock.advance(0);
    expect(await isIdle()).toBe(false);
    activity.end();
    expect(await isIdle()).toBe(false);
    outbox.stop();
    expect(await isIdle()).toBe(true);
  });

  it('drops frames that an interceptor sends after it has closed the session', async () => {
    const { clock, open } = testSession({
      outbox: {
        interceptors: [
          (outgoing, session) => {
            session.close();
            return outgoing;
          },
        ],
      },
    });
    const { connection, session } = open();
    session.outbox.setEncoder(plainEncoder());
    session.send(frame('x'));
    await clock.advance(0);
    expect(connection.written).toEqual([]);
  });
});
