// Problems of frames: those that end a session, and those that are logged.
import { once } from 'node:events';
import { inject } from 'inversify';
import { describe, expect, it, vi } from 'vitest';
import {
  Controller,
  createReplyDecorator,
  createServer,
  DestinationVariable,
  Header,
  type Interceptor,
  memoryTransport,
  MessageExceptionHandler,
  MessageMapping,
  Payload,
  Publisher,
  Signal,
  silentLogger,
  type ServerOptions,
  type StandardSchema,
} from '../../src/index.js';
import { testClock, testServer, type TestClient, type TestServer } from '../../src/testing.js';
import type { BrokerPublisher } from '../../src/broker/publisher.js';
import type { SessionSubscriber } from '../../src/broker/subscriber.js';
import { MessagingError } from '../../src/message/error.js';
import { KnownDestinations } from '../../src/server/known-destinations.js';
import { Problems, type RejectedFrameAnswer } from '../../src/server/problem.js';
import type { ClientSession } from '../../src/session/client-session.js';
import { connectStomp } from '../clients/stomp.js';

const prefixes = { application: ['/app'], broker: ['/topic', '/queue'], user: '/user' };

/** A schema whose validation fails because of the application. */
const Checked: StandardSchema = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async () => Promise.reject(new Error('no database')),
  },
};

const SendToNowhere = createReplyDecorator(() => [
  { kind: 'destination', destination: '/internal/x' },
]);

@Controller()
class FaultyController {
  @inject(Publisher) private readonly publisher!: Publisher;

  @MessageMapping('/unwritable')
  unwritable() {
    return { big: 1n };
  }

  @MessageMapping('/unchecked')
  unchecked(@Payload(Checked) checked: unknown) {
    return checked;
  }

  @MessageMapping('/number')
  number(@Header('n') n: number) {
    return n;
  }

  @MessageMapping('/throwing')
  throwing() {
    throw new Error('expected');
  }

  @MessageMapping('/publish/{mistake}')
  async publish(@DestinationVariable('mistake') mistake: 'destination' | 'header' | 'user') {
    if (mistake === 'user') await this.publisher.publishToUser('', '/queue/x', 1);
    const options = mistake === 'header' ? { headers: { secret: 5 as never } } : {};
    await this.publisher.publish('/internal/x', 1, options);
  }

  @MessageMapping('/result')
  @SendToNowhere
  result() {
    return 1;
  }

  @MessageMapping('/hostile')
  async hostile() {
    const error = new MessagingError('no-route');
    throw Object.defineProperty(error, 'code', {
      get() {
        throw new Error('touched');
      },
    });
  }

  @MessageMapping('/stream/{member}')
  async *stream(@DestinationVariable('member') member: string) {
    yield 1;
    const error = new MessagingError('transaction-failed');
    throw Object.defineProperty(error, member, { get: () => (member === 'cause' ? error : 1n) });
  }

  @MessageMapping('/hanging')
  hanging(@Signal() signal: AbortSignal) {
    return once(signal, 'abort');
  }
}

it.each([
  [
    'unwritable',
    'payload-unwritable',
    "The result of the handler of SEND '/app/unwritable' cannot be written.",
  ],
  [
    'unchecked',
    'payload-invalid',
    "The payload of SEND '/app/unchecked' (FaultyController.unchecked) could not be validated.",
  ],
])('a failure of the application is logged with its cause: %s', async (path, code, text) => {
  const logged: unknown[] = [];
  const logger = { ...silentLogger, error: (...entry: unknown[]) => logged.push(...entry) };
  await using app = await testServer({ controllers: [FaultyController], logger });
  const ann = await app.connect();
  await ann.send(`/app/${path}`, { name: 'ann' });
  await app.server.idle();
  expect(ann.problems).toMatchObject([{ code }]);
  expect(logged).toEqual([text, expect.any(Error)]);
});

