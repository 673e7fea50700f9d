// The life of a session: CONNECT, processing, and each way to end it.
import { describe, expect, it, vi } from 'vitest';
import { closeCodes, MessagingError } from '../../src/message/error.js';
import { noHeartbeat } from '../../src/session/heartbeat.js';
import { jsonCodec } from '../../src/wire/json/codec.js';
import { stompCodec } from '../../src/wire/stomp/codec.js';
import { anonymousHandshake, FakeConnection } from './fake-connection.js';
import { frameText } from '../clients/stomp.js';
import { connectText, sendText, testSession, settle } from './test-session.js';

/** A process function that waits until the test releases the oldest frame. */
function gate() {
  const waiting: (() => void)[] = [];
  return {
    process: () => new Promise<'done'>((resolve) => waiting.push(() => resolve('done'))),
    release: async () => {
      waiting.shift()!();
      await settle();
    },
  };
}

describe('a session', () => {
  it('processes frames in order and confirms each with its receipt', async () => {
    const { clock, open } = testSession();
    const { connection, events, receive } = open();
    receive(connectText + sendText('1') + sendText('2'));
    await settle();
    await clock.advance(0);
    expect(events).toEqual(['connect', 'send', 'send']);
    expect(connection.text()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0RECEIPT\nreceipt-id:2\n\n\0']);
  });

  it.each(['failed', 'dropped'] as const)('sends no receipt for a %s frame', async (result) => {
    const { clock, open } = testSession({ process: async () => result });
    const { connection, receive } = open();
    receive(connectText + sendText('1'));
    await settle();
    await clock.advance(0);
    expect(connection.written).toEqual([]);
  });

  it('rejects frames before CONNECT, and a second CONNECT', async () => {
    for (const text of [sendText('1'), connectText + connectText]) {
      const { open } = testSession();
      const { connection, receive } = open();
      receive(text);
      await settle();
      const code = text.startsWith('SEND') ? 'not-connected' : 'already-connected';
      expect(connection.closedWith).toEqual({ code: 1002, reason: code });
      expect(connection.text().join('')).toContain(`code:${code}\n`);
    }
  });

  it('processes frames that were read before the connection was lost, and drops their answers', async () => {
    const { process, release } = gate();
    const { clock, open } = testSession({ process });
    const { connect, connection, events, receive, session } = open();
    await connect();
    receive(sendText('1') + sendText('2'));
    connection.listener!.closed(1006, '');
    expect(events).toEqual(['send', 'lost 1006 ']);
    await release();
    // Would discard the second frame if the connection were open.
    session.fail(new MessagingError('no-route'));
    await release();
    await clock.advance(0);
    expect(events).toEqual(['send', 'lost 1006 ', 'send', 'finished']);
    expect(connection.written).toEqual([]);
  });

  it('discards waiting frames when it is closed, and reports its own close code', async () => {
    const { process, release } = gate();
    const { open } = testSession({ process });
    const { connect, connection, events, receive, session } = open();
    await connect();
    receive(sendText('1') + sendText('2'));
    session.closeWith('slow-consumer');
    connection.listener!.closed(1006, '');
    await release();
    expect(events).toEqual(['send', 'lost 4500 slow-consumer', 'finished']);
  });

  it('ignores bytes that arrive after it was closed', async () => {
    const { open } = testSession();
    const { connect, events, receive, session } = open();
    await connect();
    session.close();
    receive(sendText('1'));
    expect(events).toEqual([]);
  });

  it('closes after the frames before the end of input', async () => {
    const { open } = testSession();
    const { connection, events, receive } = open();
    receive(connectText + sendText('1'));
    connection.listener!.ended(1007, 'text-invalid');
    receive(sendText('2'));
    await settle();
    expect(events).toEqual(['connect', 'send']);
    expect(connection.closedWith).toEqual({ code: 1007, reason: 'text-invalid' });
  });

  it('confirms DISCONNECT, then closes with 1000', async () => {
    const { open } = testSession();
    const { connect, connection, receive } = open();
    await connect();
    receive(frameText('DISCONNECT', { receipt: 'bye' }));
    await settle();
    expect(connection.text()).toEqual(['RECEIPT\nreceipt-id:bye\n\n\0']);
    expect(connection.closedWith).toEqual({ code: 1000, reason: '' });
  });

  it('ends at once when it is terminated, also if the transport reports the end later, and discards frames that wait', async () => {
    const { process, release } = gate();
    const { open } = testSession({ process });
    const { connect, connection, events, receive, session } = open();
    vi.spyOn(connection, 'terminate').mockImplementation(() => {});
    await connect();
    receive(sendText('1') + sendText('2'));
    session.terminate();
    expect([session.gone, events]).toEqual([true, ['send', 'lost 1006 ']]);
    receive(sendText('3'));
    connection.listener!.closed(1001, '');
    await release();
    await settle();
    expect(events).toEqual(['send', 'lost 1006 ', 'finished']);
  });

  it('drains: processes the frames that were read, then closes with 1001', async () => {
    const { process, release } = gate();
    const { open } = testSession({ process });
    const { connect, connection, events, receive, session } = open();
    await connect();
    receive(sendText('1'));
    let drained = false;
    void session.drain().then(() => (drained = true));
    receive(sendText('2'));
    // The end of input does not replace the close code.
    connection.listener!.ended(1000, '');
    await settle();
    expect(connection.closedWith).toBeUndefined();
    await release();
    expect(connection.closedWith).toEqual({ code: 1001, reason: 'server-stopping' });
    expect(drained).toBe(false);
    connection.listener!.closed(1001, '');
    await settle();
    expect(drained).toBe(true);
    expect(events).toEqual(['send', 'lost 1001 server-stopping', 'finished']);
  });

  it('logs how it was closed, except for normal ends', async () => {
    for (const [code, lines] of [
      [1000, []],
      [1001, []],
      [1008, ['Session s1 was closed with 1008 because.']],
    ] as const) {
      const { logged, open } = testSession();
      open().session.close(code, 'because');
      expect(logged.map(({ text }) => text)).toEqual(lines);
    }
  });

  it('is gone when it was closed, and busy while a frame is in process', async () => {
    const { process, release } = gate();
    const { open } = testSession({ process });
    const { connect, receive, session } = open();
    await connect();
    expect([session.busy, session.gone]).toEqual([false, false]);
    receive(sendText('1'));
    expect(session.busy).toBe(true);
    await release();
    expect(session.busy).toBe(false);
    session.close();
    expect(session.gone).toBe(true);
  });

  it.each([0, 99, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5, NaN, '1000', null, {}, Symbol('x')])(
    'is not closed with a code that a close frame cannot contain: %s',
    (code) => {
      const { open } = testSession();
      const { connection, session } = open();
      expect(() => session.close(code as number)).toThrow(RangeError);
      expect([connection.closedWith, session.gone]).toEqual([undefined, false]);
    },
  );

  it.each([1000, 1003, 1007, 1014, 3000, 4999])('is closed with the code %s', (code) => {
    const { open } = testSession();
    const { connection, session } = open();
    session.close(code, 'why');
    expect(connection.closedWith).toEqual({ code, reason: 'why' });
  });

  it.each([5, null, {}, Symbol('x')])(
    'is not closed with a reason that is not a string: %s',
    (reason) => {
      const { open } = testSession();
      const { connection, session } = open();
      expect(() => session.close(1000, reason as string)).toThrow(TypeError);
      expect(connection.closedWith).toBeUndefined();
    },
  );

  it('cannot be accepted after it was closed', async () => {
    const { open } = testSession();
    const { session } = open();
    session.close();
    expect(session.accept({ name: 'ann' }, { advertised: [0, 0], send: 0, expect: 0 })).toBe(false);
    expect([session.connected, session.principal]).toEqual([false, undefined]);
  });

  it('has the user of its handshake until CONNECT is accepted with another', () => {
    const { open } = testSession();
    const handshake = { ...anonymousHandshake, principal: { name: 'ann' } };
    const { session } = open(Object.assign(new FakeConnection(), { handshake }));
    expect([session.handshake, session.principal]).toEqual([handshake, { name: 'ann' }]);
    expect(session.accept({ name: 'bob' }, noHeartbeat)).toBe(true);
    expect(session.principal).toEqual({ name: 'bob' });
  });

  it.each([
    ['access-refused', closeCodes.policy],
    ['handler-failed', closeCodes.internalError],
    ['frame-malformed', closeCodes.internalError],
  ] as const)('fails with the close code of the error: %s', (code, closeCode) => {
    const { open } = testSession();
    const { connection, session } = open();
    session.fail(new MessagingError(code));
    expect(connection.closedWith).toEqual({ code: closeCode, reason: code });
  });

  it.each([
    ['frame-malformed', closeCodes.protocolError],
    ['frame-too-large', closeCodes.tooBig],
  ] as const)('ends after a violation of the protocol with its code: %s', (code, closeCode) => {
    const { open } = testSession();
    const { connection, session } = open();
    session.protocolError(new MessagingError(code));
    expect(connection.closedWith).toEqual({ code: closeCode, reason: code });
  });

  it('has drained when its connection is closed already', async () => {
    const { open } = testSession();
    const { connection, session } = open();
    connection.listener!.closed(1006, '');
    await session.drain();
    expect(connection.closedWith).toBeUndefined();
  });
});

describe('a problem', () => {
  it('that ends the session of a JSON client is marked as fatal', async () => {
    const { open } = testSession({ codecs: [jsonCodec] });
    const { connection, receive, session } = open();
    receive('{"type":"connect"}');
    await settle();
    session.fail(new MessagingError('access-refused'));
    expect(JSON.parse(connection.text().join(''))).toMatchObject({ type: 'error', fatal: true });
  });

  it.each([
    [jsonCodec, '{"type":"connect"}', true],
    [stompCodec, connectText, false],
  ])('can be an ERROR frame that does not end the session: %#', async (codec, text, expected) => {
    const { open } = testSession({ codecs: [codec] });
    const { receive, session } = open();
    expect(session.hasNonFatalErrors).toBe(false);
    receive(text);
    await settle();
    expect(session.hasNonFatalErrors).toBe(expected);
  });
});

describe('the connect timeout', () => {
  it('closes a client that sends no CONNECT with 4501', async () => {
    const { clock, open } = testSession();
    const { connection } = open();
    await clock.advance(60_000);
    expect(connection.closedWith).toEqual({ code: 4501, reason: 'connect-timeout' });
  });

  it('is cancelled by CONNECT', async () => {
    const { clock, open } = testSession();
    const { connect, connection } = open();
    await connect();
    await clock.advance(60_000);
    expect(connection.closedWith).toBeUndefined();
  });
});

/** The two ways to end a session: the server closes it, or the connection is lost. */
const ends = ['closed by the server', 'lost'] as const;

describe.each(ends)('the clean-up of a session that is %s', (end) => {
  const endSession = ({
    connection,
    session,
  }: ReturnType<ReturnType<typeof testSession>['open']>) =>
    end === 'lost' ? connection.listener!.closed(1006, '') : session.close();

  it('cancels the connect timer', async () => {
    const { clock, open } = testSession();
    const opened = open();
    expect(clock.timers).toHaveLength(1);
    endSession(opened);
    expect(clock.timers).toHaveLength(0);
  });

  it('cancels the heart-beat timer', async () => {
    const { clock, open } = testSession();
    const opened = open();
    await opened.connect();
    expect(clock.timers).toHaveLength(1);
    endSession(opened);
    expect(clock.timers).toHaveLength(0);
  });

  it('stops the outbox: cancels its timer, ends its activity and releases waiting senders', async () => {
    const { clock, isIdle, open } = testSession();
    const opened = open();
    await opened.connect();
    opened.connection.stalled = true;
    opened.session.send({ kind: 'receipt', receipt: 'x'.repeat(900) });
    await clock.advance(0);
    let room = false;
    void opened.session.room().then(() => (room = true));
    expect([clock.timers.length, await isIdle(), room]).toEqual([2, false, false]);
    endSession(opened);
    expect([clock.timers.length, await isIdle(), room]).toEqual([0, true, true]);
  });

  it('drops frames that are sent afterwards', async () => {
    const { clock, open } = testSession();
    const opened = open();
    await opened.connect();
    endSession(opened);
    opened.session.send({ kind: 'receipt', receipt: '1' });
    await clock.advance(0);
    expect(opened.connection.written).toEqual([]);
  });

  it('ends activity, even when the connection reports bytes afterwards', async () => {
    const { isIdle, open } = testSession();
    const opened = open();
    await opened.connect();
    endSession(opened);
    opened.connection.bufferedBytes = 5;
    opened.connection.listener!.drained();
    expect(await isIdle()).toBe(true);
  });

  it('takes no further frames', async () => {
    const { open } = testSession();
    const opened = open();
    await opened.connect();
    endSession(opened);
    opened.receive(sendText('1'));
    expect(opened.events).not.toContain('send');
  });
});

describe('the signal', () => {
  it('accepts many listeners without a warning', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning);
    process.on('warning', onWarning);
    const { signal } = testSession().open().session;
    for (let i = 0; i < 20; i++) signal.addEventListener('abort', () => {});
    await settle();
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });
});

