// The start and the end of a client: refused CONNECT frames, and the release of all data of a session.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  Controller,
  createServer,
  EmbeddedBroker,
  memoryTransport,
  MessageMapping,
  MessagingError,
  Principal,
  SendToUser,
  Session,
  silentLogger,
  SubscribeMapping,
  type Broker,
  type Server,
  type ServerOptions,
} from '../../src/index.js';
import { ReplyDirectory } from '../../src/broker/reply-addresses.js';
import type { Client } from '../../src/server/client.js';
import { Clients } from '../../src/server/clients.js';
import { testClock } from 'signalbox/testing';
import { createObservedServer } from '../../src/server/create-server.js';
import type { Hooks } from '../../src/server/hooks.js';
import { connectStomp, openStomp } from '../clients/stomp.js';

/** A frame whose handler does not return keeps the session alive after its connection is lost. */
@Controller()
class WorkController {
  static finish = () => {};
  static streamClosed = false;

  @MessageMapping('/published')
  published() {
    return 1;
  }

  @MessageMapping('/work')
  work() {
    return new Promise<void>((resolve) => (WorkController.finish = resolve));
  }

  @SubscribeMapping('/stream')
  stream() {
    WorkController.streamClosed = false;
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<number>>(() => {}),
        return: async () => {
          WorkController.streamClosed = true;
          return { done: true, value: undefined };
        },
      }),
    };
  }
}

let server: Server;

afterEach(async () => {
  vi.restoreAllMocks();
  await server.close();
});

/** A server with one client, whose user is ann. */
async function start({ hooks = {}, ...options }: ServerOptions & { hooks?: Hooks } = {}) {
  const add = vi.spyOn(Clients.prototype, 'add');
  const errors: unknown[] = [];
  const transport = memoryTransport();
  server = await createObservedServer(
    {
      transports: [transport],
      controllers: [WorkController],
      logger: { ...silentLogger, error: (...entry: unknown[]) => void errors.push(entry) },
      ...options,
    },
    hooks,
  );
  await server.start();
  const ann = await connectStomp(transport, {}, { principal: { name: 'ann' } });
  const client = add.mock.calls[0]![0] as Client;
  const clients = add.mock.contexts[0] as Clients;
  return { transport, ann, client, clients, errors };
}

/** Loses the connection while a handler works. Returns a function that lets the handler return. */
async function loseConnection(ann: Awaited<ReturnType<typeof connectStomp>>) {
  ann.send('SEND', { destination: '/app/work' });
  await nextTurn();
  ann.connection.vanish();
  await ann.connection.closed;
  await nextTurn();
  return async () => {
    WorkController.finish();
    await server.idle();
  };
}

describe('a client', () => {
  it('is connected with one event, which has its session', async () => {
    const { transport } = await start();
    const sessions: Session[] = [];
    server.events.on('connected', ({ session }) => void sessions.push(session));
    await connectStomp(transport);
    expect(sessions).toEqual([...server.sessions.all()].slice(1));
    expect(sessions).toHaveLength(1);
  });

  it('has no subscriber before CONNECT', async () => {
    const add = vi.spyOn(Clients.prototype, 'add');
    const { transport } = await start();
    openStomp(transport);
    const client = add.mock.lastCall![0] as Client;
    expect(client.openSubscriber).toBeUndefined();
    expect(() => client.subscriber).toThrow(expect.objectContaining({ code: 'not-connected' }));
  });

  it('that reads too slowly has an event for each dropped message', async () => {
    const { ann, client } = await start({
      slowConsumers: { policy: 'drop-oldest' },
      limits: { maxOutboxBytes: 1000 },
    });
    const events: unknown[] = [];
    server.events.on('dropped', (event) => void events.push(event));
    await ann.subscribe('s', '/topic/*');
    ann.connection.pause();
    while (events.length === 0) {
      await server.publisher.publish('/topic/x', '.'.repeat(500));
      await nextTurn();
    }
    expect(events[0]).toEqual({
      session: client.session,
      subscription: 's',
      destination: '/topic/x',
    });
  });
});