describe.each(['report', 'ignore'] as const)(
  'a mistake of a handler in publish(), with the answer `%s`',
  (onRejectedFrame) => {
    it.each([
      ['publish/destination', '/internal/x'],
      ['publish/header', 'secret'],
      ['publish/user', 'user'],
      ['result', '/internal/x'],
    ])('is logged with its text, which the client does not receive: %s', async (path, named) => {
      const logged: unknown[] = [];
      const logger = { ...silentLogger, error: (...entry: unknown[]) => logged.push(...entry) };
      const controllers = [FaultyController];
      await using app = await testServer({ controllers, logger, onRejectedFrame });
      const ann = await app.connect();
      await ann.send(`/app/${path}`);
      await app.server.idle();
      expect(logged).toEqual([
        path === 'result'
          ? "Processing SEND '/app/result' failed."
          : `Processing SEND '/app/${path}' (FaultyController.publish) failed.`,
        expect.objectContaining({
          code: 'publication-invalid',
          message: expect.stringContaining(named),
        }),
      ]);
      expect(ann.problems.map(({ code, message }) => [code, message])).toEqual(
        onRejectedFrame === 'ignore' ? [] : [['handler-failed', 'The handler failed.']],
      );
    });
  },
);

it.each([
  ['hostile', 'handler-failed'],
  ['stream/message', 'handler-failed'],
  ['stream/cause', 'transaction-failed'],
])('a frame whose handler throws an error with bad members is answered: %s', async (path, code) => {
  await using app = await testServer({ controllers: [FaultyController], logger: silentLogger });
  const ann = await app.connect();
  await ann.send(`/app/${path}`);
  await app.server.idle();
  expect(ann.problems).toMatchObject([{ code }]);
});

it('a handler that takes too long is logged, also in a transaction', async () => {
  const logged: unknown[] = [];
  const logger = { ...silentLogger, error: (text: string) => logged.push(text) };
  await using app = await testServer({ controllers: [FaultyController], logger });
  const ann = await app.connect();
  const sent = ann.send('/app/hanging');
  await app.clock.advance(30_000);
  await sent;
  await ann.begin('t');
  await ann.send('/app/hanging', undefined, { transaction: 't' });
  const committed = ann.commit('t');
  await app.clock.advance(30_000);
  await committed;
  expect(ann.problems).toMatchObject([{ code: 'handler-timeout' }, { code: 'transaction-failed' }]);
  expect(logged).toEqual([
    "The handler of SEND '/app/hanging' (FaultyController.hanging) took too long.",
    'FaultyController.hanging failed in a transaction.',
  ]);
});

it('a mistake of a client is not logged as an error, also in a transaction', async () => {
  const logged: unknown[] = [];
  const logger = { ...silentLogger, error: (text: string) => logged.push(text) };
  await using app = await testServer({ controllers: [FaultyController], logger });
  const ann = await app.connect();
  await ann.begin('t');
  await ann.send('/app/unknown', undefined, { transaction: 't' });
  await ann.commit('t');
  expect(ann.problems).toMatchObject([{ code: 'transaction-failed' }]);
  expect(logged).toEqual([]);
});

it('the value of an exception handler that the client does not receive is logged', async () => {
  @Controller()
  class Recovering {
    @MessageMapping('/fail')
    fail() {
      throw new Error('It failed.');
    }

    @MessageExceptionHandler()
    failed() {
      return 'It failed.';
    }
  }
  for (const protocol of ['stomp', 'json'] as const) {
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (text: string) => void warnings.push(text) };
    await using app = await testServer({ controllers: [Recovering], logger, protocol });
    const ann = await app.connect({ problems: false });
    await ann.send('/app/fail');
    expect(warnings).toEqual([
      `A message for /user/queue/errors of session ${ann.session}, such as the value of a @MessageExceptionHandler, is lost: the client has not subscribed to this queue.`,
    ]);
    const errors = await ann.subscribe('/user/queue/errors');
    await app.clock.advance(60_000);
    await ann.send('/app/fail');
    expect((await errors.next()).payload).toBe('It failed.');
    expect(warnings).toHaveLength(1);
  }
});

describe('a destination that is probably a mistake is logged', () => {
  async function warningsOf(act: (client: TestClient, app: TestServer) => Promise<unknown>) {
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (text: string) => void warnings.push(text) };
    await using app = await testServer({ logger });
    await act(await app.connect({ user: 'ann' }), app);
    return warnings;
  }

  it.each(['/queue/errors', '/queue/error', '/user/queue/error', '/user/errors'])(
    'a subscription of %s instead of the problem queue, once',
    async (destination) => {
      const subscribeTwice = async (ann: TestClient) => {
        await ann.subscribe(destination);
        await ann.subscribe(destination);
      };
      expect(await warningsOf(subscribeTwice)).toEqual([
        `A client has subscribed to '${destination}'. To receive its problems, it must subscribe to /user/queue/errors.`,
      ]);
    },
  );

  it('a message to a queue of a user without the name of the user', async () => {
    const text =
      "A message for '/user/queue/x' is lost, because no user is named 'queue'. Write the name of the user: /user/{user}/queue/x.";
    expect(await warningsOf((ann) => ann.send('/user/queue/x', 1))).toEqual([text]);
    const publish = async (_: TestClient, app: TestServer) =>
      app.server.publisher.publish('/user/queue/x', 1);
    expect(await warningsOf(publish)).toEqual([text]);
  });

  it('but not a right one', async () => {
    const right = async (ann: TestClient) => {
      await ann.subscribe('/user/queue/terrors');
      await ann.subscribe('/topic/errors');
      await ann.send('/user/bob/queue/x', 1);
    };
    expect(await warningsOf(right)).toEqual([]);
  });
});

