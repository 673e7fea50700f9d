// Heart-beats: the negotiation, and the timer that sends them and detects lost clients.
import { testClock } from 'signalbox/testing';
import { describe, expect, it, vi } from 'vitest';
import { agreeHeartbeat } from '../../src/session/heartbeat.js';
import { FakeConnection } from './fake-connection.js';
import {
  plainEncoder,
  sendText,
  testSession,
  settle,
  type TestSessionOptions,
} from './test-session.js';

const options = { minSendInterval: 1000, expectedInterval: 10_000 };

describe('the negotiation', () => {
  it.each([
    { client: [0, 0], advertised: [0, 0], send: 0, expected: 0 },
    { client: [0, 500], advertised: [1000, 0], send: 1000, expected: 0 },
    { client: [0, 4000], advertised: [4000, 0], send: 4000, expected: 0 },
    { client: [4000, 0], advertised: [0, 10_000], send: 0, expected: 10_000 },
    { client: [20_000, 15_000], advertised: [15_000, 10_000], send: 15_000, expected: 20_000 },
  ] as const)('answers $client with $advertised', ({ client, advertised, send, expected }) => {
    expect(agreeHeartbeat(client, options)).toEqual({ advertised, send, expect: expected });
  });

  it('expects no heart-beats when the server does not request them', async () => {
    expect(agreeHeartbeat([1000, 0], { minSendInterval: 1000, expectedInterval: 0 })).toEqual({
      advertised: [0, 0],
      send: 0,
      expect: 0,
    });
  });
});

it.each([
  { client: [0, 4000], stops: 1 },
  { client: [4000, 0], stops: 0 },
] as const)(
  'the transport stops its heart-beats $stops times after $client',
  async ({ client, stops }) => {
    let stopped = 0;
    const connection = Object.assign(new FakeConnection(), {
      stopHeartbeats: () => void stopped++,
    });
    const { session } = testSession().open(connection);
    session.accept(undefined, agreeHeartbeat(client, options));
    expect(stopped).toBe(stops);
  },
);

interface BeatingOptions extends TestSessionOptions {
  /** The result of `Connection.ping`. */
  readonly pings?: boolean;
}

/** A session that has sent CONNECT; the log has the time of each write, ping and close. */
async function beatingSession({ pings = true, ...options }: BeatingOptions) {
  const { clock, open } = testSession(options);
  const log: string[] = [];
  const connection = Object.assign(new FakeConnection(), {
    write: (bytes: Uint8Array) => void log.push(`${Buffer.from(bytes).toString()} ${clock.now()}`),
    ping() {
      log.push(`ping ${clock.now()}`);
      return pings;
    },
    close: (code: number, reason: string) => void log.push(`${code} ${reason} ${clock.now()}`),
  });
  const { connect, receive, session } = open(connection);
  session.outbox.setEncoder(plainEncoder());
  await connect();
  /** Moves the time in steps, each with the end of a turn, so that written frames count. */
  const advance = async (milliseconds: number) => {
    for (let left = milliseconds; left > 0; left -= 50) {
      await clock.advance(Math.min(left, 50));
    }
  };
  return { advance, clock, log, receive, session };
}

