// The way in of a session: what is taken, in which order it is worked off, and when reading pauses.
import { describe, expect, it } from 'vitest';
import { Activity } from '../../src/session/activity.js';
import { Pulse } from '../../src/session/heartbeat.js';
import { Inbox, type InboxItem } from '../../src/session/inbox.js';
import { Language } from '../../src/session/language.js';
import { stompCodec } from '../../src/wire/stomp/codec.js';
import { FakeConnection } from '../fake-connection.js';
import { manualClock } from '../manual-clock.js';
import { frameText } from '../stomp-client.js';

const limits = {
  maxFrameBytes: 1000,
  maxHeaders: 10,
  maxHeaderBytes: 100,
  maxConnectHeaderBytes: 100,
  maxWaitingFrames: 4,
};
const send = frameText('SEND', { destination: '/x' });

/** Items run until they are released. */
function scene() {
  const clock = manualClock();
  const connection = new FakeConnection();
  const body = {
    outbox: { lastWrite: 0, send: () => true },
    connection,
    die: () => {},
  };
  const log: string[] = [];
  const release: (() => void)[] = [];
  const inbox = new Inbox(
    connection,
    new Language([stompCodec], limits, connection),
    new Pulse(clock, body),
    { activity: new Activity(clock), concurrency: 1, limits },
    {
      work: ({ kind }: InboxItem) => {
        log.push(kind);
        return new Promise((resolve) => release.push(() => resolve(true)));
      },
      done: ({ kind }, processed) => void log.push(`${kind} done ${processed}`),
      asked: () => void log.push('asked'),
      notUnderstood: () => void log.push('not understood'),
    },
  );
  const take = (text: string) => inbox.take(Buffer.from(text));
  const finish = async () => {
    release.shift()!();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { connection, finish, inbox, log, take };
}

describe('an inbox', () => {
  it('works off what arrives in its order, and what ends it last', async () => {
    const { finish, inbox, log, take } = scene();
    take(frameText('CONNECT', { 'accept-version': '1.2', host: 'x' }) + send.slice(0, 9));
    take(send.slice(9));
    inbox.end(1000, '');
    take(send);
    for (let i = 0; i < 3; i++) await finish();
    expect(log.filter((line) => line.includes('done'))).toEqual([
      'connect done true',
      'send done true',
      'end done true',
    ]);
    expect(inbox.empty).toBe(true);
  });

  it('takes nothing behind DISCONNECT, nor behind what is malformed', async () => {
    for (const last of [frameText('DISCONNECT'), 'NONSENSE\n\n\0']) {
      const { finish, inbox, log, take } = scene();
      take(`${last}${send}`);
      take(send);
      await finish();
      expect(log).toHaveLength(2);
      expect(inbox.empty).toBe(true);
    }
  });

  it('pauses reading while too many frames wait, and goes on at half of them', async () => {
    const { connection, finish, take } = scene();
    take(send.repeat(4));
    expect(connection.paused).toBe(false);
    take(send);
    expect(connection.paused).toBe(true);
    await finish();
    expect(connection.paused).toBe(true);
    await finish();
    expect(connection.paused).toBe(false);
  });

  it('forgets what has not begun when it is discarded, not when it is closed', async () => {
    for (const [end, worked] of [
      ['close', 2],
      ['discard', 1],
    ] as const) {
      const { finish, inbox, log, take } = scene();
      take(send + send);
      inbox[end]();
      take(send);
      await finish();
      if (end === 'close') await finish();
      await inbox.settled();
      expect(log.filter((line) => line === 'send')).toHaveLength(worked);
    }
  });

  it('tells of octets that are no protocol’s', () => {
    const { log, take } = scene();
    take('');
    take('?');
    expect(log).toEqual(['not understood']);
  });
});