describe('a STOMP client without a subscription for problems', () => {
  async function client(limits: ServerOptions['limits'] = {}) {
    const transport = memoryTransport();
    const warnings: string[] = [];
    const server = await createServer({
      transports: [transport],
      controllers: [FaultyController],
      limits,
      logger: { ...silentLogger, warn: (text) => void warnings.push(text) },
    });
    await server.start();
    return { server, transport, warnings, ann: await connectStomp(transport) };
  }

  it.each([
    ['argument-missing', '/app/number', {}, [expect.stringContaining('argument-missing')]],
    [
      'argument-invalid',
      '/app/number',
      { n: 'many' },
      [expect.stringContaining('argument-invalid')],
    ],
    ['payload-missing', '/app/unchecked', {}, [expect.stringContaining('payload-missing')]],
    // Logged as an error, because the application has to fix it.
    ['handler-failed', '/app/throwing', {}, []],
  ])(
    'keeps its session when its handler cannot run: %s',
    async (_, destination, headers, logged) => {
      const { server, warnings, ann } = await client();
      ann.publish(destination, headers, '');
      await ann.expectNone();
      expect(server.sessions.size).toBe(1);
      expect(warnings).toEqual(logged);
      await server.close();
    },
  );

  it('keeps its session when the server rejects its frame, and the log names a similar destination', async () => {
    const { server, warnings, ann } = await client();
    const [{ id } = { id: '' }] = server.sessions.all();
    ann.publish('/app/throwin');
    ann.send('UNSUBSCRIBE', { id: 'none' });
    await ann.expectNone();
    expect(warnings).toEqual([
      `SEND '/app/throwin' of session ${id} was rejected: no-route: Nothing serves '/app/throwin' for SEND. The nearest known destination is '/app/throwing'. The client receives its problems after it subscribes to /user/queue/errors.`,
      `UNSUBSCRIBE 'none' of session ${id} was rejected: subscription-unknown: The session has no subscription with this id. The client receives its problems after it subscribes to /user/queue/errors.`,
    ]);
    await server.close();
  });

  it('is disconnected when its rejected frame has a receipt', async () => {
    const { server, ann } = await client();
    ann.publish('/app/unknown', { receipt: 'r' });
    const { headers } = await ann.expectError();
    expect(headers).toMatchObject({ code: 'no-route', 'receipt-id': 'r' });
    expect(ann.end).toMatchObject({ code: 1008 });
    await server.close();
  });

  it('has a limited number of rejected frames in the log', async () => {
    const { server, warnings, ann } = await client({ maxLoggedProblems: 2 });
    for (let i = 0; i < 4; i++) ann.publish(`/app/unknown/${i}`);
    await ann.expectNone();
    expect(warnings).toEqual([
      expect.stringContaining('/app/unknown/0'),
      expect.stringMatching(
        /'\/app\/unknown\/1'.* Further lines of this kind are omitted for a minute\.$/,
      ),
    ]);
    await server.close();
  });

  it('has no further rejected frames in the log when it connects again', async () => {
    const { server, transport, warnings, ann } = await client({ maxLoggedProblems: 2 });
    for (const each of [ann, await connectStomp(transport), await connectStomp(transport)]) {
      for (let i = 0; i < 3; i++) each.publish('/app/unknown');
      await each.expectNone();
    }
    expect(warnings).toHaveLength(2);
    await server.close();
  });

  it('cannot add another line or a long text to the log', async () => {
    const { server, warnings, ann } = await client();
    ann.publish(`/app/\\nerror\u001b[2J\u202e${'x'.repeat(900)}`);
    await ann.expectNone();
    expect(warnings[0]).toContain(String.raw`/app/\u{a}error\u{1b}[2J\u{202e}xxx`);
    expect(warnings[0]!.length).toBeLessThan(700);
    await server.close();
  });
});

