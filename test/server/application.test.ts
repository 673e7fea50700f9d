// Streams of handlers: their limit, their end, and the listeners on the signal of their session.
import { getEventListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  Controller,
  DestinationVariable,
  createServer,
  memoryTransport,
  MessageExceptionHandler,
  MessageMapping,
  SendTo,
  Signal,
  silentLogger,
  SubscribeMapping,
} from '../../src/index.js';
import { testServer } from '../../src/testing.js';
import { collectGarbage } from '../collect-garbage.js';
import { connectStomp } from '../clients/stomp.js';

@Controller('/streams')
@SendTo('/topic/streams')
class StreamController {
  @MessageMapping('/end')
  async *end(@Signal() signal: AbortSignal) {
    signal.throwIfAborted();
    yield await Promise.resolve(1);
  }

  @MessageMapping('/fail')
  async *fail(@Signal() signal: AbortSignal) {
    signal.throwIfAborted();
    yield await Promise.reject(new Error('no'));
  }

  @MessageMapping('/never-begin')
  neverBegin(@Signal() signal: AbortSignal) {
    signal.throwIfAborted();
    return {
      [Symbol.asyncIterator]() {
        throw new Error('no');
      },
    };
  }
}

it.each(['end', 'fail', 'never-begin'])(
  'a stream leaves no listener on the signal of its session: %s',
  async (stream) => {
    const transport = memoryTransport();
    const server = await createServer({
      transports: [transport],
      controllers: [StreamController],
      logger: silentLogger,
    });
    await server.start();
    const ann = await connectStomp(transport);
    const [session] = server.sessions.all();
    for (let i = 0; i < 3; i++) ann.send('SEND', { destination: `/app/streams/${stream}` });
    await server.idle();
    expect(getEventListeners(session!.signal, 'abort')).toEqual([]);
    await server.close();
  },
);

@Controller('/limited')
class WaitingController {
  open = 0;

  @MessageMapping('/hanging')
  @SubscribeMapping('/hanging')
  async *hanging(@Signal() _signal: AbortSignal) {
    const never = new Promise<never>(() => {});
    waiting.push(never);
    yield await never;
  }

  @MessageMapping('/stream')
  @SubscribeMapping('/stream')
  stream() {
    this.open++;
    let end = () => {};
    return {
      [Symbol.asyncIterator]: () => ({
        next: () =>
          new Promise<IteratorResult<number>>((resolve) => {
            end = () => resolve({ done: true, value: undefined });
          }),
        return: async () => {
          this.open--;
          end();
          return { done: true as const, value: undefined };
        },
      }),
    };
  }
}

/** The promises that streams wait for, as an event source keeps its listeners. */
const waiting: Promise<never>[] = [];

describe('the running streams of a session', () => {
  async function start(maxStreams: number) {
    const transport = memoryTransport();
    const server = await createServer({
      transports: [transport],
      controllers: [WaitingController],
      limits: { maxStreams },
      logger: silentLogger,
    });
    await server.start();
    const ann = await connectStomp(transport);
    await ann.subscribe('errors', '/user/queue/errors');
    const problems = () => ann.history.filter(({ command }) => command === 'MESSAGE').length;
    const [session] = server.sessions.all();
    return {
      server,
      transport,
      ann,
      session: session!,
      problems,
      controller: await server.get(WaitingController),
    };
  }

  it('have a limit; a stream beyond it is closed and refused', async () => {
    const { server, ann, problems, controller } = await start(3);
    for (let i = 0; i < 5; i++) ann.send('SEND', { destination: '/app/limited/stream' });
    await server.idle();
    expect([controller.open, problems()]).toEqual([3, 2]);
    ann.send('SUBSCRIBE', { id: 's', destination: '/app/limited/stream' });
    expect((await ann.next('MESSAGE')).body).toContain('stream-limit');
    await server.close();
  });

  it('do not count after UNSUBSCRIBE, also when they wait for an event forever', async () => {
    const { server, ann, problems } = await start(1);
    for (let i = 0; i < 3; i++) {
      await ann.subscribe('s', '/app/limited/hanging');
      await ann.request('UNSUBSCRIBE', { id: 's' });
    }
    expect(problems()).toBe(0);
    await server.close();
  });

  it('keep no lost session in memory, also when they wait for an event forever', async () => {
    const { server, transport } = await start(1);
    const sessions: WeakRef<object>[] = [];
    server.events.on('connected', ({ session }) => void sessions.push(new WeakRef(session)));
    const destination = '/app/limited/hanging';
    for (const command of Array.from({ length: 20 }, (_, i) => (i % 2 ? 'SEND' : 'SUBSCRIBE'))) {
      const lost = await connectStomp(transport);
      await lost.request(command, { id: command === 'SEND' ? undefined : 's', destination });
      lost.connection.vanish();
      await lost.connection.closed;
    }
    await server.idle();
    // A WeakRef keeps its object until the end of the turn.
    await nextTurn();
    collectGarbage();
    expect(waiting.length).toBeGreaterThan(19);
    expect(sessions.filter((each) => each.deref() !== undefined).length).toBeLessThan(3);
    await server.close();
  });

  it('make room when they end', async () => {
    const { server, ann, problems, controller } = await start(1);
    for (let i = 0; i < 3; i++) {
      await ann.subscribe('s', '/app/limited/stream');
      ann.send('UNSUBSCRIBE', { id: 's' });
      await server.idle();
    }
    expect([controller.open, problems()]).toEqual([0, 0]);
    await server.close();
  });

  it('end with the connection, without a listener of each on the signal of the session', async () => {
    const { server, ann, session, controller } = await start(100);
    for (let i = 0; i < 100; i++) ann.send('SEND', { destination: '/app/limited/stream' });
    await server.idle();
    expect([controller.open, getEventListeners(session.signal, 'abort')]).toEqual([100, []]);
    ann.connection.vanish();
    await ann.connection.closed;
    await server.idle();
    expect(controller.open).toBe(0);
    await server.close();
  });
});

