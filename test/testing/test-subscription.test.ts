// Test subscriptions: next(), expectNone() and drain(), and their failure messages.
import { IsString } from 'class-validator';
import { testServer, type ReceivedMessage, type TestSubscription } from 'signalbox/testing';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { ChatController, Gate, type ChatMessage } from './chat.js';

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

/** The lines of the failure message of an expectation. */
async function lines(expectation: Promise<unknown>): Promise<string[]> {
  const failure = await expectation.then(
    () => new Error('It did not fail.'),
    (error: Error) => error,
  );
  return failure.message.split('\n');
}

describe('next()', () => {
  it('returns messages in order, also to concurrent calls', async () => {
    const { app, ann } = await start();
    const room = await ann.subscribe('/topic/rooms/lobby');
    const waiting = [room.next(), room.next()];
    const texts = ['one', 'two', 'three'];
    await Promise.all(texts.map((text) => ann.send('/app/rooms/lobby/say', { text })));
    for (const [at, next] of [...waiting, room.next()].entries())
      expect(await next).toMatchObject({ payload: { text: texts[at] } });
    await app.close();
  });

  it('returns the message that matches the filter; the others stay unread', async () => {
    const { app, ann } = await start();
    const room = await ann.subscribe('/topic/rooms/lobby');
    const isText = (wanted: string) => (message: ReceivedMessage) =>
      (message.payload as ChatMessage).text === wanted;
    const waiting = room.next(isText('three'));
    const texts = ['one', 'two', 'three', 'four'];
    await Promise.all(texts.map((text) => ann.send('/app/rooms/lobby/say', { text })));
    expect(await waiting).toMatchObject({ payload: { text: 'three' } });
    expect(await room.next(isText('two'))).toMatchObject({ payload: { text: 'two' } });
    expect(await room.next()).toMatchObject({ payload: { text: 'one' } });
    expect((await lines(room.next(isText('five')))).slice(0, 2)).toEqual([
      expect.stringMatching(
        /has no message to read\..* It received 4 messages before; these are unread and do not match:$/,
      ),
      "  /topic/rooms/lobby { text: 'four', by: 'ann' }",
    ]);
    await room.next();
    await app.close();
  });

  it('fails when no more messages can arrive, and lists publications and their receivers', async () => {
    const { app, ann } = await start();
    const bob = await app.connect({ user: 'bob' });
    await ann.send('/app/rooms/lobby/say', { text: 'too early' });
    const room = await ann.subscribe('/topic/rooms/lobby');
    await bob.subscribe('/topic/rooms/*');
    await ann.send('/app/rooms/loby/say', { text: 'hi' });
    expect(await lines(room.next())).toEqual([
      'ann (session-1), subscribed to /topic/rooms/lobby, has no message to read. No more messages can arrive: all handlers have finished and no stream is open.',
      'Published:',
      "  /topic/rooms/lobby { text: 'too early', by: 'ann' } to no client, before the subscription started <- nearest",
      "  /topic/rooms/loby { text: 'hi', by: 'ann' } to bob (session-2)",
    ]);
    await app.close();
  });

  it('fails with the problems of clients and the error of the handler', async () => {
    const { app, ann } = await start();
    const room = await ann.subscribe('/topic/rooms/lobby');
    await ann.send('/app/rooms/lobby/fail');
    await ann.send('/app/rooms/lobby/say', { text: '' });
    expect(await lines(room.next())).toEqual([
      expect.stringContaining('has no message to read.'),
      'Nothing was published.',
      'Problems:',
      '  ann (session-1) received handler-failed at /app/rooms/lobby/fail: The handler failed.',
      '  ann (session-1) received payload-invalid at /app/rooms/lobby/say: The payload is not valid. (text: text must be longer than or equal to 1 characters)',
      'Logged:',
      "  Processing SEND '/app/rooms/lobby/fail' (ChatController.fail) failed. TypeError: The history is lost.",
      expect.stringMatching(/^ {4}at ChatController\.fail \(.*chat\.ts/),
    ]);
    await app.close();
  });

  it('fails with the end of the session or subscription', async () => {
    const { app, ann } = await start();
    const [room, other] = [await ann.subscribe('/topic/a'), await ann.subscribe('/topic/b')];
    await room.unsubscribe();
    await ann.send('/topic/a', 'ignored');
    expect(await lines(room.next())).toEqual([
      'ann (session-1), subscribed to /topic/a, has no message to read. It was unsubscribed.',
      'Published:',
      "  /topic/a 'ignored' to no client <- nearest",
    ]);
    await ann.disconnect();
    expect((await lines(other.next()))[0]).toBe(
      'ann (session-1), subscribed to /topic/b, has no message to read. The session was closed with 1000.',
    );
    await app.close();
  });

  it('lists the latest of many publications', async () => {
    const { app, ann } = await start();
    const topic = await ann.subscribe('/topic/a');
    for (let n = 1; n <= 12; n++) await ann.send('/topic/b', { n });
    const failure = await lines(topic.next());
    expect(failure.slice(1, 4)).toEqual([
      'Published:',
      '  (2 earlier omitted)',
      '  /topic/b { n: 3 } to no client <- nearest',
    ]);
    expect(failure).toHaveLength(13);
    await app.close();
  });

  it('waits for an open stream, and names it after the timeout', async () => {
    const app = await testServer({ controllers, timeout: 1 });
    const ann = await app.connect({ user: 'ann' });
    const feed = await ann.subscribe('/app/rooms/lobby/feed');
    expect(await feed.next()).toMatchObject({ payload: { n: 1 } });
    expect((await lines(feed.next()))[0]).toBe(
      'ann (session-1), subscribed to /app/rooms/lobby/feed, has no message to read. Waited 1 ms of real time. The stream of ChatController.feed (/app/rooms/lobby/feed, for ann (session-1)) is open. The test clock moves only when the test calls clock.advance(). It received 1 message before; all were read.',
    );
    await app.close();
  });

  it('returns items that a stream yields later', async () => {
    const { app, ann } = await start();
    const feed = await ann.subscribe('/app/rooms/lobby/feed');
    await feed.next();
    await feed.expectNone();
    const next = feed.next();
    (await app.get(Gate)).open();
    expect(await next).toMatchObject({ payload: { n: 2 } });
    expect((await lines(feed.next()))[0]).toContain('No more messages can arrive');
    await app.close();
  });
});

describe('expectNone()', () => {
  it('waits until the server is idle, and fails with the unread messages', async () => {
    const { app, ann } = await start();
    const room = await ann.subscribe('/topic/rooms/lobby');
    await room.expectNone();
    const sent = ann.send('/app/rooms/lobby/say', { text: 'hi' });
    expect(await lines(room.expectNone())).toEqual([
      'ann (session-1), subscribed to /topic/rooms/lobby, received unexpected messages:',
      "  /topic/rooms/lobby { text: 'hi', by: 'ann' }",
    ]);
    await sent;
    await app.close();
  });

  it('fails when a handler runs longer than the timeout', async () => {
    const app = await testServer({ controllers, timeout: 1 });
    const ann = await app.connect({ user: 'ann' });
    const room = await ann.subscribe('/topic/rooms/lobby');
    const sent = ann.send('/app/rooms/lobby/wait').catch(() => {});
    expect((await lines(room.expectNone()))[0]).toMatch(
      /^expectNone\(\) of ann .*: the server is still busy\. .* ChatController\.wait .* has not finished\./,
    );
    await sent;
    await app.close();
  });
});

describe('drain()', () => {
  it('returns all unread messages', async () => {
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

  it('waits for the end of a stream that pauses between its items', async () => {
    const { app, ann } = await start();
    const feed = await ann.subscribe('/app/rooms/lobby/feed');
    const drained = feed.drain();
    (await app.get(Gate)).open();
    expect((await drained).map(({ payload }) => payload)).toEqual([{ n: 1 }, { n: 2 }]);
    await app.close();
  });

  it('does not wait for a stream of another subscription', async () => {
    const { app, ann } = await start();
    await ann.subscribe('/app/rooms/lobby/feed');
    const room = await ann.subscribe('/topic/rooms/lobby');
    await ann.send('/app/rooms/lobby/say', { text: 'one' });
    expect(await room.drain()).toMatchObject([{ payload: { text: 'one' } }]);
    await app.close();
  });

  it('fails when a stream is open after the timeout, and names it', async () => {
    const app = await testServer({ controllers, timeout: 1 });
    const ann = await app.connect({ user: 'ann' });
    const feed = await ann.subscribe('/app/rooms/lobby/feed');
    expect((await lines(feed.drain()))[0]).toMatch(
      /^drain\(\) of ann .*: more messages may arrive\. .*The stream of ChatController\.feed .* is open\..* Read the items of a stream that does not end with next\(\)\.$/,
    );
    expect(await feed.next()).toMatchObject({ payload: { n: 1 } });
    await app.close();
  });
});

describe('the option type', () => {
  it('converts and validates each payload', async () => {
    const { app, ann } = await start();
    const schema = z.object({ text: z.string().transform((text) => text.length), by: z.string() });
    const byClass = await ann.subscribe('/topic/rooms/lobby', { type: Posted });
    const bySchema = await ann.subscribe('/topic/rooms/lobby', { type: schema });
    await ann.send('/app/rooms/lobby/say', { text: 'hi' });
    const posted = await byClass.next();
    expectTypeOf(posted).toEqualTypeOf<ReceivedMessage<Posted>>();
    expect(posted.payload).toBeInstanceOf(Posted);
    const [message] = await bySchema.drain();
    expectTypeOf(message!.payload).toEqualTypeOf<{ text: number; by: string }>();
    expect(message!.payload).toEqual({ text: 2, by: 'ann' });
    await app.close();
  });

  it('fails with the payload and its invalid fields', async () => {
    const { app, ann } = await start();
    const numbers = await ann.subscribe('/topic/any', { type: Number });
    expectTypeOf(numbers).toEqualTypeOf<TestSubscription<number>>();
    await ann.send('/topic/any', { n: 1 });
    expect(await lines(numbers.next())).toEqual([
      'ann (session-1), subscribed to /topic/any, received a payload that does not match its type: payload-invalid: The payload is not valid. (the payload: must be a number)',
      '  { n: 1 }',
    ]);
    await app.close();
  });
});

describe('a destination map', () => {
  interface Destinations {
    '/app/rooms/{room}/say': { text: string };
    '/app/rooms/{room}/wait': undefined;
    '/topic/rooms/{room}': ChatMessage;
    '/topic/rooms/lobby': ChatMessage & { loud?: boolean };
    '/topic/prices/**': number;
  }

  it('determines the types of payloads', async () => {
    const app = await testServer<Destinations>({ controllers });
    const ann = await app.connect({ user: 'ann' });
    const den = await ann.subscribe('/topic/rooms/den');
    const lobby = await ann.subscribe('/topic/rooms/lobby');
    const rooms = await ann.subscribe('/topic/rooms/*');
    const prices = await ann.subscribe('/topic/prices/eu/gold');
    expectTypeOf(den).toEqualTypeOf<TestSubscription<ChatMessage>>();
    expectTypeOf(lobby).toEqualTypeOf<TestSubscription<ChatMessage & { loud?: boolean }>>();
    expectTypeOf(rooms).toEqualTypeOf<
      TestSubscription<ChatMessage | (ChatMessage & { loud?: boolean })>
    >();
    expectTypeOf(prices).toEqualTypeOf<TestSubscription<number>>();
    await ann.send('/app/rooms/den/say', { text: 'hi' });
    expectTypeOf(app.published('/topic/rooms/den')[0]!.payload).toEqualTypeOf<ChatMessage>();
    expect((await den.next()).payload.by).toBe('ann');
    await app.close();
  });

  it('rejects unknown destinations and payloads of another type', async () => {
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