describe('a MessagingError of the application with a code for violations of the protocol', () => {
  const error = () => new MessagingError('frame-malformed');

  @Controller()
  class WrongCodeController {
    @MessageMapping('/handler')
    fail() {
      throw error();
    }
  }

  async function client(onRejectedFrame: RejectedFrameAnswer, options: ServerOptions = {}) {
    const transport = memoryTransport();
    const server = await createServer({
      transports: [transport],
      controllers: [WrongCodeController],
      logger: silentLogger,
      onRejectedFrame,
      ...options,
    });
    await server.start();
    return { server, transport };
  }

  const throwingAt = (kind: string): Interceptor => {
    return async (frame, _session, next) => {
      if (frame.kind === kind) throw error();
      await next();
    };
  };

  it.each([
    ['a handler', '/app/handler', {}],
    ['an interceptor', '/topic/x', { interceptors: [throwingAt('send')] }],
  ])('closes with 1011 when %s throws it', async (_where, destination, options) => {
    for (const onRejectedFrame of ['close', 'report'] as const) {
      const { server, transport } = await client(onRejectedFrame, options);
      const ann = await connectStomp(transport);
      ann.publish(destination, { receipt: 'r' }, 'x');
      expect((await ann.expectError()).headers).toMatchObject({ code: 'frame-malformed' });
      expect(ann.end).toEqual({ code: 1011, reason: 'frame-malformed' });
      await server.close();
    }
  });

  it('does not end the session of a client that can receive a problem', async () => {
    await using app = await testServer({ controllers: [WrongCodeController] });
    const ann = await app.connect();
    await ann.send('/app/handler');
    expect(ann.problems).toMatchObject([{ code: 'frame-malformed' }]);
    expect(app.server.sessions.size).toBe(1);
  });

  it.each<[where: string, options: ServerOptions, code: number]>([
    ['an interceptor', { interceptors: [throwingAt('connect')] }, 1011],
    [
      'an authenticator',
      {
        authenticate: () => {
          throw error();
        },
      },
      1008,
    ],
  ])('does not close with 1002 when %s throws it at CONNECT', async (_where, options, code) => {
    const { server, transport } = await client('report', options);
    const connection = transport.connect();
    connection.send('CONNECT\naccept-version:1.2\nhost:x\n\n\0');
    expect(await connection.closed).toMatchObject({ code });
    await server.close();
  });

  it('closes with 1002 when the client itself begins without CONNECT, also behind an interceptor', async () => {
    const { server, transport } = await client('report', {
      authenticate: () => ({ name: 'ann' }),
      interceptors: [async (_frame, _session, next) => next()],
    });
    const connection = transport.connect();
    connection.send('{"type":"send","destination":"/topic/x"}');
    expect(await connection.closed).toEqual({ code: 1002, reason: 'not-connected' });
    await server.close();
  });
});

it.each([
  ['ignore', false, 0],
  // Only the first rejected frame is logged.
  ['report', false, 1],
  ['report', true, 2],
  ['close', false, 2],
] as const)(
  'the nearest destination is searched only for a text that is sent or logged: %s, %s',
  async (answer, hasNonFatalErrors, searches) => {
    const destinations = new KnownDestinations([], prefixes, '/');
    const explain = vi.spyOn(destinations, 'explain');
    const problems = new Problems({
      publisher: {} as BrokerPublisher,
      logger: silentLogger,
      destinations,
      answer,
      problemQueue: '/user/queue/errors',
      clock: testClock(),
      maxLogged: 1,
    });
    const session = { id: 's', hasNonFatalErrors, send: () => true, fail() {} };
    const client = { session: session as unknown as ClientSession, openSubscriber: undefined };
    const receiver = { ...client, account: 'user ann' };
    for (let i = 0; i < 2; i++)
      await problems.reject(
        new MessagingError('no-route'),
        { kind: 'send', destination: '/x' },
        receiver,
      );
    expect(explain).toHaveBeenCalledTimes(searches);
  },
);

