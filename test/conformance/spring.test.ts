// Rows of Spring's behaviour, by their numbers in the list of its features: the same here, or different on purpose.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import { frame } from './stomp/dialogue.js';
import type { Line } from './stomp/line.js';
import { sections } from './stomp/lines.js';
import { Stage } from './stomp/stage.js';

const lines: readonly Line[] = Object.values(sections).flat();

interface Row {
  readonly row: number;
  readonly what: string;
  /** What Spring does where we differ. */
  readonly spring?: string;
  /** Lines of STOMP that show it. */
  readonly lines?: readonly number[];
  readonly check?: (stage: Stage) => Promise<void>;
}

const topic = '/topic/x';

/** A reader that reads nothing more, while so many messages of 10 KB go to its topic; resolves with how it ended. */
async function stalled(stage: Stage, messages: number, then: () => Promise<void>) {
  const ended = new Promise<number>((resolve) =>
    stage.server.events.on('disconnected', ({ code }) => resolve(code)),
  );
  const reader = stage.doors.memory.connect({ subprotocol: 'v12.stomp' });
  reader.onData = () => {};
  reader.send(frame('CONNECT', { 'accept-version': '1.2', host: 'test' }));
  reader.send(frame('SUBSCRIBE', { id: 's', destination: topic }));
  await stage.server.idle();
  reader.pause();
  for (let i = 0; i < messages; i++)
    await stage.server.publisher.publish(topic, 'x'.repeat(10_000));
  await then();
  return ended;
}