describe('when the connection of a client is lost', () => {
  it('its streams are closed, although a handler still works', async () => {
    const { ann } = await start();
    ann.send('SUBSCRIBE', { id: 's', destination: '/app/stream' });
    await nextTurn();
    const finish = await loseConnection(ann);
    expect(WorkController.streamClosed).toBe(true);
    await finish();
  });

  it('the connection hook ends with the close code', async () => {
    const ends: unknown[] = [];
    const hooks: Hooks = {
      onConnection: () => (code, reason) => void ends.push([code, reason]),
    };
    const { ann } = await start({ hooks });
    const finish = await loseConnection(ann);
    expect(ends).toEqual([[1006, '']]);
    await finish();
    expect(ends).toHaveLength(1);
  });

  it('its session and its user leave the tables', async () => {
    const { ann, client, clients } = await start();
    const { id } = client.session;
    expect([server.sessions.size, ...clients.users()]).toEqual([1, 'ann']);
    const finish = await loseConnection(ann);
    expect([server.sessions.size, ...clients.users()]).toEqual([0]);
    expect(server.sessions.get(id)).toBeUndefined();
    expect(clients.subscriberOf(id)).toBeUndefined();
    await finish();
  });

  it('one disconnected event is emitted', async () => {
    const { ann, client } = await start();
    const events: unknown[] = [];
    server.events.on('disconnected', (event) => void events.push(event));
    const finish = await loseConnection(ann);
    expect(events).toEqual([{ session: client.session, code: 1006, reason: '' }]);
    await finish();
    expect(events).toHaveLength(1);
  });

  it('during authentication, the broker does not receive its session', async () => {
    const connect = vi.spyOn(EmbeddedBroker.prototype, 'connect');
    let authenticate = () => {};
    const { transport } = await start({
      authenticate: ({ headers }) =>
        headers.get('login') === undefined
          ? undefined
          : new Promise((resolve) => (authenticate = () => resolve(undefined))),
    });
    expect(connect).toHaveBeenCalledOnce();
    const bob = openStomp(transport);
    bob.send('CONNECT', { 'accept-version': '1.2', host: 'test', login: 'bob' });
    await nextTurn();
    bob.connection.vanish();
    await bob.connection.closed;
    authenticate();
    await server.idle();
    expect(connect).toHaveBeenCalledOnce();
  });

  it('no disconnected event is emitted for a client that never connected', async () => {
    const ended: Session[] = [];
    const hooks: Hooks = { onConnection: (session) => () => void ended.push(session) };
    const { transport } = await start({ hooks });
    const events: unknown[] = [];
    server.events.on('disconnected', (event) => void events.push(event));
    const silent = openStomp(transport);
    silent.connection.vanish();
    await silent.connection.closed;
    await server.idle();
    expect(ended).toHaveLength(1);
    expect(events).toEqual([]);
    expect(server.sessions.size).toBe(1);
  });
});

describe('when a client has finished its last frame', () => {
  it('its open transactions are aborted', async () => {
    const { ann, client } = await start();
    await ann.request('BEGIN', { transaction: 't' });
    await ann.request('SEND', { destination: '/topic/x', transaction: 't' });
    const finish = await loseConnection(ann);
    await finish();
    expect(() => client.transactions.take('t')).toThrow(
      expect.objectContaining({ code: 'transaction-unknown' }),
    );
  });

  it('its reply addresses are deleted, and no earlier', async () => {
    const set = vi.spyOn(ReplyDirectory.prototype, 'set');
    const { ann } = await start();
    await ann.request('SEND', { destination: '/queue/jobs', 'reply-to': '/temp-queue/answers' });
    const directory = set.mock.contexts[0] as ReplyDirectory;
    const finish = await loseConnection(ann);
    expect(directory.size).toBe(1);
    await finish();
    expect(directory.size).toBe(0);
  });

  it('is no longer alive', async () => {
    const { ann, client, clients } = await start();
    const finish = await loseConnection(ann);
    expect([...clients.alive()]).toEqual([client.session]);
    await finish();
    expect([...clients.alive()]).toEqual([]);
  });

  it('its connection to the broker is closed, and no earlier', async () => {
    const close = vi.fn<() => void>();
    const { ann } = await start({ broker: brokerThatCloses(close) });
    const finish = await loseConnection(ann);
    expect(close).not.toHaveBeenCalled();
    await finish();
    expect(close).toHaveBeenCalledOnce();
  });

  it('a broker that cannot close the connection is logged', async () => {
    const failure = new Error('disk full');
    const broker = brokerThatCloses(async () => Promise.reject(failure));
    const { ann, errors } = await start({ broker });
    const finish = await loseConnection(ann);
    await finish();
    expect(errors).toEqual([['The broker could not close the connection of a session.', failure]]);
  });
});

