// Fairness: how many frames the sessions of a server start in one turn of the event loop.
import { describe, expect, it, vi } from 'vitest';
import {
  framesPerReading,
  framesPerTurn,
  sessionsPerTurn,
  timePerTurn,
} from '../../src/session/turns.js';
import { testClock } from 'signalbox/testing';
import type { ClientSession } from '../../src/session/client-session.js';
import { jsonCodec } from '../../src/wire/json/codec.js';
import { FakeConnection } from './fake-connection.js';
import { connectText, sendText, settle, testSession } from './test-session.js';
import { replacing } from '../replace.js';

/** CONNECT has taken one frame of the first turn. */
const firstFrames = framesPerTurn - 1;

/** Sessions that have sent CONNECT, with the names of the frames that were started. */
async function floodedServer({
  sessions = 1,
  concurrency = 1,
  timePerFrame = 0,
  accounts = [] as readonly string[],
} = {}) {
  const started: string[] = [];
  let now = 0;
  const clock = replacing(testClock(), { now: () => now });
  const stage = testSession({
    clock,
    concurrency,
    limits: {
      maxFrameBytes: 512 * framesPerTurn,
      maxHeaders: 10,
      maxHeaderBytes: 100,
      maxConnectHeaderBytes: 100,
      maxWaitingFrames: 4,
      maxWaitingBytes: 4000,
    },
    async process(frame, session) {
      started.push(`${session.id} ${'receipt' in frame ? frame.receipt : ''}`);
      // The time is taken by microtasks, as deliveries are.
      await Promise.resolve();
      now += timePerFrame;
      return 'done';
    },
  });
  const clients = [];
  for (let i = 0; i < sessions; i++) {
    const client = stage.open(new FakeConnection(), accounts[i] ?? `user ${i}`);
    await client.connect();
    clients.push(client);
  }
  return { ...stage, clients, started };
}

/** Frames of a client in one chunk. */
function frames(count: number): string {
  return Array.from({ length: count }, (_, i) => sendText(`${i}`)).join('');
}

/** Resolves when the microtasks of this turn have run, before the next turn begins. */
async function endOfTurn(): Promise<void> {
  for (let i = 0; i < 20 * framesPerTurn; i++) await Promise.resolve();
}

describe.each([1, 3])(
  'a session that sends many frames at once, with concurrency %i',
  (concurrency) => {
    it('starts a limited number of them in each turn, in their order', async () => {
      const { clients, started } = await floodedServer({ concurrency });
      const total = firstFrames + 2 * framesPerTurn;
      clients[0]!.receive(frames(total));
      const counts: number[] = [];
      for (let i = 0; i < 3; i++) {
        await endOfTurn();
        counts.push(started.length);
        await settle();
      }
      expect(counts).toEqual([firstFrames, firstFrames + framesPerTurn, total]);
      expect(started).toEqual(Array.from({ length: total }, (_, i) => `s1 ${i}`));
    });
  },
);

describe('a session that sends large frames at once', () => {
  it('starts one of them in each turn', async () => {
    const { clients, started } = await floodedServer();
    const body = 'x'.repeat(256 * framesPerTurn);
    const large = (receipt: number) => `SEND\ndestination:/a\nreceipt:${receipt}\n\n${body}\0`;
    clients[0]!.receive([1, 2, 3].map(large).join(''));
    const counts: number[] = [];
    for (let i = 0; i < 3; i++) {
      await endOfTurn();
      counts.push(started.length);
      await settle();
    }
    expect(counts).toEqual([1, 2, 3]);
  });
});

describe('a session whose frames take long', () => {
  it.each([
    [5, 1],
    [2, 1],
    [1, 2],
    [0.5, 4],
  ])('waits for the next turn after 2 ms: %f ms for each frame', async (timePerFrame, inTurn) => {
    const { clients, started } = await floodedServer({ timePerFrame });
    clients[0]!.receive(frames(3 * inTurn));
    const counts: number[] = [];
    for (let i = 0; i < 3; i++) {
      await endOfTurn();
      counts.push(started.length);
      await settle();
    }
    expect(counts).toEqual([inTurn, 2 * inTurn, 3 * inTurn]);
  });

  it('starts frames of up to 15 microseconds by their number alone', async () => {
    const { clients, started } = await floodedServer({ timePerFrame: 0.015 });
    clients[0]!.receive(frames(2 * framesPerTurn));
    await endOfTurn();
    expect(started).toHaveLength(firstFrames);
  });

  it('exceeds its time by at most 8 fast frames', async () => {
    const { clients, started } = await floodedServer({ timePerFrame: 0.02 });
    const [client] = clients;
    client!.receive(frames(2 * framesPerTurn));
    await endOfTurn();
    expect(started.length).toBeGreaterThanOrEqual(timePerTurn / 0.02);
    expect(started.length).toBeLessThanOrEqual(timePerTurn / 0.02 + framesPerReading);
  });

  it('starts a frame that arrives when it is idle at once', async () => {
    const { clients, started } = await floodedServer({ timePerFrame: 5 });
    for (let i = 1; i <= 3; i++) {
      clients[0]!.receive(sendText(`${i}`));
      await endOfTurn();
      expect(started).toHaveLength(i);
    }
  });

  it('shares the time of a turn with the sessions that continue in it', async () => {
    const { clients, started } = await floodedServer({ sessions: 6, timePerFrame: 2 });
    for (const { receive } of clients) receive(frames(2));
    await endOfTurn();
    const before = started.length;
    await settle();
    await endOfTurn();
    expect([before, started.length]).toEqual([6, 10]);
  });
});

