// What a subscription got: the next message, nothing at all, and sentences that say why there is none.
import { IsString } from 'class-validator';
import { testServer, type Received, type TestSubscription } from 'signalbox/testing';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { ChatController, Gate, type Said } from './chat.js';

const controllers = [ChatController];

class Posted {
  @IsString() text!: string;
  @IsString() by!: string;
}

async function start() {
  const app = await testServer({ controllers });
  const ann = await app.connect({ user: 'ann' });
  return { app, ann };
}

/** What an expectation fails with, line by line. */
async function lines(expectation: Promise<unknown>): Promise<string[]> {
  const failure = await expectation.then(
    () => new Error('It came true.'),
    (error: Error) => error,
  );
  return failure.message.split('\n');
}

describe('next', () => {
  it('gives message after message, also to several who wait', async () => {
    const { app, ann } = await start();
    const room = await ann.subscribe('/topic/rooms/lobby');
    const waiting = [room.next(), room.next()];
    const texts = ['one', 'two', 'three'];
    await Promise.all(texts.map((text) => ann.send('/app/rooms/lobby/say', { text })));
    for (const [at, next] of [...waiting, room.next()].entries())
      expect(await next).toMatchObject({ payload: { text: texts[at] } });
    await app.close();
  });

  it('gives the one that is meant, and leaves the others to be read', async () => {
    const { app, ann } = await start();
    const room = await ann.subscribe('/topic/rooms/lobby');
    const isText = (wanted: string) => (message: Received) =>
      (message.payload as Said).text === wanted;
    const waiting = room.next(isText('three'));
    const texts = ['one', 'two', 'three', 'four'];
    await Promise.all(texts.map((text) => ann.send('/app/rooms/lobby/say', { text })));
    expect(await waiting).toMatchObject({ payload: { text: 'three' } });
    expect(await room.next(isText('two'))).toMatchObject({ payload: { text: 'two' } });
    expect(await room.next()).toMatchObject({ payload: { text: 'one' } });
    expect((await lines(room.next(isText('five')))).slice(0, 2)).toEqual([
      expect.stringMatching(/has no message to read\..* It got 4 before, and these do not fit:$/),
      "  /topic/rooms/lobby { text: 'four', by: 'ann' }",
    ]);
    await room.next();
    await app.close();
  });

  it('fails at rest, with what was published and to whom', async () => {
    const { app, ann } = await start();
    const bob = await app.connect({ user: 'bob' });
    await ann.send('/app/rooms/lobby/say', { text: 'too early' });
    const room = await ann.subscribe('/topic/rooms/lobby');
    await bob.subscribe('/topic/rooms/*');
    await ann.send('/app/rooms/loby/say', { text: 'hi' });
    expect(await lines(room.next())).toEqual([
      'ann (session-1), subscribed to /topic/rooms/lobby, has no message to read. Nothing more can come: all handlers have settled, and no stream is open.',
      'Published:',
      "  /topic/rooms/lobby { text: 'too early', by: 'ann' } to nobody, before the subscription began <- nearest",
      "  /topic/rooms/loby { text: 'hi', by: 'ann' } to bob (session-2)",
    ]);
    await app.close();
  });

  it('fails with the problem behind it, and what the handler threw', async () => {
    const { app, ann } = await start();
    const room = await ann.subscribe('/topic/rooms/lobby');
    await ann.send('/app/rooms/lobby/fail');
    await ann.send('/app/rooms/lobby/say', { text: '' });
    expect(await lines(room.next())).toEqual([
      expect.stringContaining('has no message to read.'),
      'Nothing was published.',
      'Problems:',
      '  ann (session-1) was told handler-failed at /app/rooms/lobby/fail: The handler failed.',
      '  ann (session-1) was told payload-invalid at /app/rooms/lobby/say: The payload is not valid. (text: text must be longer than or equal to 1 characters)',
      'Logged:',
      '  The handler of "/app/rooms/lobby/fail" failed. TypeError: The history is lost.',
      expect.stringMatching(/^ {4}at ChatController\.fail \(.*chat\.ts/),
    ]);
    await app.close();
  });

  it('fails with the end of the session or of the subscription', async () => {
    const { app, ann } = await start();
    const [room, other] = [await ann.subscribe('/topic/a'), await ann.subscribe('/topic/b')];
    await room.unsubscribe();
    await ann.send('/topic/a', 'unheard');
    expect(await lines(room.next())).toEqual([
      'ann (session-1), subscribed to /topic/a, has no message to read. It was unsubscribed.',
      'Published:',
      "  /topic/a 'unheard' to nobody <- nearest",
    ]);
    await ann.disconnect();
    expect((await lines(other.next()))[0]).toBe(
      'ann (session-1), subscribed to /topic/b, has no message to read. The session was closed with 1000.',
    );
    await app.close();
  });

  it('tells the last of many publications', async () => {
    const { app, ann } = await start();
    const topic = await ann.subscribe('/topic/a');
    for (let n = 1; n <= 12; n++) await ann.send('/topic/b', { n });
    const said = await lines(topic.next());
    expect(said.slice(1, 4)).toEqual([
      'Published:',
      '  (2 more before)',
      '  /topic/b { n: 3 } to nobody <- nearest',
    ]);
    expect(said).toHaveLength(13);
    await app.close();
  });

  it('waits for a stream that is open, and says that it did', async () => {
    const app = await testServer({ controllers, timeout: 1 });
    const ann = await app.connect({ user: 'ann' });
    const feed = await ann.subscribe('/app/rooms/lobby/feed');
    expect(await feed.next()).toMatchObject({ payload: { n: 1 } });
    expect((await lines(feed.next()))[0]).toBe(
      'ann (session-1), subscribed to /app/rooms/lobby/feed, has no message to read. It was given 1 ms of real time. ChatController.feed (/app/rooms/lobby/feed, for ann (session-1)) streams, and waits. The clock stands still until the test moves it. It got 1 before, all of them read.',
    );
    await app.close();
  });

  it('gets what a stream says when the test lets it', async () => {
    const { app, ann } = await start();
    const feed = await ann.subscribe('/app/rooms/lobby/feed');
    await feed.next();
    await feed.expectNone();
    const next = feed.next();
    (await app.get(Gate)).open();
    expect(await next).toMatchObject({ payload: { n: 2 } });
    expect((await lines(feed.next()))[0]).toContain('Nothing more can come');
    await app.close();
  });
});

describe('nothing', () => {
  it('needs no waiting, and fails with what came', async () => {
    const { app, ann } = await start();
    const room = await ann.subscribe('/topic/rooms/lobby');
    await room.expectNone();
    const sent = ann.send('/app/rooms/lobby/say', { text: 'hi' });
    expect(await lines(room.expectNone())).toEqual([
      'ann (session-1), subscribed to /topic/rooms/lobby, got what was not expected:',
      "  /topic/rooms/lobby { text: 'hi', by: 'ann' }",
    ]);
    await sent;
    await app.close();
  });

  it('cannot be said while a handler runs', async () => {
    const app = await testServer({ controllers, timeout: 1 });
    const ann = await app.connect({ user: 'ann' });
    const room = await ann.subscribe('/topic/rooms/lobby');
    const sent = ann.send('/app/rooms/lobby/wait').catch(() => {});
    expect((await lines(room.expectNone()))[0]).toMatch(
      /^Whether ann .* gets nothing cannot be said: the server does not come to rest\. .* ChatController\.wait .* has not settled\./,
    );
    await sent;
    await app.close();
  });
});

describe('all', () => {
  it('takes what nobody has read', async () => {
    const { app, ann } = await start();
    const room = await ann.subscribe('/topic/rooms/lobby');
    for (const text of ['one', 'two']) await ann.send('/app/rooms/lobby/say', { text });
    expect(await room.drain()).toMatchObject([
      { payload: { text: 'one' } },
      { payload: { text: 'two' } },
    ]);
    expect(await room.drain()).toEqual([]);
    await app.close();
  });
});

describe('a type', () => {
  it('is what each payload is checked against and becomes', async () => {
    const { app, ann } = await start();
    const schema = z.object({ text: z.string().transform((text) => text.length), by: z.string() });
    const byClass = await ann.subscribe('/topic/rooms/lobby', { type: Posted });
    const bySchema = await ann.subscribe('/topic/rooms/lobby', { type: schema });
    await ann.send('/app/rooms/lobby/say', { text: 'hi' });
    const posted = await byClass.next();
    expectTypeOf(posted).toEqualTypeOf<Received<Posted>>();
    expect(posted.payload).toBeInstanceOf(Posted);
    const [message] = await bySchema.drain();
    expectTypeOf(message!.payload).toEqualTypeOf<{ text: number; by: string }>();
    expect(message!.payload).toEqual({ text: 2, by: 'ann' });
    await app.close();
  });

  it('fails with what the payload was, and what is wrong with it', async () => {
    const { app, ann } = await start();
    const numbers = await ann.subscribe('/topic/any', { type: Number });
    expectTypeOf(numbers).toEqualTypeOf<TestSubscription<number>>();
    await ann.send('/topic/any', { n: 1 });
    expect(await lines(numbers.next())).toEqual([
      'ann (session-1), subscribed to /topic/any, got a payload that is not of its type: payload-invalid: The payload is not valid. (the payload: must be a number)',
      '  { n: 1 }',
    ]);
    await app.close();
  });
});

describe('a map of destinations', () => {
  interface Destinations {
    '/app/rooms/{room}/say': { text: string };
    '/app/rooms/{room}/wait': undefined;
    '/topic/rooms/{room}': Said;
    '/topic/rooms/lobby': Said & { loud?: boolean };
    '/topic/prices/**': number;
  }

  it('gives payloads their types', async () => {
    const app = await testServer<Destinations>({ controllers });
    const ann = await app.connect({ user: 'ann' });
    const den = await ann.subscribe('/topic/rooms/den');
    const lobby = await ann.subscribe('/topic/rooms/lobby');
    const rooms = await ann.subscribe('/topic/rooms/*');
    const prices = await ann.subscribe('/topic/prices/eu/gold');
    expectTypeOf(den).toEqualTypeOf<TestSubscription<Said>>();
    expectTypeOf(lobby).toEqualTypeOf<TestSubscription<Said & { loud?: boolean }>>();
    expectTypeOf(rooms).toEqualTypeOf<TestSubscription<Said | (Said & { loud?: boolean })>>();
    expectTypeOf(prices).toEqualTypeOf<TestSubscription<number>>();
    await ann.send('/app/rooms/den/say', { text: 'hi' });
    expectTypeOf(app.published('/topic/rooms/den')[0]!.payload).toEqualTypeOf<Said>();
    expect((await den.next()).payload.by).toBe('ann');
    await app.close();
  });

  it('forbids what it does not have', async () => {
    const app = await testServer<Destinations>({ controllers, timeout: 1 });
    const ann = await app.connect({ user: 'ann' });
    // @ts-expect-error the payload has another type
    await ann.send('/app/rooms/den/say', { txt: 'hi' });
    // @ts-expect-error the payload is missing
    await ann.send('/app/rooms/den/say');
    // @ts-expect-error no such destination
    await ann.send('/app/rooms/den/sya', { text: 'hi' });
    expect(ann.problems).toMatchObject([
      { code: 'payload-invalid' },
      { code: 'payload-missing' },
      { code: 'no-route' },
    ]);
    // @ts-expect-error no such destination
    await ann.subscribe('/topic/room/den');
    // @ts-expect-error no such destination
    app.published('/topic/room/den');
    await app.close();
  });
});