class Closed extends Error {}

@Controller('/rooms')
class RoomController {
  @MessageMapping('/{how}')
  @SubscribeMapping('/{how}')
  async *words(@DestinationVariable('how') how: string) {
    if (how === 'closed') throw new Closed('at once');
    yield await Promise.resolve('a word');
    throw how === 'closing' ? new Closed('later') : new RangeError(how);
  }

  @MessageExceptionHandler(Closed)
  closed({ message }: Closed) {
    return { closed: message };
  }

  @MessageExceptionHandler(RangeError)
  async *others({ message }: RangeError) {
    yield await Promise.resolve({ instead: message });
    if (message === 'twice') throw new Closed('again');
  }
}

it.each([
  ['closed', [], ['{"closed":"at once"}']],
  ['closing', ['a word'], ['{"closed":"later"}']],
  ['once', ['a word'], ['{"instead":"once"}']],
  ['twice', ['a word'], ['{"instead":"twice"}', 'handler-failed']],
])('a failing stream calls the exception handlers: %s', async (how, received, answers) => {
  await using app = await testServer({ controllers: [RoomController] });
  const ann = await app.connect();
  const errors = await ann.subscribe('/user/queue/errors');
  const words = await ann.subscribe(`/app/rooms/${how}`);
  for (const payload of received) expect(await words.next()).toMatchObject({ payload });
  for (const answer of answers) {
    const { payload } = await errors.next();
    const { code, destination } = payload as { code?: string; destination?: string };
    expect(code ?? JSON.stringify(payload)).toBe(answer);
    expect(destination).toBe(code === undefined ? undefined : `/app/rooms/${how}`);
  }
});

@Controller()
class EndlessController {
  @MessageMapping('/endless')
  async *endless() {
    for (;;) yield 1;
  }

  @MessageMapping('/hello')
  @SendTo('/topic/hello')
  hello() {
    return 'hello';
  }
}

it('an endless stream that is always ready does not block other sessions, and ends with its session', async () => {
  const transport = memoryTransport();
  const server = await createServer({ transports: [transport], controllers: [EndlessController] });
  await server.start();
  const [ann, bob] = [await connectStomp(transport), await connectStomp(transport)];
  ann.send('SEND', { destination: '/app/endless' });
  bob.send('SUBSCRIBE', { destination: '/topic/hello', id: '1' });
  bob.send('SEND', { destination: '/app/hello' });
  expect((await bob.next('MESSAGE')).body).toBe('hello');
  await server.close();
  await server.idle();
});

@Controller()
class AnswersController {
  @MessageMapping('/null')
  @SendTo('/topic/null')
  nothing() {
    return null;
  }

  @SubscribeMapping('/once')
  once() {
    return 'one';
  }

  @SubscribeMapping('/stream')
  async *stream() {
    yield await Promise.resolve('one');
  }
}

it('a handler that returns null publishes nothing, also in a transaction', async () => {
  await using app = await testServer({ controllers: [AnswersController] });
  const ann = await app.connect();
  const words = await ann.subscribe('/topic/null');
  await ann.send('/app/null', 'x');
  await ann.begin('t');
  await ann.send('/app/null', 'x', { transaction: 't' });
  await ann.commit('t');
  await words.expectNone();
});

it.each(['/app/once', '/app/stream'])(
  'a subscription that a handler answers begins and ends once, and a later UNSUBSCRIBE is accepted: %s',
  async (destination) => {
    await using app = await testServer({ controllers: [AnswersController] });
    const events: string[] = [];
    for (const kind of ['subscribed', 'unsubscribed'] as const)
      app.server.events.on(kind, (event) => {
        if (event.destination === destination) events.push(kind);
      });
    const ann = await app.connect();
    const answers = await ann.subscribe(destination);
    expect(await answers.next()).toMatchObject({ payload: 'one' });
    await app.server.idle();
    expect(events).toEqual(['subscribed', 'unsubscribed']);

    await answers.unsubscribe();
    expect(ann.problems).toEqual([]);
    expect(events).toEqual(['subscribed', 'unsubscribed']);
  },
);

it('a subscription of a destination without a handler does not begin', async () => {
  const transport = memoryTransport();
  const server = await createServer({
    transports: [transport],
    controllers: [AnswersController],
    logger: silentLogger,
  });
  const events: string[] = [];
  server.events.on('subscribed', ({ destination }) => void events.push(destination));
  await server.start();
  const ann = await connectStomp(transport);
  ann.send('SUBSCRIBE', { destination: '/app/unknown', id: '1', receipt: 'r' });
  expect((await ann.next('ERROR')).headers).toMatchObject({ code: 'no-route' });
  await server.idle();
  expect(events).toEqual([]);
  await server.close();
});
