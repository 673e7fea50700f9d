// Test clients with both protocols: the frames that they send, and what they receive.
import { MessagingError } from 'signalbox';
import { TestFailure, testServer, type ClientProtocolName } from 'signalbox/testing';
import { describe, expect, it } from 'vitest';
import { ChatController } from './chat.js';

const controllers = [ChatController];

describe.each<ClientProtocolName>(['stomp', 'json'])('a client with %s', (protocol) => {
  const start = () => testServer({ controllers, protocol });

  it('has a session with its protocol and user', async () => {
    await using app = await start();
    const ann = await app.connect({ user: 'ann' });
    const session = app.server.sessions.get(ann.session)!;
    expect(session.protocol).toBe(protocol === 'stomp' ? 'stomp 1.2' : 'json 1');
    expect(session.principal).toEqual({ name: 'ann' });
  });

  it.each([
    ['an object', { text: 'hi', more: [1, null, true] }],
    ['text', 'Ærø: 🚂\nnext line'],
    ['bytes', Buffer.from([0, 1, 0xff])],
    ['no payload', undefined],
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

  it('receives problems and stays connected', async () => {
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

  it('receives the result of an exception handler as a problem', async () => {
    await using app = await start();
    const ann = await app.connect();
    await ann.send('/app/rooms/lobby/enter', undefined, { receipt: 'entered' });
    expect(ann.problems).toEqual([{ code: 'room-closed', room: 'lobby' }]);
    expect(ann.receipts).toEqual(['entered']);
  });

  it('receives the requested receipts in order', async () => {
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

  it('acknowledges and rejects messages', async () => {
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

  it('rejects a message permanently', async () => {
    await using app = await start();
    const ann = await app.connect();
    const jobs = await ann.subscribe('/queue/jobs', { ack: 'client-individual' });
    const dead = await ann.subscribe('/queue/dead-letters');
    await ann.send('/queue/jobs', 'broken');
    await ann.nack(await jobs.next(), { requeue: false });
    expect(await dead.next()).toMatchObject({ payload: 'broken' });
    await jobs.expectNone();
  });

  it('sends frames in a transaction, which are processed at its commit', async () => {
    await using app = await start();
    const ann = await app.connect({ user: 'ann' });
    const room = await ann.subscribe('/topic/rooms/lobby');
    await ann.begin('t');
    await ann.send('/app/rooms/lobby/say', { text: 'later' }, { transaction: 't' });
    await room.expectNone();
    await ann.commit('t');
    expect(await room.next()).toMatchObject({ payload: { text: 'later', by: 'ann' } });
  });

  it('sends and counts heart-beats, and is disconnected without them', async () => {
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

  it('can cut off its connection', async () => {
    await using app = await start();
    const ended: unknown[] = [];
    app.server.events.on('disconnected', ({ code }) => void ended.push(code));
    const ann = await app.connect();
    await ann.vanish();
    expect([ended, ann.connected, ann.closed?.code]).toEqual([[1006], false, 1006]);
  });

  it('rejects subscribe() with the problem when the server rejects SUBSCRIBE', async () => {
    await using app = await start();
    const ann = await app.connect({ user: 'ann' });
    const rejected = await ann.subscribe('/app/rooms/lobby/recnt').catch((error: unknown) => error);
    expect(rejected).toBeInstanceOf(TestFailure);
    expect(rejected).toMatchObject({
      message:
        "SUBSCRIBE /app/rooms/lobby/recnt of ann (session-1) was rejected: no-route at /app/rooms/lobby/recnt: Nothing serves '/app/rooms/lobby/recnt' for SUBSCRIBE. The nearest known destination is '/app/rooms/{room}/recent'. Its handler is ChatController.recent.",
      problem: { code: 'no-route' },
    });
  });

  it('reports incorrect use', async () => {
    await using app = await start();
    const ann = await app.connect();
    const topic = await ann.subscribe('/topic/any', { id: 'any' });
    await expect(ann.subscribe('/topic/other', { id: 'any' })).rejects.toThrow(
      "anonymous (session-1) already has a subscription 'any'.",
    );
    await expect(ann.subscribe('/topic/other', { type: Map })).rejects.toThrow(
      "The 'type' of the subscription to /topic/other is a class that payloads cannot be converted to.",
    );
    await expect(ann.send('/topic/any', () => {})).rejects.toThrow(
      'SEND /topic/any: No converter can write the value',
    );
    await ann.send('/topic/any', 'x');
    await expect(ann.ack(await topic.next())).rejects.toThrow(
      "The message from /topic/any needs no acknowledgement; subscribe with { ack: 'client' }.",
    );
    await topic.unsubscribe();
    await expect(topic.unsubscribe()).rejects.toThrow('has already unsubscribed from /topic/any.');
    await ann.disconnect();
    await expect(ann.send('/topic/any', 'x')).rejects.toThrow(
      'the session of anonymous (session-1) was closed with 1000.',
    );
    expect(() => ann.beat()).toThrow('was closed with 1000');
  });

  it('fails with the stack of the test', async () => {
    await using app = await start();
    const ann = await app.connect();
    const topic = await ann.subscribe('/topic/any');
    const failed = (await topic.next().catch((error: unknown) => error)) as Error;
    const [, first] = failed.stack!.split('\n    at ');
    expect(first).toContain('test-client.test.ts');
  });
});

it("allows the subscription id 'problems' when the kit does not use it", async () => {
  await using app = await testServer({ controllers: [ChatController] });
  const ann = await app.connect({ problems: false });
  const topic = await ann.subscribe('/topic/x', { id: 'problems' });
  await ann.send('/topic/x', 'hi');
  expect(await topic.next()).toMatchObject({ payload: 'hi' });
});

it('ends a STOMP session with ERROR if it has no problem queue and the rejected frame has a receipt', async () => {
  await using app = await testServer({ controllers });
  const ann = await app.connect({ problems: false });
  await ann.send('/app/nowhere', 'x');
  expect(ann.connected).toBe(true);
  await ann.send('/app/nowhere', 'x', { receipt: 'r1' });
  expect(ann.error).toMatchObject({ code: 'no-route', receipt: 'r1' });
  expect(ann.closed).toEqual({ code: 1008, reason: 'no-route' });
});

it('clients with different protocols share a topic', async () => {
  await using app = await testServer();
  const [ann, bob] = [await app.connect(), await app.connect({ protocol: 'json' })];
  const topics = [await ann.subscribe('/topic/any'), await bob.subscribe('/topic/any')];
  await bob.send('/topic/any', { n: 1 });
  for (const topic of topics) expect(await topic.next()).toMatchObject({ payload: { n: 1 } });
});

it('a problem that a subscription of the test receives counts as read', async () => {
  await using app = await testServer({ controllers });
  const ann = await app.connect();
  const errors = await ann.subscribe('/user/queue/errors');
  await ann.send('/app/nowhere');
  expect(await errors.next()).toMatchObject({ payload: { code: 'no-route' } });
});

it('names the handler that has not finished after the timeout', async () => {
  const app = await testServer({ controllers, timeout: 1 });
  const ann = await app.connect({ user: 'ann' });
  await expect(ann.send('/app/rooms/lobby/wait')).rejects.toThrow(
    'SEND /app/rooms/lobby/wait of ann (session-1) has not been processed. Waited 1 ms of real time. ChatController.wait (/app/rooms/lobby/wait, for ann (session-1)) has not finished. The test clock moves only when the test calls clock.advance(). The handler timeout is 30000 ms.',
  );
  await app.close();
});

it('processes the frames of a client in order, independently of other clients', async () => {
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

it('reports the error of an interceptor as a problem', async () => {
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