describe('when CONNECT fails', () => {
  /** The answer to CONNECT, the close code, and the causes of all log lines. */
  async function refusal(options: ServerOptions) {
    const [errors, warnings]: [unknown[], unknown[]] = [[], []];
    const causesTo = (causes: unknown[]) => (_text: string, cause?: unknown) =>
      void causes.push(cause);
    const transport = memoryTransport();
    server = await createServer({
      transports: [transport],
      logger: {
        ...silentLogger,
        error: causesTo(errors),
        warn: causesTo(warnings),
      },
      ...options,
    });
    await server.start();
    const ann = openStomp(transport);
    ann.send('CONNECT', { 'accept-version': '1.2', host: 'test' });
    const { headers, body } = await ann.next('ERROR');
    const { code } = await ann.connection.closed;
    return { text: `${headers['code']}: ${headers['message']}${body}`, code, errors, warnings };
  }

  it('the log has one line, a warning with the error of the authenticator, and the client does not have it', async () => {
    const failure = new Error('no such user');
    for (const authenticate of [
      () => {
        throw failure;
      },
      async () => Promise.reject(failure),
    ]) {
      const { text, code, errors, warnings } = await refusal({ authenticate });
      expect([text, code]).toEqual(['access-refused: Access refused.', 1008]);
      expect([errors, warnings]).toEqual([[], [failure]]);
      await server.close();
    }
  });

  it('many times, the log has one line a minute for each error code, with the number of the others', async () => {
    const clock = testClock();
    const warnings: string[] = [];
    const transport = memoryTransport();
    server = await createServer({
      transports: [transport],
      clock,
      logger: { ...silentLogger, warn: (text: string) => void warnings.push(text) },
      authenticate() {
        throw new Error('no such user');
      },
    });
    await server.start();
    const refuse = async (...frames: readonly string[]) => {
      for (const frame of frames) {
        const client = openStomp(transport);
        client.connection.send(frame);
        await client.connection.closed;
      }
    };
    const refused = 'CONNECT\n\n\0';
    await refuse(refused, refused, refused, 'SEND\nno-colon\n\n\0', 'SEND\nno-colon\n\n\0');
    await clock.advance(60_000);
    await refuse(refused);
    expect(warnings.map((text) => text.replace(/^Session \S+ was/, 'Session s was'))).toEqual([
      'Session s was closed with 1008 access-refused: CONNECT failed.',
      'Session s was closed with 1002 header-malformed: A header line is malformed.',
      'Session s was closed with 1008 access-refused: CONNECT failed. Similar lines omitted since the last one: 2.',
    ]);
  });

  const timedOut = new MessagingError('access-refused', 'no user', { cause: new Error('timeout') });

  it.each([
    [new MessagingError('access-refused'), 'CONNECT failed: Access refused.', undefined],
    [
      new MessagingError('access-refused', 'no\nuser'),
      String.raw`CONNECT failed: no\u{a}user`,
      undefined,
    ],
    [timedOut, 'CONNECT failed.', timedOut],
  ])(
    'on purpose, the log has the text in one line, and only a cause has a stack: %#',
    async (thrown, end, cause) => {
      const warnings: unknown[][] = [];
      const transport = memoryTransport();
      server = await createServer({
        transports: [transport],
        logger: { ...silentLogger, warn: (...line: unknown[]) => void warnings.push(line) },
        authenticate: () => Promise.reject(thrown),
      });
      await server.start();
      const client = openStomp(transport);
      client.connection.send('CONNECT\n\n\0');
      await client.connection.closed;
      const line = expect.stringMatching(
        /^Session \S+ was closed with 1008 access-refused: /,
      ) as string;
      expect(warnings).toEqual([[line, cause]]);
      expect(String(warnings[0]![0]).endsWith(`: ${end}`)).toBe(true);
    },
  );

  it('the log has the exception of the broker or of an interceptor, and the close code is 1011', async () => {
    const failure = new Error('no connection');
    const fail = () => {
      throw failure;
    };
    const broker = brokerThatConnects(fail);
    for (const options of [{ broker }, { interceptors: [fail] }]) {
      const { text, code, errors, warnings } = await refusal(options);
      expect([text, code]).toEqual(['session-failed: An internal error ended the session.', 1011]);
      expect([errors, warnings]).toEqual([[failure], []]);
      await server.close();
    }
  });

  it('a broker whose connect() is asynchronous refuses its clients, also when the promise rejects', async () => {
    const broker = brokerThatConnects(() => Promise.reject(new Error('later')) as never);
    const { text, code, errors } = await refusal({ broker });
    expect([text, code]).toEqual(['session-failed: An internal error ended the session.', 1011]);
    expect(errors).toEqual([
      new TypeError('connect() of the broker must return its result; it returned a promise.'),
    ]);
  });

  it('the client receives the text of a MessagingError that an interceptor throws, and no error is logged', async () => {
    for (const [errorCode, closeCode] of [
      ['access-refused', 1008],
      ['session-limit', 1013],
    ] as const) {
      const interceptors = [
        () => {
          throw new MessagingError(errorCode, 'The service is closed on Sundays.');
        },
      ];
      const { text, code, errors } = await refusal({ interceptors });
      expect([text, code]).toEqual([`${errorCode}: The service is closed on Sundays.`, closeCode]);
      expect(errors).toEqual([]);
      await server.close();
    }
  });

  it('because an interceptor drops it or catches its error, the client receives ERROR', async () => {
    const fail = () => {
      throw new MessagingError('session-limit');
    };
    for (const options of [
      { interceptors: [async () => {}] },
      { interceptors: [async (_frame, _session, next) => next().catch(() => {}), fail] },
    ] satisfies ServerOptions[]) {
      const { text, code } = await refusal(options);
      expect([text, code]).toEqual(['access-refused: Access refused.', 1008]);
      await server.close();
    }
  });
});

