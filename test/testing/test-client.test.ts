// A client of a test in both protocols: what it says, and what it keeps of what it hears.
import { MessagingError } from 'signalbox';
import { TestFailure, testServer, type ClientProtocolName } from 'signalbox/testing';
import { describe, expect, it } from 'vitest';
import { ChatController } from './chat.js';

const controllers = [ChatController];

describe.each<ClientProtocolName>(['stomp', 'json'])('a client that speaks %s', (protocol) => {
  const start = () => testServer({ controllers, protocol });

  it('is known to the server by what it speaks', async () => {
    await using app = await start();
    const ann = await app.connect({ user: 'ann' });
    const session = app.server.sessions.get(ann.session)!;
    expect(session.protocol).toBe(protocol === 'stomp' ? 'stomp 1.2' : 'json 1');
    expect(session.principal).toEqual({ name: 'ann' });
  });

  it.each([
    ['an object', { text: 'hi', more: [1, null, true] }],
    ['text', 'Ærø: 🚂\nnext line'],
    ['octets', Buffer.from([0, 1, 0xff])],
    ['nothing', undefined],
    ['a number', 12.5],
  ])('sends and receives %s', async (_, payload) => {
    await using app = await start();
    const ann = await app.connect();
    const topic = await ann.subscribe('/topic/any');
    await ann.send('/topic/any', payload, { headers: { tone: 'low: \\ \n' } });
    expect(await topic.next()).toMatchObject({
      destination: '/topic/any',
      payload,
      headers: { tone: 'low: \\ \n' },
    });
  });

  it('is told of problems, and lives on', async () => {
    await using app = await start();
    const ann = await app.connect({ user: 'ann' });
    await ann.send('/app/rooms/lobby/say', { text: '' });
    await ann.send('/app/rooms/lobby/fail');
    await ann.send('/app/nowhere', 'x', { receipt: 'r1' });
    expect(ann.problems).toMatchObject([
      { code: 'payload-invalid', destination: '/app/rooms/lobby/say', fields: [{ path: 'text' }] },
      { code: 'handler-failed', destination: '/app/rooms/lobby/fail' },
      { code: 'no-route', destination: '/app/nowhere', receipt: 'r1' },
    ]);
    expect([ann.connected, ann.closed, ann.error]).toEqual([true, undefined, undefined]);
    expect(app.log).toMatchObject([{ level: 'error', cause: { message: 'The history is lost.' } }]);
  });

  it('is told what an exception handler says', async () => {
    await using app = await start();
    const ann = await app.connect();
    await ann.send('/app/rooms/lobby/enter', undefined, { receipt: 'entered' });
    expect(ann.problems).toEqual([{ code: 'room-closed', room: 'lobby' }]);
    expect(ann.receipts).toEqual(['entered']);
  });

  it('gets the receipts that it asks for, in order', async () => {
    await using app = await start();
    const ann = await app.connect();
    const room = await ann.subscribe('/topic/rooms/lobby', { receipt: 'r1' });
    await ann.send('/app/rooms/lobby/say', { text: 'hi' }, { receipt: 'r2' });
    await ann.begin('t', { receipt: 'r3' });
    await ann.abort('t', { receipt: 'r4' });
    await room.drain();
    expect(ann.receipts).toEqual(['r1', 'r2', 'r3', 'r4']);
    await ann.disconnect({ receipt: 'r5' });
    expect(ann.receipts.at(-1)).toBe('r5');
    expect(ann.closed).toEqual({ code: 1000, reason: '' });
  });

  it('settles what it asked to acknowledge', async () => {
    await using app = await start();
    const ann = await app.connect();
    const jobs = await ann.subscribe('/queue/jobs', { ack: 'client-individual' });
    await ann.send('/queue/jobs', 'first');
    await ann.nack(await jobs.next());
    const again = await jobs.next();
    expect(again).toMatchObject({ payload: 'first', redelivered: 1 });
    await ann.ack(again, { receipt: 'done' });
    expect(ann.receipts).toEqual(['done']);
    await jobs.expectNone();
  });

  it('holds in a transaction what takes effect at its end', async () => {
    await using app = await start();
    const ann = await app.connect({ user: 'ann' });
    const room = await ann.subscribe('/topic/rooms/lobby');
    await ann.begin('t');
    await ann.send('/app/rooms/lobby/say', { text: 'later' }, { transaction: 't' });
    await room.expectNone();
    await ann.commit('t');
    expect(await room.next()).toMatchObject({ payload: { text: 'later', by: 'ann' } });
  });

  it('beats, hears beats, and is missed when it does not', async () => {
    await using app = await start();
    const ann = await app.connect({ heartbeat: [10_000, 5000] });
    await app.clock.advance(15_000);
    expect(ann.heartbeats).toBeGreaterThanOrEqual(3);
    ann.beat();
    await app.clock.advance(19_000);
    expect(ann.connected).toBe(true);
    await app.clock.advance(1000);
    expect(ann.closed).toEqual({ code: 4501, reason: 'heartbeat-lost' });
  });

  it('may vanish without a word', async () => {
    await using app = await start();
    const ended: unknown[] = [];
    app.server.events.on('disconnected', ({ code }) => void ended.push(code));
    const ann = await app.connect();
    await ann.vanish();
    expect([ended, ann.connected, ann.closed?.code]).toEqual([[1006], false, 1006]);
  });

  it('fails at once where its SUBSCRIBE is refused, with the problem', async () => {
    await using app = await start();
    const ann = await app.connect({ user: 'ann' });
    const refused = await ann.subscribe('/app/rooms/lobby/recnt').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(TestFailure);
    expect(refused).toMatchObject({
      message:
        'SUBSCRIBE /app/rooms/lobby/recnt of ann (session-1) was refused: no-route at /app/rooms/lobby/recnt: Nothing serves this destination. The nearest is SUBSCRIBE /app/rooms/{room}/recent (ChatController.recent).',
      problem: { code: 'no-route' },
    });
  });

  it('fails at once where it is used wrongly', async () => {
    await using app = await start();
    const ann = await app.connect();
    const topic = await ann.subscribe('/topic/any', { id: 'any' });
    await expect(ann.subscribe('/topic/other', { id: 'any' })).rejects.toThrow(
      "anonymous (session-1) has a subscription 'any' already.",
    );
    await expect(ann.subscribe('/topic/other', { type: Map })).rejects.toThrow(
      'No payload can become what the type of /topic/other says.',
    );
    await expect(ann.send('/topic/any', () => {})).rejects.toThrow(
      'SEND /topic/any: No converter writes such a value',
    );
    await ann.send('/topic/any', 'x');
    await expect(ann.ack(await topic.next())).rejects.toThrow(
      "The message of /topic/any wants no acknowledgement; subscribe with { ack: 'client' }.",
    );
    await topic.unsubscribe();
    await expect(topic.unsubscribe()).rejects.toThrow('has ended its subscription to /topic/any');
    await ann.disconnect();
    await expect(ann.send('/topic/any', 'x')).rejects.toThrow('can say nothing more.');
    expect(() => ann.beat()).toThrow('was closed with 1000');
  });

  it('fails at the line of the test', async () => {
    await using app = await start();
    const ann = await app.connect();
    const topic = await ann.subscribe('/topic/any');
    const failed = (await topic.next().catch((error: unknown) => error)) as Error;
    const [, first] = failed.stack!.split('\n    at ');
    expect(first).toContain('test-client.test.ts');
  });
});

