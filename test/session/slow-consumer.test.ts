// Slow readers: the dropped messages, and the drop count in the next message.
import { describe, expect, it } from 'vitest';
import type { MessageFrame } from '../../src/message/frame.js';
import { noHeaders } from '../../src/message/message.js';
import { compileSlowConsumers, type SlowConsumerOptions } from '../../src/session/slow-consumer.js';
import { jsonCodec } from '../../src/wire/json/codec.js';
import { testSession } from './test-session.js';

/** A session whose reader does not read: written bytes stay in the connection until it drains. */
function slowReader(options: Partial<SlowConsumerOptions>, maxBytes = 1500) {
  const { clock, open } = testSession({
    connectTimeout: 1_000_000,
    outbox: {
      limits: { maxBytes, timeout: 10_000 },
      dropRules: compileSlowConsumers({ policy: 'close', rules: [], ...options }, '/'),
    },
  });
  const { connection, events, session } = open();
  const { outbox } = session;
  outbox.setEncoder(jsonCodec.encoder('1'));
  connection.stalled = true;
  /** Sends frames, each in a turn; returns whether there is room after the last one. */
  const send = async (...frames: MessageFrame[]) => {
    let room = true;
    for (const frame of frames) {
      room = outbox.send(frame);
      await clock.advance(0);
    }
    return room;
  };
  /** The payloads that were written, with the number of those dropped before them. */
  const written = () =>
    connection.written
      .splice(0)
      .flatMap((bytes) => text(bytes).trimEnd().split('\n'))
      .map((line) => JSON.parse(line) as Record<string, string>)
      .map((frame) => [frame['payload'] ?? frame['type'], frame['dropped']].join(' ').trimEnd());
  return { outbox, connection, clock, events, send, written };
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

let count = 0;
function message(body: string, given: Partial<MessageFrame> = {}, key?: string): MessageFrame {
  const headers = key === undefined ? noHeaders : new Map([['symbol', key]]);
  return {
    kind: 'message',
    subscription: 's',
    messageId: `m${++count}`,
    message: { destination: '/topic/x', headers, body: Buffer.from(body.padEnd(300, '.')) },
    ...given,
  };
}

/** The close code of a reader that is too slow. */
const slowConsumer = { code: 4500, reason: 'slow-consumer' };

/** Removes the padding. */
const short = (texts: string[]) => texts.map((each) => each.replace(/\.+/, ''));

describe('a slow reader', () => {
  it('receives nothing until it has caught up, then all frames in order', async () => {
    const { connection, send, written, events } = slowReader({ policy: 'drop-oldest' });
    await send(message('1'), message('2'), message('3'));
    expect(short(written())).toEqual(['1']);
    connection.stalled = false;
    connection.drain();
    expect(short(written())).toEqual(['2', '3']);
    await send(message('4'));
    expect(short(written())).toEqual(['4']);
    expect(events).toEqual([]);
    expect(connection.closedWith).toBeUndefined();
  });

  it('receives held frames in parts of a quarter of the limit, until the connection has a backlog', async () => {
    const { connection, send, written } = slowReader({ policy: 'drop-oldest' }, 4000);
    await send(...['1', '2', '3', '4', '5', '6'].map((each) => message(each)));
    const frameBytes = connection.written[0]!.length;
    expect(Math.ceil(1000 / frameBytes)).toBe(3);
    written();
    connection.drain();
    expect(connection.written).toHaveLength(1);
    expect(short(written())).toEqual(['2', '3', '4']);
    connection.drain();
    expect(connection.written).toHaveLength(1);
    expect(short(written())).toEqual(['5', '6']);
    expect(connection.closedWith).toBeUndefined();
  });

  it('receives held frames that are larger than a batch', async () => {
    const { connection, send } = slowReader({ policy: 'drop-oldest' }, 1_000_000);
    const large = 'x'.repeat(70_000);
    await send(message('1'), message(large), message(large));
    connection.stalled = false;
    connection.drain();
    expect(connection.written).toHaveLength(3);
    expect(connection.closedWith).toBeUndefined();
  });

  it('has room while at most half of the limit is queued or held', async () => {
    // Frames with ids of the same length have the same size.
    const next = (body: string) => message(body, { messageId: 'm' });
    const first = slowReader({ policy: 'drop-oldest' });
    await first.send(next('1'));
    const frameBytes = first.connection.written[0]!.length;

    const { send, events } = slowReader({ policy: 'drop-oldest' }, 4 * frameBytes);
    expect(await send(next('1'), next('2'))).toBe(true);
    expect(await send(next('3'))).toBe(false);
    expect(await send(next('4'))).toBe(false);
    expect(events).toEqual([]);
  });

  it('loses a new message when no older one may be dropped', async () => {
    const { connection, send, written, events } = slowReader({ policy: 'drop-oldest' });
    const queued = { marks: { ack: '1' } };
    await send(message('1'), message('2', queued), message('3', queued), message('4'));
    expect(short(events)).toEqual(['dropped 4']);
    connection.stalled = false;
    connection.drain();
    expect(short(written())).toEqual(['1', '2 1', '3']);
    expect(connection.closedWith).toBeUndefined();
  });

  it('drop-oldest: loses the oldest messages, and receives their number', async () => {
    const { connection, send, written, events } = slowReader({ policy: 'drop-oldest' });
    await send(...['1', '2', '3', '4', '5'].map((each) => message(each)));
    connection.stalled = false;
    connection.drain();
    expect(short(events)).toEqual(['dropped 2', 'dropped 3']);
    expect(short(written())).toEqual(['1', '4 2', '5']);
  });

  it('drop-oldest: loses as many messages as a large one needs, and no more', async () => {
    const { connection, send, written, events } = slowReader({ policy: 'drop-oldest' }, 3000);
    await send(...['1', '2', '3', '4', '5', '6'].map((each) => message(each)));
    expect(events).toEqual([]);
    await send(message('large'.padEnd(1600, '.')));
    connection.stalled = false;
    connection.drain();
    expect(short(events)).toEqual(['dropped 2', 'dropped 3', 'dropped 4']);
    expect(short(written())).toEqual(['1', '5 3', '6', 'large']);
  });

  it.each<[kind: string, given: Partial<MessageFrame>, ends: boolean]>([
    ['that may be dropped is lost', {}, false],
    ['that must not be dropped ends the session', { marks: { ack: '1' } }, true],
  ])(
    'drop-oldest: a message %s when it does not fit after all drops',
    async (_kind, given, ends) => {
      const { connection, send, events } = slowReader({ policy: 'drop-oldest' });
      await send(message('1'), message('2'), message('3'));
      await send(message('large'.padEnd(2000, '.'), given));
      const lost = ['dropped 2', 'dropped 3', 'dropped large'];
      expect(short(events)).toEqual(ends ? lost.slice(0, 2) : lost);
      expect(connection.closedWith).toEqual(ends ? slowConsumer : undefined);
    },
  );

  it('drop-oldest: accepts later messages in the room that dropped ones have left', async () => {
    const { connection, send, written, events } = slowReader({ policy: 'drop-oldest' });
    await send(message('1'), message('2'), message('3'), message('large'.padEnd(2000, '.')));
    await send(message('4'), message('5'));
    expect(short(events)).toEqual(['dropped 2', 'dropped 3', 'dropped large']);
    connection.stalled = false;
    connection.drain();
    expect(short(written())).toEqual(['1', '4 3', '5']);
  });

  it('drop-newest: loses the newest messages, and receives their number with the next message', async () => {
    const { connection, send, written, events } = slowReader({ policy: 'drop-newest' });
    await send(...['1', '2', '3', '4', '5'].map((each) => message(each)));
    connection.stalled = false;
    connection.drain();
    expect(short(events)).toEqual(['dropped 4', 'dropped 5']);
    // The next message that is written has the number, even when it was published before the dropped ones.
    expect(short(written())).toEqual(['1', '2 2', '3']);
    await send(message('6'));
    expect(short(written())).toEqual(['6']);
  });

  it('conflate: receives the newest message of each key, at the position of the first', async () => {
    const rules = [{ destination: '/topic/*', policy: 'conflate', key: 'symbol' }] as const;
    const { connection, send, written } = slowReader({ rules }, 10_000);
    await send(message('first'));
    await send(message('a1', {}, 'a'), message('b1', {}, 'b'), message('a2', {}, 'a'));
    connection.stalled = false;
    connection.drain();
    expect(short(written())).toEqual(['first', 'a2 1', 'b1']);
  });

  it('conflate: keeps only the bytes of the newest message', async () => {
    const { connection, send, written } = slowReader({ policy: 'conflate' });
    const other = { subscription: 'other' };
    await send(message('first'), message('other', other));
    for (let i = 1; i <= 10; i++) await send(message(`a${i}`));
    connection.stalled = false;
    connection.drain();
    expect(short(written())).toEqual(['first', 'other', 'a10 9']);
  });

  it('conflate: accepts a message of a key whose message was dropped', async () => {
    const rules = [{ destination: '/topic/*', policy: 'conflate', key: 'symbol' }] as const;
    const { connection, send, written } = slowReader({ rules });
    await send(message('first'));
    for (const key of ['a', 'b', 'c', 'd', 'a']) await send(message(key, {}, key));
    connection.stalled = false;
    connection.drain();
    expect(short(written())).toEqual(['first', 'd 3', 'a']);
    expect(connection.closedWith).toBeUndefined();
  });

  it('conflate: works again after the reader has caught up', async () => {
    const { connection, send, written } = slowReader({ policy: 'conflate' });
    for (const round of ['1', '2']) {
      connection.stalled = true;
      await send(message(`written ${round}`), message(`held ${round}`));
      connection.stalled = false;
      connection.drain();
    }
    expect(short(written())).toEqual(['written 1', 'held 1', 'written 2', 'held 2']);
    expect(connection.closedWith).toBeUndefined();
  });

  it('receives neither messages nor drop counts of an ended subscription', async () => {
    const { outbox, connection, send, written, events } = slowReader({ policy: 'drop-oldest' });
    await send(...['1', '2', '3', '4', '5'].map((each) => message(each)));
    await send(message('kept', { subscription: 'other' }));
    outbox.forget('s');
    await send(message('6'));
    connection.stalled = false;
    connection.drain();
    expect(short(events)).toEqual(['dropped 2', 'dropped 3', 'dropped 4']);
    expect(short(written())).toEqual(['1', 'kept', '6']);
  });

  it('receives messages of a queue after their subscription has ended', async () => {
    const { outbox, connection, send, written } = slowReader({ policy: 'drop-oldest' });
    await send(message('1'), message('of a topic'), message('of a queue', { marks: {} }));
    outbox.forget('s');
    connection.stalled = false;
    connection.drain();
    expect(short(written())).toEqual(['1', 'of a queue']);
  });

  it('receives drop counts of at most 1,000 subscriptions', async () => {
    const { connection, send, written } = slowReader({ policy: 'drop-newest' }, 300);
    await send(message('1'));
    for (let i = 0; i <= 1000; i++) await send(message('lost', { subscription: `s${i}` }));
    connection.stalled = false;
    connection.drain();
    written();
    await send(message('2', { subscription: 's0' }), message('3', { subscription: 's1' }));
    expect(short(written())).toEqual(['2', '3 1']);
  });

  it('loses neither messages that require acknowledgement nor receipts', async () => {
    const { outbox, connection, send, written } = slowReader({ policy: 'drop-oldest' });
    const queued = { marks: { ack: '1' } };
    await send(message('1'), message('2', queued), message('3'), message('4', queued));
    outbox.send({ kind: 'receipt', receipt: 'r' });
    connection.stalled = false;
    connection.drain();
    expect(short(written())).toEqual(['1', '2 1', '4', 'receipt']);
  });

  it('is disconnected when no message may be dropped', async () => {
    const { connection, send, events } = slowReader({ policy: 'drop-newest' });
    const queued = { marks: { ack: '1' } };
    await send(...['1', '2', '3', '4', '5'].map((each) => message(each, queued)));
    expect(connection.closedWith).toEqual(slowConsumer);
    expect(events).toEqual([]);
  });

  it('is not disconnected by a rule of another destination', async () => {
    const rules = [
      { destination: '/topic/other', policy: 'close' },
      { destination: '/topic/**', policy: 'drop-oldest' },
    ] as const;
    const { connection, send, events } = slowReader({ rules });
    await send(...['1', '2', '3', '4'].map((each) => message(each)));
    expect(short(events)).toEqual(['dropped 2']);
    expect(connection.closedWith).toBeUndefined();
  });

  it('is disconnected when the rule of the destination is close, although other rules drop messages', async () => {
    const rules = [
      { destination: '/topic/x', policy: 'close' },
      { destination: '/topic/**', policy: 'drop-oldest' },
    ] as const;
    const { connection, send } = slowReader({ rules });
    await send(...['1', '2', '3', '4'].map((each) => message(each)));
    expect(connection.closedWith).toEqual(slowConsumer);
  });

  it('is disconnected when it never reads, although messages may be dropped', async () => {
    const { clock, connection, send } = slowReader({ policy: 'drop-newest' });
    await send(message('1'), message('2'));
    await clock.advance(10_000);
    expect(connection.closedWith).toEqual(slowConsumer);
  });

  it('receives all held frames when the server closes the session', async () => {
    const { connection, outbox, send, written } = slowReader({ policy: 'drop-oldest' });
    await send(message('1'), message('2'), message('3'));
    outbox.finish();
    expect(connection.written).toHaveLength(2);
    expect(short(written())).toEqual(['1', '2', '3']);
  });

  it.each(['unsubscribes', 'is lost'])('has room again when it %s', async (how) => {
    const { outbox, connection, send } = slowReader({ policy: 'drop-oldest' });
    await send(message('1'), message('2'), message('3'));
    let room = false;
    void outbox.room().then(() => (room = true));
    if (how === 'unsubscribes') outbox.forget('s');
    else connection.listener!.closed(1006, '');
    await Promise.resolve();
    expect(room).toBe(true);
  });

  it('has room again when less than half of the limit waits', async () => {
    const { outbox, connection, send } = slowReader({ policy: 'drop-oldest' });
    await send(message('1'), message('2'), message('3'));
    let room = false;
    const waiting = outbox.room().then(() => (room = true));
    await Promise.resolve();
    expect(room).toBe(false);
    connection.stalled = false;
    connection.drain();
    await waiting;
  });
});

describe('the rules', () => {
  it('are not checked when every destination has the policy close', async () => {
    expect(compileSlowConsumers({ policy: 'close', rules: [] }, '/')).toBeUndefined();
    const rules = [{ destination: '/topic/x', policy: 'close' }] as const;
    expect(compileSlowConsumers({ policy: 'close', rules }, '/')).toBeUndefined();
  });
});
