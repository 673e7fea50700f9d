// One session, from its first octet to its last, with a connection that the test plays.
import { describe, expect, it } from 'vitest';
import { MessagingError } from '../../src/message/error.js';
import type { ClientFrame } from '../../src/message/frame.js';
import { silentLogger } from '../../src/message/logger.js';
import { Activity } from '../../src/session/activity.js';
import { ClientSession, type SessionParts } from '../../src/session/client-session.js';
import { Flusher } from '../../src/session/flusher.js';
import { noHeartbeat } from '../../src/session/heartbeat.js';
import { stompCodec } from '../../src/wire/stomp/codec.js';
import { FakeConnection } from '../fake-connection.js';
import { manualClock } from '../manual-clock.js';
import { frameText } from '../stomp-client.js';

const settle = () => new Promise((resolve) => setImmediate(resolve));
const send = (receipt: string) => frameText('SEND', { destination: '/x', receipt });
const connect = frameText('CONNECT', { 'accept-version': '1.2', host: 'x' });

function scene(given: Partial<SessionParts> = {}) {
  const clock = manualClock();
  const activity = new Activity(clock);
  const connection = new FakeConnection();
  const log: string[] = [];
  const limits = { size: 1000, age: 10_000 };
  const parts: SessionParts = {
    clock,
    activity,
    logger: silentLogger,
    outbox: {
      clock,
      activity,
      flusher: new Flusher(clock, activity),
      limits,
      treatmentOf: undefined,
    },
    codecs: [stompCodec],
    limits: {
      maxFrameBytes: 1000,
      maxHeaders: 10,
      maxHeaderBytes: 100,
      maxConnectHeaderBytes: 100,
      maxWaitingFrames: 4,
    },
    connectTimeout: 60_000,
    concurrency: 1,
    outboundInterceptors: [],
    handle: async (frame: ClientFrame, of) => {
      if (frame.kind === 'connect') of.accept(undefined, noHeartbeat);
      log.push(frame.kind);
      return true;
    },
    gone: (_of, code, reason) => void log.push(`gone ${code} ${reason}`),
    dropped: () => {},
    finished: () => void log.push('finished'),
    ...given,
  };
  const session = new ClientSession('s1', connection, parts);
  const say = (text: string) => connection.listener!.data(Buffer.from(text));
  return { clock, connection, log, session, say };
}

describe('a session', () => {
  it('works frames off in order and receipts each when it is done', async () => {
    const { clock, connection, log, say } = scene();
    say(connect + send('1') + send('2'));
    await settle();
    clock.turn();
    expect(log).toEqual(['connect', 'send', 'send']);
    expect(connection.text()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0RECEIPT\nreceipt-id:2\n\n\0']);
  });

  it('gives no receipt for what was not processed', async () => {
    const { clock, connection, say } = scene({
      handle: async (frame, of) => frame.kind === 'connect' && of.accept(undefined, noHeartbeat),
    });
    say(connect + send('1'));
    await settle();
    clock.turn();
    expect(connection.written).toEqual([]);
  });

  it('is closed with 4501 when it does not connect in time', () => {
    const { clock, connection } = scene();
    clock.advance(60_000);
    expect(connection.closedWith).toEqual({ code: 4501, reason: 'connect-timeout' });
  });

  it('runs what was read before the connection was lost, and is finished after it', async () => {
    let open = () => {};
    const { connection, log, session, say } = scene({
      handle: async (frame, of) => {
        if (frame.kind === 'connect') return of.accept(undefined, noHeartbeat);
        await new Promise<void>((resolve) => (open = resolve));
        log.push('ran');
        return true;
      },
    });
    say(connect + send('1') + send('2'));
    await settle();
    connection.listener!.closed(1006, '');
    expect([log, session.signal.aborted]).toEqual([['gone 1006 '], true]);
    open();
    await settle();
    session.fail(new MessagingError('no-route'));
    open();
    await settle();
    expect(log).toEqual(['gone 1006 ', 'ran', 'ran', 'finished']);
    expect(connection.written).toEqual([]);
  });

  it('discards what was read and has not begun when it is expelled, and says what it was closed with', async () => {
    const { connection, log, session, say } = scene({
      handle: async (frame, of) => {
        if (frame.kind === 'connect') return of.accept(undefined, noHeartbeat);
        log.push('ran');
        return true;
      },
    });
    say(connect);
    await settle();
    say(send('1') + send('2'));
    session.expel('slow-consumer');
    connection.listener!.closed(1006, '');
    await settle();
    expect(log).toEqual(['ran', 'gone 4500 slow-consumer', 'finished']);
  });

  it('pauses reading while too many frames wait, and closes when that does not end', async () => {
    const { clock, connection, say } = scene({
      handle: (frame, of) =>
        frame.kind === 'connect'
          ? Promise.resolve(of.accept(undefined, noHeartbeat))
          : new Promise(() => {}),
    });
    say(connect);
    await settle();
    say(send('1') + send('2') + send('3') + send('4') + send('5'));
    expect(connection.paused).toBe(true);
    clock.advance(30_000);
    expect(connection.closedWith).toEqual({ code: 4502, reason: 'reading-stalled' });
  });

  it('finishes what came before the client fell silent for good, then closes', async () => {
    const { connection, log, say } = scene();
    say(connect + send('1'));
    connection.listener!.ended(1007, 'text-invalid');
    say(send('2'));
    await settle();
    expect(log).toEqual(['connect', 'send']);
    expect(connection.closedWith).toEqual({ code: 1007, reason: 'text-invalid' });
  });

  it('waits for a handler longer than for a heart-beat of a client that has ended its side', async () => {
    let open = () => {};
    const { clock, connection, say } = scene({
      async handle(frame, of) {
        if (frame.kind === 'connect')
          return of.accept(undefined, { advertised: [0, 1000], send: 0, expect: 1000 });
        await new Promise<void>((resolve) => (open = resolve));
        return true;
      },
    });
    say(connect + send('1') + frameText('DISCONNECT', { receipt: '2' }));
    connection.listener!.ended(1000, '');
    await settle();
    clock.advance(20_000);
    expect(connection.closedWith).toBeUndefined();
    open();
    await settle();
    open();
    await settle();
    expect(connection.text().join('')).toMatch(
      /^RECEIPT\nreceipt-id:1\n\n\0RECEIPT\nreceipt-id:2\n/,
    );
    expect(connection.closedWith).toEqual({ code: 1000, reason: '' });
  });

  it('drops a frame whose outbound interceptor throws, and nothing else', async () => {
    const { clock, connection, say } = scene({
      outboundInterceptors: [
        (frame) => {
          if (frame.kind === 'receipt' && frame.receipt === '1') throw new Error('boom');
          return frame;
        },
      ],
    });
    say(connect + send('1') + send('2'));
    await settle();
    clock.turn();
    expect(connection.text()).toEqual(['RECEIPT\nreceipt-id:2\n\n\0']);
  });

  it('leaves no timer behind', async () => {
    const { clock, connection, say } = scene();
    say(connect);
    await settle();
    connection.listener!.closed(1000, '');
    expect(clock.timers).toBe(0);
  });
});