it("lets a test choose any id where it does without the kit's subscription", async () => {
  await using app = await testServer({ controllers: [ChatController] });
  const ann = await app.connect({ problems: false });
  const topic = await ann.subscribe('/topic/x', { id: 'problems' });
  await ann.send('/topic/x', 'hi');
  expect(await topic.next()).toMatchObject({ payload: 'hi' });
});

it('without its problem queue, a STOMP session ends with ERROR', async () => {
  await using app = await testServer({ controllers });
  const ann = await app.connect({ problems: false });
  await ann.send('/app/nowhere', 'x', { receipt: 'r1' });
  expect(ann.error).toMatchObject({ code: 'no-route', receipt: 'r1' });
  expect(ann.closed).toEqual({ code: 1002, reason: 'no-route' });
});

it('two protocols meet at one topic', async () => {
  await using app = await testServer();
  const [ann, bob] = [await app.connect(), await app.connect({ protocol: 'json' })];
  const topics = [await ann.subscribe('/topic/any'), await bob.subscribe('/topic/any')];
  await bob.send('/topic/any', { n: 1 });
  for (const topic of topics) expect(await topic.next()).toMatchObject({ payload: { n: 1 } });
});

it('what a test reads on its own problem queue needs no second look', async () => {
  await using app = await testServer({ controllers });
  const ann = await app.connect();
  const errors = await ann.subscribe('/user/queue/errors');
  await ann.send('/app/nowhere');
  expect(await errors.next()).toMatchObject({ payload: { code: 'no-route' } });
});

it('a handler that waits says which, and what it may wait for', async () => {
  const app = await testServer({ controllers, timeout: 1 });
  const ann = await app.connect({ user: 'ann' });
  await expect(ann.send('/app/rooms/lobby/wait')).rejects.toThrow(
    'SEND /app/rooms/lobby/wait of ann (session-1) has not been worked off. It was given 1 ms of real time. ChatController.wait (/app/rooms/lobby/wait, for ann (session-1)) has not settled. The clock stands still until the test moves it, of which a handler has 30000 ms.',
  );
  await app.close();
});

it('frames of a client run in order, and another client waits for none of them', async () => {
  await using app = await testServer({ controllers });
  const { Gate } = await import('./chat.js');
  const [ann, bob] = [await app.connect({ user: 'ann' }), await app.connect({ user: 'bob' })];
  const room = await bob.subscribe('/topic/rooms/lobby');
  const [waits, follows] = [
    ann.send('/app/rooms/lobby/wait'),
    ann.send('/app/rooms/lobby/say', { text: 'second' }),
  ];
  await bob.send('/app/rooms/lobby/say', { text: 'first' });
  (await app.get(Gate)).open();
  await Promise.all([waits, follows]);
  expect((await room.drain()).map(({ payload }) => payload)).toMatchObject([
    { text: 'first' },
    { text: 'waited' },
    { text: 'second' },
  ]);
});

it('what an interceptor throws is told as the server tells it', async () => {
  await using app = await testServer({
    controllers,
    interceptors: [
      async (frame, _, next) => {
        if (frame.kind === 'send') throw new MessagingError('access-refused');
        await next();
      },
    ],
  });
  const ann = await app.connect();
  await ann.send('/app/rooms/lobby/say', { text: 'hi' });
  expect(ann.problems).toMatchObject([{ code: 'access-refused' }]);
});