describe('a problem of a client whose protocol has no frame for it', () => {
  /** Answers for a session that accepts no error frames; the log has ends of the session and lines of the server. */
  function problemsWith(publishToSession: () => Promise<void>) {
    const log: string[] = [];
    const session = {
      id: 's',
      hasNonFatalErrors: false,
      fail: ({ code }: MessagingError) => void log.push(`ends with ${code}`),
    } as unknown as ClientSession;
    const publisher = { publishToSession } as unknown as BrokerPublisher;
    const add = (text: string) => void log.push(text);
    const problems = new Problems({
      publisher,
      logger: { ...silentLogger, error: add, warn: add },
      destinations: new KnownDestinations([], prefixes, '/'),
      answer: 'report',
      problemQueue: '/user/queue/errors',
      clock: testClock(),
      maxLogged: 10,
    });
    const openSubscriber = { reads: () => true } as unknown as SessionSubscriber;
    return { log, problems, client: { session, openSubscriber, account: 'user ann' } };
  }

  it('is logged when its problem queue fails', async () => {
    const { log, problems, client } = problemsWith(() => Promise.reject(new Error('no')));
    const error = new MessagingError('subscription-unknown');
    await problems.reject(error, { kind: 'unsubscribe', id: '1' }, client);
    expect(log).toEqual([
      'A problem could not be sent to its client.',
      "UNSUBSCRIBE '1' of session s was rejected: subscription-unknown: The session has no subscription with this id.",
    ]);
  });

  it.each([
    [undefined, []],
    [new Error('no'), ['A handler failed in a transaction.']],
    [new MessagingError('payload-invalid'), []],
    [new MessagingError('handler-failed'), ['A handler failed in a transaction.']],
  ])('is logged if the application failed in a transaction: %s', async (cause, lines) => {
    const { log, problems, client } = problemsWith(() => Promise.resolve());
    const error = new MessagingError('transaction-failed', undefined, { cause });
    await problems.reject(error, { kind: 'commit', id: 't' }, client);
    expect(log).toEqual(lines);
  });
});

it('failures of one place in a handler are logged a limited number of times per minute', async () => {
  const lines: string[] = [];
  const clock = testClock();
  const problems = new Problems({
    publisher: {} as BrokerPublisher,
    logger: { ...silentLogger, error: (text) => void lines.push(text) },
    destinations: new KnownDestinations([], prefixes, '/'),
    answer: 'ignore',
    problemQueue: '/user/queue/errors',
    clock,
    maxLogged: 2,
  });
  const failOften = async (fail: (i: number) => Error) => {
    for (let i = 0; i < 5; i++) {
      const error = new MessagingError('handler-failed', undefined, { cause: fail(i) });
      const client = {} as Parameters<Problems['reject']>[2];
      await problems.reject(error, { kind: 'send', destination: `/app/${i}` }, client);
    }
  };
  const first = (i: number) => new Error(`first ${i}`);
  await failOften(first);
  await failOften((i) => new Error(`second ${i}`));
  await clock.advance(60_000);
  await failOften(first);
  const failed = (i: number) => `Processing SEND '/app/${i}' failed.`;
  const last = ' Further lines of this kind are omitted for a minute.';
  expect(lines).toEqual([
    failed(0),
    `${failed(1)}${last}`,
    failed(0),
    `${failed(1)}${last}`,
    `${failed(0)} Lines of all kinds omitted before: 6.`,
    `${failed(1)}${last}`,
  ]);
});

describe('a destination that an interceptor has changed to one that nothing serves', () => {
  it.each(['/nope', '/app/nope'])('%s is in the log, and not in the problem', async (changed) => {
    const logged: string[] = [];
    const interceptor: Interceptor = async (frame, _session, next) => {
      if (frame.kind === 'send')
        return next({ ...frame, message: { ...frame.message, destination: changed } });
      if (frame.kind === 'subscribe' && frame.destination === '/app/own')
        return next({ ...frame, destination: changed });
      return next();
    };
    await using app = await testServer({
      controllers: [FaultyController],
      interceptors: [interceptor],
      logger: { ...silentLogger, error: (text) => void logged.push(text) },
      strict: false,
    });
    const ann = await app.connect();
    await ann.send('/app/unwritable');
    const message =
      "The server has changed the destination '/app/unwritable' to one that nothing serves.";
    expect(ann.problems).toMatchObject([{ code: 'no-route', message }]);
    await expect(ann.subscribe('/app/own')).rejects.toMatchObject({
      problem: { code: 'no-route' },
    });
    expect(logged).toEqual([
      `An interceptor has changed the destination of SEND '/app/unwritable' to '${changed}', which nothing serves.`,
      `An interceptor has changed the destination of SUBSCRIBE '/app/own' to '${changed}', which nothing serves.`,
    ]);
  });
});