describe('other sessions', () => {
  it('are served in the same turn in which they send', async () => {
    const { clients, started } = await floodedServer({ sessions: 2 });
    clients[0]!.receive(frames(10 * framesPerTurn));
    await endOfTurn();
    clients[1]!.receive(sendText('neighbor'));
    await endOfTurn();
    expect(started.indexOf('s2 neighbor')).toBe(firstFrames);
  });

  it('continue in the order in which they began to wait', async () => {
    const { clients, started } = await floodedServer({ sessions: 6 });
    for (const { receive } of clients) receive(frames(framesPerTurn));
    while (clients.some(({ session }) => session.busy)) await settle();
    const last = started.filter((name) => name.endsWith(` ${firstFrames}`));
    expect(last).toEqual([1, 2, 3, 4, 5, 6].map((i) => `s${i} ${firstFrames}`));
  });
});

describe('accounts', () => {
  /** Accounts of these numbers of sessions. */
  const accountsOf = (...counts: number[]) =>
    counts.flatMap((count, i) => Array<string>(count).fill(`user ${'abcdefgh'[i]}`));

  it('have equal shares, for any number of their sessions', async () => {
    const { clients, started } = await floodedServer({ sessions: 9, accounts: accountsOf(8, 1) });
    for (const { receive } of clients) receive(frames(4 * framesPerTurn));
    await endOfTurn();
    started.length = 0;
    for (let i = 0; i < 2; i++) {
      await settle();
      await endOfTurn();
    }
    // In each turn three sessions of the first user, because the second one has only one session.
    const own = started.filter((name) => name.startsWith('s9 '));
    expect([own.length, started.length]).toEqual([2 * framesPerTurn, 8 * framesPerTurn]);
  });

  it('with 4 waiting sessions start no further frames in the turn in which they arrive', async () => {
    const accounts = accountsOf(sessionsPerTurn + 1, 1);
    const { clients, started } = await floodedServer({ sessions: accounts.length, accounts });
    for (const { receive } of clients.slice(0, sessionsPerTurn)) receive(frames(framesPerTurn));
    await endOfTurn();
    started.length = 0;
    for (const { receive } of clients.slice(sessionsPerTurn)) receive(sendText('later'));
    await endOfTurn();
    expect(started).toEqual(['s6 later']);
    while (clients.some(({ session }) => session.busy)) await settle();
    expect(started).toContain('s5 later');
  });

  it('do not lose their time to a slow session that continues in the same turn', async () => {
    const clock = replacing(testClock(), { now: () => now });
    let now = 0;
    const started: string[] = [];
    const stage = testSession({
      clock,
      limits: { ...testSession().parts.limits, maxFrameBytes: 512 * framesPerTurn },
      process(_frame, session) {
        started.push(session.id);
        now += session.id === 's1' ? 5 : 0.5;
        return Promise.resolve('done');
      },
    });
    const clients = [stage.open(undefined, 'user a'), stage.open(undefined, 'user b')];
    for (const client of clients) {
      await client.connect();
      client.receive(frames(2 * framesPerTurn));
      await endOfTurn();
    }
    started.length = 0;
    await settle();
    await endOfTurn();
    expect(started).toEqual(['s1', 's2', 's2', 's2', 's2']);
  });

  it('are served first; of the sessions whose connection is lost, one continues in each turn', async () => {
    const { clients, started } = await floodedServer({ sessions: 8 });
    for (const { receive } of clients) receive(frames(2 * framesPerTurn));
    await endOfTurn();
    for (const { session } of clients.slice(0, 6)) session.closed(1006, '');
    started.length = 0;
    await settle();
    await endOfTurn();
    expect(new Set(started.map((name) => name.split(' ')[0]))).toEqual(new Set(['s1', 's7', 's8']));
    while (clients.some(({ session }) => session.busy)) await settle();
    expect(started).toHaveLength(8 * (framesPerTurn + 1));
  });
});