it('a principal that the application renames keeps the name that it had at CONNECT', async () => {
  @Controller()
  class AccountController {
    @MessageMapping('/rename')
    rename(@Principal() account: { name: string }) {
      account.name = 'bob';
    }

    @MessageMapping('/secret')
    @SendToUser('/queue/secret')
    secret(@Session() { user }: Session) {
      return user;
    }
  }
  const transport = memoryTransport();
  server = await createServer({
    transports: [transport],
    controllers: [AccountController],
    authenticate: ({ login }) => ({ name: login! }),
  });
  await server.start();
  const [ann, bob] = [
    await connectStomp(transport, { login: 'ann' }),
    await connectStomp(transport, { login: 'bob' }),
  ];
  for (const client of [ann, bob]) await client.subscribe('s', '/user/queue/secret');
  await ann.request('SEND', { destination: '/app/rename' });
  await ann.request('SEND', { destination: '/app/secret' });
  expect((await ann.next('MESSAGE')).body).toBe('ann');
  await bob.expectNone();
  expect([...server.sessions.users()]).toEqual(['ann', 'bob']);
  for (const client of [ann, bob]) {
    client.connection.vanish();
    await client.connection.closed;
  }
  expect([[...server.sessions.users()], server.sessions.size]).toEqual([[], 0]);
});

it('a frame is confirmed, also when the broker returns a value in place of nothing', async () => {
  const broker = Object.assign(new EmbeddedBroker(), { publish: () => 5 as never });
  const { ann } = await start({ broker });
  await ann.request('SEND', { destination: '/app/published' });
});

it('a session id that `ids` repeats refuses the second client, and the first keeps its messages', async () => {
  const ids = { session: () => 'same', message: () => 'm', reply: () => 'r' };
  const { ann, errors, transport } = await start({ ids });
  await ann.subscribe('s', '/user/queue/x');
  const bob = openStomp(transport);
  bob.send('CONNECT', { 'accept-version': '1.2', host: 'x' });
  expect((await bob.next('ERROR')).headers['code']).toBe('session-failed');
  await bob.connection.closed;
  await server.publisher.publishToSession('same', '/queue/x', 1);
  expect((await ann.next('MESSAGE')).body).toBe('1');
  expect(String(errors)).toContain("ids.session() returned 'same', which another session has.");
});

describe('a session whose frame is never completed', () => {
  const interceptors = [
    async (frame, _session, next) =>
      frame.kind === 'send' ? new Promise<never>(() => {}) : next(),
  ] satisfies ServerOptions['interceptors'];

  it.each([
    [60_000, [1, 0]],
    [0, [0, 0]],
  ])(
    'is counted for at most `stallTimeout` after it is lost: %s',
    async (stallTimeout, counted) => {
      const clock = testClock();
      const limits = { maxSessionsPerUser: 1 };
      const { ann, transport } = await start({ clock, interceptors, limits, stallTimeout });
      ann.publish('/topic/x');
      await nextTurn();
      ann.connection.vanish();
      await ann.connection.closed;
      const found: number[] = [];
      for (const time of [0, 60_000]) {
        await clock.advance(time);
        const next = openStomp(transport, { principal: { name: 'ann' } });
        next.send('CONNECT', { 'accept-version': '1.2', host: 'x' });
        found.push((await next.expect('CONNECTED', 'ERROR')).command === 'ERROR' ? 1 : 0);
        next.connection.vanish();
        await next.connection.closed;
      }
      expect(found).toEqual(counted);
      const closing = server.close();
      await clock.advance(10_000);
      await closing;
    },
  );
});

/** An embedded broker with another `connect`. */
function brokerThatConnects(connect: Broker['connect']): Broker {
  return Object.assign(
    brokerThatCloses(() => {}),
    { connect },
  );
}

/** An embedded broker that calls `close` after each connection that it closes. */
function brokerThatCloses(close: () => void | Promise<void>): Broker {
  const broker = new EmbeddedBroker();
  return {
    start: (context) => broker.start(context),
    stop: () => broker.stop(),
    publish: (publication) => broker.publish(publication),
    connect(subscriber) {
      const connection = broker.connect(subscriber);
      const closeConnection = connection.close.bind(connection);
      return Object.assign(connection, {
        async close() {
          await closeConnection();
          await close();
        },
      });
    },
  };
}
