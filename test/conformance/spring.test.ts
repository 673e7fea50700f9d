// Spring's behavior, by the row numbers of its list of features: the same here, or different on purpose.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import { rawServer, type RawServer } from '../clients/server.js';
import { connectStomp } from '../clients/stomp.js';
import { passedRequirements } from './stomp/requirement.js';

interface Row {
  readonly row: number;
  readonly behavior: string;
  /** Spring's behavior, if it differs. */
  readonly spring?: string;
  /** Numbers of STOMP requirements that show the behavior. */
  readonly requirements?: readonly number[];
  readonly check?: (context: RawServer) => Promise<void>;
}

const topic = '/topic/x';

/** Publishes messages of 10 KB to a client that has stopped reading, runs `then`, and returns the close code of the client. */
async function closeCodeOfSlowReader(
  { server, memory }: RawServer,
  messages: number,
  then: () => Promise<void>,
): Promise<number> {
  const code = new Promise<number>((resolve) =>
    server.events.on('disconnected', (event) => resolve(event.code)),
  );
  const reader = await connectStomp(memory);
  await reader.subscribe('s', topic);
  reader.connection.pause();
  for (let i = 0; i < messages; i++) await server.publisher.publish(topic, 'x'.repeat(10_000));
  await then();
  return code;
}

