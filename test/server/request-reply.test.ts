// Tests `reply-to`: it names a queue of the sender, and the receiver of the message can answer to it.
import { Controller, Header, MessageMapping, Payload, Publisher } from 'signalbox';
import { testServer, type ClientProtocolName, type TestServer } from 'signalbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

@Controller()
class SquareController {
  constructor(private readonly publisher: Publisher) {}

  @MessageMapping('/square')
  square(@Payload() n: number, @Header('reply-to') replyTo: string) {
    return this.publisher.publish(replyTo, n * n);
  }
}

describe.each<ClientProtocolName>(['stomp', 'json'])('over %s', (protocol) => {
  let app: TestServer;

  beforeEach(async () => {
    app = await testServer({ controllers: [SquareController], protocol });
  });

  afterEach(() => app.close());

  it.each(['/temp-queue/answers', '/user/queue/answers'])(
    'the receiver answers to %s',
    async (replyTo) => {
      const [ann, bob, eve] = [await app.connect(), await app.connect(), await app.connect()];
      const answers = await ann.subscribe(replyTo);
      const others = await eve.subscribe(replyTo);
      const requests = await bob.subscribe('/queue/requests');
      await ann.send('/queue/requests', 'how many?', { headers: { 'reply-to': replyTo } });
      const request = await requests.next();
      const address = request.headers['reply-to']!;
      expect(address).toMatch(/^\/reply-queue\//);
      await bob.send(address, 42, { headers: { 'correlation-id': '7' } });
      expect(await answers.next()).toMatchObject({
        destination: replyTo,
        payload: 42,
        headers: { 'correlation-id': '7' },
      });
      await others.expectNone();
    },
  );

  it.each([' /user/queue/answers', '/temp-queue/answers ', '\t/temp-queue/answers'])(
    'blanks around a queue of the sender are ignored: %j',
    async (replyTo) => {
      const [ann, bob] = [await app.connect(), await app.connect()];
      const answers = await ann.subscribe(replyTo.trim());
      const requests = await bob.subscribe('/queue/requests');
      await ann.send('/queue/requests', 'how many?', { headers: { 'reply-to': replyTo } });
      await bob.send((await requests.next()).headers['reply-to']!, 42);
      expect(await answers.next()).toMatchObject({ payload: 42 });
    },
  );

  it('a handler answers in the same way as a client', async () => {
    const ann = await app.connect();
    const answers = await ann.subscribe('/temp-queue/squares');
    await ann.send('/app/square', 7, { headers: { 'reply-to': '/temp-queue/squares' } });
    expect(await answers.next()).toMatchObject({ payload: 49 });
  });

  it('the receiver can forward the address to another destination', async () => {
    const [ann, bob] = [await app.connect(), await app.connect()];
    const answers = await ann.subscribe('/temp-queue/answers');
    const requests = await bob.subscribe('/queue/requests');
    await ann.send('/queue/requests', 3, { headers: { 'reply-to': '/temp-queue/answers' } });
    const { headers, payload } = await requests.next();
    await bob.send('/app/square', payload, { headers: { 'reply-to': headers['reply-to']! } });
    expect(await answers.next()).toMatchObject({ payload: 9 });
  });

  it('requests and answers in a transaction are sent at COMMIT', async () => {
    const [ann, bob] = [await app.connect(), await app.connect()];
    const answers = await ann.subscribe('/temp-queue/answers');
    const requests = await bob.subscribe('/queue/requests');
    const inTransaction = { transaction: 't', headers: { 'reply-to': '/temp-queue/answers' } };
    await ann.begin('t');
    await ann.send('/queue/requests', 'one', inTransaction);
    await ann.commit('t');
    const { headers } = await requests.next();
    await bob.begin('t');
    await bob.send(headers['reply-to']!, 'two', { transaction: 't' });
    await answers.expectNone();
    await bob.commit('t');
    expect(await answers.next()).toMatchObject({ payload: 'two' });
  });

  it('an answer to a client that has disconnected is dropped without an error', async () => {
    const [ann, bob] = [await app.connect(), await app.connect()];
    const requests = await bob.subscribe('/queue/requests');
    await ann.send('/queue/requests', 1, { headers: { 'reply-to': '/temp-queue/answers' } });
    const { headers } = await requests.next();
    await ann.vanish();
    await bob.send(headers['reply-to']!, 2, { receipt: 'r' });
    expect(bob.receipts).toEqual(['r']);
    await app.server.publisher.publish(headers['reply-to']!, 3);
  });

  it.each([
    '/queue/answers',
    '/topic/answers',
    '/app/square',
    'answers',
    'mailto:ann@example.org',
    '/reply-queue/of-another-server',
    '/user/bob/queue/answers',
    '/user/answers',
    '/user/*',
    '/user/',
    `/x${'/x'.repeat(1000)}`,
  ])('a `reply-to` of %s, which is not a queue of the sender, is not changed', async (replyTo) => {
    const [ann, bob] = [await app.connect(), await app.connect()];
    const requests = await bob.subscribe('/queue/requests');
    await ann.send('/queue/requests', 1, { headers: { 'reply-to': replyTo } });
    expect((await requests.next()).headers['reply-to']).toBe(replyTo);
  });

  it.each(['/user/queue/errors', ' /user/queue/errors'])(
    'a `reply-to` of %s is rejected, because only the server sends to it',
    async (replyTo) => {
      const ann = await app.connect();
      await ann.send('/queue/requests', 1, { headers: { 'reply-to': replyTo } });
      expect(ann.problems).toMatchObject([{ code: 'destination-refused' }]);
      expect(app.published('/queue/requests')).toEqual([]);
    },
  );

  it.each(['/user/queue/*', '/user/topic/**', '/temp-queue/', '/temp-queue/*', '/temp-queue/**'])(
    'a `reply-to` of %s, which is not a valid queue, is rejected',
    async (replyTo) => {
      const ann = await app.connect();
      await ann.send('/queue/requests', 1, { headers: { 'reply-to': replyTo } });
      expect(ann.problems).toMatchObject([{ code: 'destination-invalid' }]);
      expect(app.published('/queue/requests')).toEqual([]);
    },
  );

  it('only its session can use a temporary queue', async () => {
    const [ann, bob] = [await app.connect({ user: 'ann' }), await app.connect({ user: 'bob' })];
    const own = await ann.subscribe('/temp-queue/notes');
    await ann.send('/temp-queue/notes', 'to myself');
    expect(await own.next()).toMatchObject({ destination: '/temp-queue/notes' });
    await bob.send('/temp-queue/notes', 'to bob');
    await bob.send('/user/ann/temp-queue/notes', 'to ann');
    await own.expectNone();
    expect(bob.problems).toMatchObject([{ code: 'destination-refused' }]);
    for (const wrong of ['/temp-queue/*', '/temp-queue/', '/user/temp-queue/notes'])
      await expect(bob.subscribe(wrong)).rejects.toMatchObject({
        problem: { code: 'destination-invalid' },
      });
    await expect(bob.subscribe('/reply-queue/reply-1')).rejects.toMatchObject({
      problem: { code: 'no-route' },
    });
  });
});