describe('heart-beats', () => {
  it('are sent within each interval, counted from the last frame', async () => {
    const { advance, log, session } = await beatingSession({
      agreement: {
        advertised: [1000, 0],
        send: 1000,
        expect: 0,
      },
    });
    await advance(1600);
    expect(log).toEqual(['beat 750', 'beat 1500']);
    await advance(400);
    session.send({ kind: 'receipt', receipt: 'r' });
    await advance(1100);
    expect(log).toEqual(['beat 750', 'beat 1500', 'r 2000', 'beat 2750']);
  });

  it('are expected: a client that is silent for two intervals is closed with 4501', async () => {
    const { advance, clock, log, session } = await beatingSession({
      agreement: {
        advertised: [0, 10_000],
        send: 0,
        expect: 10_000,
      },
    });
    await advance(19_000);
    session.data(Buffer.from('\n'));
    await advance(19_950);
    expect(log).toEqual([]);
    await advance(50);
    expect(log).toEqual(['4501 heartbeat-lost 39000']);
    expect(clock.timers).toHaveLength(0);
  });

  it('are read before the session counts as lost, because the server itself may have been busy', async () => {
    const clock = testClock();
    const agreement = { advertised: [0, 10_000], send: 0, expect: 10_000 } as const;
    const { connect, connection, receive } = testSession({ clock, agreement }).open();
    await connect();
    const soon = vi.spyOn(clock, 'soon').mockReturnValue();
    await clock.advance(20_000);
    receive('\n');
    for (const [action] of soon.mock.calls) action();
    expect(connection.closedWith).toBeUndefined();
    await clock.advance(20_000);
    soon.mock.lastCall![0]();
    expect(connection.closedWith?.reason).toBe('heartbeat-lost');
  });

  it('are replaced by pings without an agreement; two unanswered pings close the session', async () => {
    const { advance, log, session } = await beatingSession({
      agreement: { advertised: [0, 0], send: 0, expect: 0 },
    });
    await advance(40_000);
    session.ponged();
    await advance(74_950);
    expect(log).toEqual(['ping 25000', 'ping 65000', 'ping 90000']);
    await advance(50);
    expect(log.at(-1)).toBe('4501 heartbeat-lost 115000');
  });

  it('are replaced by pings of the same interval when only the server sends heart-beats', async () => {
    const { advance, log } = await beatingSession({
      agreement: { advertised: [1000, 0], send: 1000, expect: 0 },
    });
    await advance(75_000);
    expect(log.filter((entry) => !entry.startsWith('beat'))).toEqual([
      'ping 25000',
      'ping 50000',
      '4501 heartbeat-lost 75000',
    ]);
  });

  it('are not required when the transport has no pings', async () => {
    const { advance, log } = await beatingSession({
      agreement: { advertised: [0, 0], send: 0, expect: 0 },
      pings: false,
    });
    await advance(600_000);
    expect(log.every((entry) => entry.startsWith('ping'))).toBe(true);
  });

  it.each(['before', 'after'])(
    'are not expected of a client that has ended its side %s CONNECT was accepted',
    async (when) => {
      let accept = () => {};
      const { advance, log, receive, session } = await beatingSession({
        agreement: { advertised: [1000, 10_000], send: 1000, expect: 10_000 },
        authenticated: new Promise((resolve) => (accept = resolve)),
        pings: false,
        // The end of input waits for this frame.
        process: () => new Promise(() => {}),
        stallTimeout: 0,
      });
      receive(sendText('1'));
      if (when === 'before') session.ended(1000, '');
      accept();
      await settle();
      if (when === 'after') session.ended(1000, '');
      await advance(60_000);
      expect(log.filter((entry) => entry.startsWith('beat'))).toHaveLength(80);
      expect(log.filter((entry) => /^\d/.test(entry))).toEqual([]);
    },
  );

  it('are not expected while reading is paused; the client gets pings', async () => {
    const finish: (() => void)[] = [];
    const { advance, log, receive, session } = await beatingSession({
      agreement: { advertised: [0, 5000], send: 0, expect: 5000 },
      process: () => new Promise((resolve) => finish.push(() => resolve('dropped'))),
    });
    await advance(9000);
    receive([1, 2, 3, 4, 5].map(String).map(sendText).join(''));
    await advance(16_000);
    expect(log).toEqual(['ping 19000']);
    for (let i = 0; i < 2; i++) {
      finish.shift()!();
      // The first frame took longer than a turn, so the second one starts in the next turn.
      await settle();
      await settle();
    }
    await advance(9950);
    session.ponged();
    await advance(9950);
    expect(log).toEqual(['ping 19000']);
    await advance(50);
    expect(log.at(-1)).toBe('4501 heartbeat-lost 44950');
  });

  it('do not require that an idle client sends frames', async () => {
    const { advance, log, receive } = await beatingSession({ pings: false });
    receive(sendText('1'));
    await settle();
    await advance(100_000);
    expect(log.filter((entry) => /^\d/.test(entry))).toEqual(['1 0']);
  });
});