const rows: readonly Row[] = [
  {
    row: 9,
    behavior: 'CONNECT is answered by CONNECTED with version, heart-beat and user',
    requirements: [17, 23],
  },
  { row: 10, behavior: 'STOMP is another name for CONNECT', requirements: [18] },
  { row: 11, behavior: 'the version is negotiated', requirements: [20] },
  {
    row: 12,
    behavior: 'an unsupported version is answered by ERROR',
    spring: 'no answer',
    requirements: [21],
  },
  {
    row: 13,
    behavior: 'a missing accept-version means 1.0',
    spring: 'no answer',
    requirements: [19],
  },
  {
    row: 14,
    behavior: 'heart-beats are negotiated, and a session ends after twice the interval',
    spring: 'the configured values, and three times',
    requirements: [28, 32],
  },
  { row: 15, behavior: 'heart-beats are on by default', spring: 'off', requirements: [28] },
  { row: 16, behavior: 'a frame before CONNECT ends the session', requirements: [24] },
  { row: 17, behavior: 'a second CONNECT ends the session', requirements: [25] },
  { row: 18, behavior: 'a command in lower case is an error', requirements: [3] },
  { row: 19, behavior: 'headers are escaped', requirements: [7] },
  { row: 20, behavior: 'an illegal escape is an error', requirements: [7] },
  {
    row: 21,
    behavior: 'subscribers receive the first of a repeated header',
    spring: 'all of them',
    requirements: [10],
  },
  { row: 22, behavior: 'a body may contain NUL', requirements: [12] },
  { row: 23, behavior: 'a wrong content-length is an error', requirements: [12] },
  { row: 24, behavior: 'a body on SUBSCRIBE is an error', requirements: [11] },
  {
    row: 25,
    behavior: 'a frame may be split at any byte, also between CR and LF',
    spring: 'an error there',
    requirements: [15],
  },
  { row: 26, behavior: 'several frames may arrive at once', requirements: [15] },
  { row: 27, behavior: 'a frame over the limit is an error', requirements: [16] },
  { row: 28, behavior: 'binary messages are accepted', requirements: [73] },
  { row: 29, behavior: 'bodies that are not text are sent as binary messages', requirements: [73] },
  {
    row: 74,
    behavior: 'the broker delivers a message from client to client',
    async check(context) {
      const reader = await context.subscriber('1.2', topic);
      const client = await context.connect('1.2');
      client.publish(topic, {}, 'hello');
      deepEqual(await reader.texts(1), ['hello']);
    },
  },
  {
    row: 75,
    behavior: '* matches one segment, ** any number',
    async check(context) {
      const one = await context.subscriber('1.2', '/topic/*');
      const all = await context.subscriber('1.2', '/topic/**');
      const client = await context.connect('1.2');
      client.publish('/topic/a', {}, 'a');
      client.publish('/topic/a/b', {}, 'b');
      deepEqual(await all.texts(2), ['a', 'b']);
      deepEqual(await one.texts(1), ['a']);
      await one.expectNone();
    },
  },
  { row: 76, behavior: 'two matching subscriptions receive a message each', requirements: [43] },
  {
    row: 77,
    behavior: 'a subscription id that is in use is refused',
    spring: 'undefined',
    requirements: [40],
  },
  { row: 78, behavior: 'no message arrives after UNSUBSCRIBE', requirements: [46] },
  {
    row: 79,
    behavior: 'a SUBSCRIBE with a selector is rejected, so that it does not receive all messages',
    spring: 'ignores selectors by default',
    async check(context) {
      const client = await context.connect('1.2');
      const selector = "headers.foo == 'bar'";
      client.send('SUBSCRIBE', { id: 's', destination: topic, selector, receipt: 'r' });
      equal((await client.expectError()).headers['code'], 'not-supported');
    },
  },
  {
    row: 80,
    behavior: 'a message-id does not contain the session id',
    spring: 'session id and a number',
    async check(context) {
      const reader = await context.subscriber('1.2', topic);
      const [session] = [...context.server.sessions.all()];
      const ids = new Set<string>();
      for (let i = 0; i < 3; i++) {
        reader.publish(topic);
        const id = (await reader.expect('MESSAGE')).headers['message-id']!;
        ok(!id.includes(session!.id));
        ids.add(id);
      }
      equal(ids.size, 3);
    },
  },
  {
    row: 81,
    behavior: 'a client cannot set the message-id',
    spring: 'it can',
    requirements: [35],
  },
  {
    row: 82,
    behavior: 'ACK, NACK and transactions work',
    spring: 'silently ignored',
    requirements: [52, 53, 54, 55, 61],
  },
  {
    row: 83,
    behavior: 'every frame may ask for a receipt',
    spring: 'no receipt is sent',
    requirements: [64],
  },
  { row: 84, behavior: 'DISCONNECT is answered by its receipt', requirements: [67] },
  {
    row: 85,
    behavior: 'DISCONNECT without a receipt ends the session',
    spring: 'ERROR',
    requirements: [69],
  },
  {
    row: 86,
    behavior: 'a lost socket ends its subscriptions and emits one disconnected event',
    spring: 'once or twice',
    async check(context) {
      let events = 0;
      const gone = new Promise<void>((resolve) =>
        context.server.events.on('disconnected', () => {
          events++;
          resolve();
        }),
      );
      const reader = await context.subscriber('1.2', topic);
      reader.connection.vanish();
      await gone;
      await context.server.publisher.publish(topic, 'x');
      await context.server.idle();
      deepEqual([events, context.server.sessions.size], [1, 0]);
    },
  },
  { row: 101, behavior: 'messages arrive in the order of publication', requirements: [38] },
  { row: 102, behavior: 'the frames of a session are processed in order', requirements: [65] },
  {
    row: 103,
    behavior: 'a slow reader is closed with 4500 at the byte limit',
    check: async (context) =>
      equal(await closeCodeOfSlowReader(context, 60, () => Promise.resolve()), 4500),
  },
  {
    row: 104,
    behavior: 'a slow reader is closed with 4500 at the time limit, without another message',
    spring: 'only at the next send',
    check: async (context) =>
      equal(await closeCodeOfSlowReader(context, 2, () => context.clock.advance(20_000)), 4500),
  },
  {
    row: 105,
    behavior: 'a client that does not connect in time is disconnected',
    spring: 'only when another client connects',
    requirements: [27],
  },
];

describe("Spring's behavior", () => {
  const passed = passedRequirements();
  const cases = rows.map(
    ({ row, behavior, spring, ...proof }) =>
      [row, behavior, spring === undefined ? '' : ` (Spring: ${spring})`, proof] as const,
  );
  it.each(cases)('%i: %s%s', async (_, __, ___, { requirements = [], check }) => {
    expect(passed).toEqual(expect.arrayContaining([...requirements]));
    await check?.(await rawServer());
  });

  it('is compared for connecting, the broker and the order of messages', () => {
    const range = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, i) => from + i);
    expect(rows.map(({ row }) => row)).toEqual([
      ...range(9, 29),
      ...range(74, 86),
      ...range(101, 105),
    ]);
  });
});