describe('the end of the connection', () => {
  it('aborts the signal, also when it is read afterwards', async () => {
    const { open } = testSession();
    const [early, late] = [open(), open()];
    const { signal } = early.session;
    for (const { connection } of [early, late]) connection.listener!.closed(1000, '');
    expect([signal.aborted, late.session.signal.aborted]).toEqual([true, true]);
  });

  it('is reported to the owner, then that no work remains', async () => {
    const { open } = testSession();
    const { connection, events } = open();
    connection.listener!.closed(1006, 'x');
    expect(events).toEqual(['lost 1006 x']);
    await settle();
    expect(events).toEqual(['lost 1006 x', 'finished']);
  });

  it('leaves no work when a frame was in process and others waited', async () => {
    const { process, release } = gate();
    const { open } = testSession({ process });
    const { connect, connection, events, receive, session } = open();
    await connect();
    receive(sendText('1') + sendText('2') + sendText('3'));
    await release();
    session.close();
    connection.listener!.closed(1000, '');
    await release();
    expect(events).toEqual(['send', 'send', 'lost 1000 ', 'finished']);
  });

  it('keeps the server busy until the frames in process are completed', async () => {
    const { process, release } = gate();
    const { isIdle, open } = testSession({ process });
    const { connect, connection, receive } = open();
    await connect();
    receive(sendText('1'));
    connection.listener!.closed(1006, '');
    expect(await isIdle()).toBe(false);
    await release();
    expect(await isIdle()).toBe(true);
  });
});
