// Hostile input on whole servers: each gets its documented answer, loses nothing, harms nobody, and leaves nothing behind.
import { format } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createServer, memoryTransport, type Logger } from '../src/index.js';
import { systemClock, type Clock } from '../src/message/clock.js';
import { HostileController, RecoveringController } from './hostile/controller.js';
import { destinations } from './hostile/destinations.js';
import { documented, documentedEnd, type End } from './hostile/documented.js';
import { handlers } from './hostile/handlers.js';
import { headers } from './hostile/headers.js';
import { octets } from './hostile/octets.js';
import { order } from './hostile/order.js';
import { payloads } from './hostile/payloads.js';
import { answerOf, messagesOf, secret, type HostileRow } from './hostile/row.js';
import { transactions } from './hostile/transactions.js';
import { sizes } from './hostile/sizes.js';
import { speakers, type Speaker, type Talk } from './hostile/speaker.js';
import { connectJson } from './json-client.js';
import { manualClock, type ManualClock } from './manual-clock.js';
import { connect } from './stomp-client.js';

const themes = { octets, sizes, order, destinations, headers, payloads, handlers, transactions };
const news = '/topic/news';
const lost: End = { code: 1006, reason: '' };

/** Shows what it is told as the console does, to nobody, and has no room for it. */
const full = (text: string, cause?: unknown): never => {
  throw new Error(format(text, cause));
};
const fullLog: Logger = { error: full, warn: full, info: full };

/** Time stands still while turns of the event loop go by. */
function stillClock(manual: ManualClock): Clock {
  return { ...systemClock, now: () => manual.now(), after: (...timer) => manual.after(...timer) };
}

async function scene() {
  const clock = manualClock();
  const transport = memoryTransport();
  const server = await createServer({
    controllers: [HostileController, RecoveringController],
    transports: [transport],
    clock: stillClock(clock),
    logger: fullLog,
  });
  await server.start();
  const bystander = await connect(transport, {}, { principal: { name: 'bystander' } });
  await bystander.subscribe('b', news);
  await bystander.subscribe('problems', '/user/queue/errors');
  const other = await connectJson(transport);
  await other.subscribe('b', news);
  return {
    clock,
    transport,
    server,
    /** What one bystander says and both hear. */
    say: (text: string) => bystander.say('SEND', { destination: news }, text),
    heard: () => [
      bystander.heard.map(({ body }) => body),
      other.heard.map(({ payload }) => payload),
    ],
  };
}

/** Lets a handler begin, and then its time pass. */
async function pass(clock: ManualClock, milliseconds: number): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(milliseconds);
}

const strays: unknown[] = [];
const stray = (thrown: unknown) => void strays.push(thrown);
const ownNames = Reflect.ownKeys(Object.prototype);

beforeAll(() => void vi.spyOn(console, 'error').mockReturnValue());
afterAll(() => void vi.restoreAllMocks());
beforeAll(() => void process.on('unhandledRejection', stray).on('uncaughtException', stray));
afterAll(() => void process.off('unhandledRejection', stray).off('uncaughtException', stray));

async function speak(client: Talk, row: HostileRow, { protocol }: Speaker): Promise<void> {
  if (row.first !== true) {
    await client.connect();
    client.publish(news, 'before');
  }
  for (const each of messagesOf(row, protocol)!) client.say(each);
  if (row.afterwards === undefined) client.publish(news, 'after');
  if (row.afterwards === 'gone') client.vanish();
}

async function suffer(row: HostileRow, speaker: Speaker): Promise<void> {
  const { clock, transport, server, say, heard } = await scene();
  const client = speaker.open(transport, row);
  await speak(client, row, speaker);
  if (row.lasts !== undefined) await pass(clock, row.lasts);
  await server.idle();

  const answer = answerOf(row, speaker.protocol);
  const answers = documented(answer, speaker.survives);
  const end = row.afterwards === 'gone' ? lost : documentedEnd(answer, speaker.survives);
  expect(client.heard()).toEqual(expect.arrayContaining([...answers]));
  expect(client.heard()).toHaveLength(answers.length);
  expect(client.end()).toEqual(end);
  expect(client.octets()).not.toContain(secret);
  expect(client.octets()).not.toMatch(/ {4}at |node_modules|\.[jt]s:\d/);

  say('late');
  await server.idle();
  const accepted = [
    ...(row.first === true ? [] : ['before']),
    ...(end === undefined ? ['after'] : []),
    'late',
  ];
  expect(heard()).toEqual([accepted, accepted]);
  expect(server.sessions.size).toBe(end === undefined ? 3 : 2);

  await server.close();
  expect(server.sessions.size).toBe(0);
  expect(clock.timers).toBe(0);
  expect(strays.splice(0)).toEqual([]);
  expect(Reflect.ownKeys(Object.prototype)).toEqual(ownNames);
}

describe.each(speakers)('$name', (speaker) => {
  describe.each(Object.entries(themes))('%s', (_, rows) => {
    const sayable = rows.filter((row) => messagesOf(row, speaker.protocol) !== undefined);
    it.each(sayable)('$name', (row) => suffer(row, speaker));
  });
});

it('the table has at least 60 rows that both protocols can say', () => {
  const both = Object.values(themes)
    .flat()
    .filter((row) => messagesOf(row, 'stomp') && messagesOf(row, 'json'));
  expect(both.length).toBeGreaterThanOrEqual(60);
});