const rows: readonly Row[] = [
  { row: 9, what: 'CONNECT gets CONNECTED with version, heart-beat and user', lines: [17, 23] },
  { row: 10, what: 'STOMP is another name of CONNECT', lines: [18] },
  { row: 11, what: 'the version is negotiated', lines: [20] },
  { row: 12, what: 'an unsupported version gets ERROR', spring: 'says nothing', lines: [21] },
  { row: 13, what: 'a missing accept-version means 1.0', spring: 'says nothing', lines: [19] },
  {
    row: 14,
    what: 'heart-beats are agreed on and kept, with a tolerance of twice the interval',
    spring: 'its own raw values, and three times',
    lines: [28, 32],
  },
  { row: 15, what: 'heart-beats are on by default', spring: 'off', lines: [28] },
  { row: 16, what: 'a frame before CONNECT ends the session', lines: [24] },
  { row: 17, what: 'a second CONNECT ends the session', lines: [25] },
  { row: 18, what: 'a command in lower case is an error', lines: [3] },
  { row: 19, what: 'headers are escaped', lines: [7] },
  { row: 20, what: 'an illegal escape is an error', lines: [7] },
  {
    row: 21,
    what: 'of a repeated header the first travels',
    spring: 'all of them travel',
    lines: [10],
  },
  { row: 22, what: 'a body with NUL arrives whole', lines: [12] },
  { row: 23, what: 'a wrong content-length is an error', lines: [12] },
  { row: 24, what: 'a body on SUBSCRIBE is an error', lines: [11] },
  {
    row: 25,
    what: 'a frame may be cut anywhere, also between CR and LF',
    spring: 'an error there',
    lines: [15],
  },
  { row: 26, what: 'several frames may come at once', lines: [15] },
  { row: 27, what: 'a frame that is too large is an error', lines: [16] },
  { row: 28, what: 'binary messages are taken', lines: [73] },
  { row: 29, what: 'octets go out as binary', lines: [73] },
  {
    row: 74,
    what: 'the broker carries a message from client to client',
    async check(stage) {
      const reader = await stage.subscriber('1.2', topic);
      const client = await stage.connect('1.2');
      client.send(topic, {}, 'hello');
      deepEqual(await reader.texts(1), ['hello']);
    },
  },
  {
    row: 75,
    what: 'a star is one segment, two are any number',
    async check(stage) {
      const one = await stage.subscriber('1.2', '/topic/*');
      const all = await stage.subscriber('1.2', '/topic/**');
      const client = await stage.connect('1.2');
      client.send('/topic/a', {}, 'a');
      client.send('/topic/a/b', {}, 'b');
      deepEqual(await all.texts(2), ['a', 'b']);
      deepEqual(await one.texts(1), ['a']);
      await one.nothing();
    },
  },
  { row: 76, what: 'two subscriptions that match get a message each', lines: [43] },
  { row: 77, what: 'an id that is taken is refused', spring: 'undefined', lines: [40] },
  { row: 78, what: 'nothing comes after UNSUBSCRIBE', lines: [46] },
  {
    row: 79,
    what: 'a selector is ignored, as where Spring has them off',
    async check(stage) {
      const reader = await stage.subscriber('1.2', topic, { selector: "headers.foo == 'bar'" });
      reader.send(topic, {}, 'all');
      deepEqual(await reader.texts(1), ['all']);
    },
  },
  {
    row: 80,
    what: 'a message-id holds nothing of a session',
    spring: 'the session and a number',
    async check(stage) {
      const reader = await stage.subscriber('1.2', topic);
      const [session] = [...stage.server.sessions.all()];
      const ids = new Set<string>();
      for (let i = 0; i < 3; i++) {
        reader.send(topic);
        const id = (await reader.next('MESSAGE')).headers['message-id']!;
        ok(!id.includes(session!.id));
        ids.add(id);
      }
      equal(ids.size, 3);
    },
  },
  {
    row: 81,
    what: 'no client says a message-id for another',
    spring: 'it does',
    lines: [35],
  },
  {
    row: 82,
    what: 'ACK, NACK and transactions do what they say',
    spring: 'silently ignored',
    lines: [52, 53, 54, 55, 61],
  },
  { row: 83, what: 'every frame may ask for a receipt', spring: 'none comes', lines: [64] },
  { row: 84, what: 'DISCONNECT gets its receipt', lines: [67] },
  { row: 85, what: 'DISCONNECT without one is a plain end', spring: 'ERROR', lines: [69] },
  {
    row: 86,
    what: 'a socket that is lost ends its subscriptions, and is told of once',
    spring: 'once or twice',
    async check(stage) {
      let told = 0;
      const gone = new Promise<void>((resolve) =>
        stage.server.events.on('disconnected', () => {
          told++;
          resolve();
        }),
      );
      const reader = await stage.subscriber('1.2', topic);
      reader.vanish();
      await gone;
      await stage.server.publisher.publish(topic, 'x');
      await stage.server.idle();
      deepEqual([told, stage.server.sessions.size], [1, 0]);
    },
  },
  { row: 101, what: 'messages arrive in the order of their publication', lines: [38] },
  { row: 102, what: 'the frames of a session are worked off in order', lines: [65] },
  {
    row: 103,
    what: 'a reader that is too slow is closed with 4500 by the limit of octets',
    check: async (stage) => equal(await stalled(stage, 60, () => Promise.resolve()), 4500),
  },
  {
    row: 104,
    what: 'and by the limit of time, though nothing more is sent',
    spring: 'only at the next send',
    check: async (stage) => equal(await stalled(stage, 2, () => stage.clock.advance(20_000)), 4500),
  },
  {
    row: 105,
    what: 'who does not connect in time is let go',
    spring: 'when another connects',
    lines: [27],
  },
];

describe('rows of Spring', () => {
  const named = rows.map(
    ({ row, what, spring, ...shown }) =>
      [row, what, spring === undefined ? '' : ` (Spring: ${spring})`, shown] as const,
  );
  it.each(named)('%i: %s%s', async (_, __, ___, { lines: numbers = [], check }) => {
    const shown = numbers.map((wanted) => lines.find(({ number }) => number === wanted)!);
    for (const each of [...shown, ...(check === undefined ? [] : [{ check }])]) {
      const { transports: [transport = 'memory'] = [], versions = [] } = each as Line;
      const stage = await Stage.open(transport);
      try {
        await each.check!(stage, versions.at(-1) ?? '1.2');
      } finally {
        await stage.close();
      }
    }
  });

  it('are those of connecting, the broker and order', () => {
    const range = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, i) => from + i);
    expect(rows.map(({ row }) => row)).toEqual([
      ...range(9, 29),
      ...range(74, 86),
      ...range(101, 105),
    ]);
  });
});