describe('a session that waits for its next turn', () => {
  it('keeps the server busy', async () => {
    const { activity, clients, started } = await floodedServer();
    clients[0]!.receive(frames(framesPerTurn + 1));
    await activity.idle();
    expect(started).toHaveLength(framesPerTurn + 1);
  });

  it('is finished after it was closed in the meantime', async () => {
    const { clients, isIdle, started } = await floodedServer();
    const [client] = clients;
    client!.receive(frames(framesPerTurn + 1));
    await endOfTurn();
    client!.session.close();
    client!.session.closed(1000, '');
    await settle();
    expect(client!.events.at(-1)).toBe('finished');
    expect(started).toHaveLength(firstFrames);
    expect(await isIdle()).toBe(true);
  });

  it('processes all its frames when the connection is lost in the meantime', async () => {
    const { clients, isIdle, started } = await floodedServer();
    const [client] = clients;
    client!.receive(frames(3 * framesPerTurn));
    await endOfTurn();
    client!.session.closed(1006, '');
    while (client!.session.busy) await settle();
    expect(started).toHaveLength(3 * framesPerTurn);
    expect(await isIdle()).toBe(true);
  });

  it('does not delay the CONNECT of another session', async () => {
    const { clients, open } = await floodedServer();
    clients[0]!.receive(frames(2 * framesPerTurn));
    await endOfTurn();
    const other = open();
    other.receive(connectText);
    await endOfTurn();
    expect(other.session.connected).toBe(true);
  });
});

describe('a frame that consists of many parts', () => {
  /** Sessions with a clock that a part of a frame advances, and the names of the sessions whose parts were processed. */
  function dividing(...accounts: string[]) {
    let now = 0;
    const clock = replacing(testClock(), { now: () => now });
    const stage = testSession({ clock });
    const parts: string[] = [];
    const sessions = accounts.map((account) => stage.open(undefined, account).session);
    const run = async (session: ClientSession, count: number, timePerPart: number) => {
      const { nextPart } = session.divideWork();
      for (let i = 0; i < count; i++) {
        await nextPart();
        parts.push(session.id);
        now += timePerPart;
      }
    };
    const wait = (time: number) => void (now += time);
    return { activity: stage.activity, sessions, parts, run, wait };
  }

  it('continues in a later turn after 2 ms', async () => {
    const { sessions, parts, run } = dividing('user a');
    const done = run(sessions[0]!, 5, 1);
    const counts: number[] = [];
    for (let i = 0; i < 3; i++) {
      await endOfTurn();
      counts.push(parts.length);
      await settle();
    }
    expect(counts).toEqual([2, 4, 5]);
    await done;
  });

  it('shares the turns with the other sessions of its account', async () => {
    const { sessions, parts, run } = dividing(...Array<string>(6).fill('user a'), 'user b');
    for (const session of sessions) void run(session, 2, 5);
    await endOfTurn();
    parts.length = 0;
    await settle();
    await endOfTurn();
    // Three sessions of the first account and the one of the second, with a part each.
    expect([parts.length, parts.includes('s7')]).toEqual([sessionsPerTurn, true]);
  });

  it('continues in a later turn after 128 parts', async () => {
    const { sessions, parts, run } = dividing('user a');
    void run(sessions[0]!, 2 * framesPerTurn, 0);
    await endOfTurn();
    expect(parts).toHaveLength(framesPerTurn);
    await settle();
    await endOfTurn();
    expect(parts).toHaveLength(2 * framesPerTurn);
  });

  it('does not count the time in which it has waited for an event', async () => {
    const { sessions, run, wait } = dividing('user a');
    const { nextPart } = sessions[0]!.divideWork();
    for (let i = 0; i < 3; i++) {
      expect(nextPart()).toBeUndefined();
      wait(100);
      await settle();
    }
    await run(sessions[0]!, 1, 0);
  });

  it('keeps the server busy while it waits', async () => {
    const { activity, parts, sessions, run } = dividing('user a');
    void run(sessions[0]!, 3, 5);
    await activity.idle();
    expect(parts).toHaveLength(3);
  });

  it('of many parts of one account continues in its order', async () => {
    const { sessions, run, parts } = dividing('user a');
    const [session] = sessions;
    const order: number[] = [];
    const all = Array.from({ length: 50 }, async (_, i) => {
      await run(session!, 2, 5);
      order.push(i);
    });
    await Promise.all(all);
    expect([order, parts.length]).toEqual([Array.from(all.keys()), 100]);
  });
});

describe('a session that sends many heart-beats at once', () => {
  it('gets a limited number of answers in each turn', async () => {
    const { receive, session } = testSession({ codecs: [jsonCodec] }).open(
      new FakeConnection(false),
    );
    const answer = vi.spyOn(session, 'answerHeartbeat');
    receive('{"type":"ping"}\n'.repeat(framesPerTurn + 1));
    await endOfTurn();
    expect([answer.mock.calls.length, session.busy]).toEqual([framesPerTurn, true]);
    await settle();
    expect([answer.mock.calls.length, session.busy]).toEqual([framesPerTurn + 1, false]);
  });
});
