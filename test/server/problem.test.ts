// Problems of frames: which of them end a session, and which are logged.
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  Controller,
  createServer,
  Header,
  memoryTransport,
  MessageMapping,
  Payload,
  Signal,
  silentLogger,
  type StandardSchema,
} from '../../src/index.js';
import { testServer } from '../../src/testing.js';
import type { BrokerPublisher } from '../../src/broker/publisher.js';
import type { SessionSubscriber } from '../../src/broker/subscriber.js';
import { MessagingError } from '../../src/message/error.js';
import { Problems } from '../../src/server/problem.js';
import type { ClientSession } from '../../src/session/client-session.js';
import { connectStomp } from '../clients/stomp.js';

/** A schema whose validation fails because of the application. */
const Checked: StandardSchema = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async () => Promise.reject(new Error('no database')),
  },
};

@Controller()
class FaultyController {
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

  @MessageMapping('/hanging')
  hanging(@Signal() signal: AbortSignal) {
    return once(signal, 'abort');
  }
}

it.each([
  [
    'unwritable',
    'payload-unwritable',
    'The result of the handler of "/app/unwritable" cannot be written.',
  ],
  ['unchecked', 'payload-invalid', 'The payload of "/app/unchecked" could not be validated.'],
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
    'The handler of "/app/hanging" took too long.',
    'A handler failed in a transaction.',
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

describe('a STOMP client without a subscription for problems', () => {
  async function client() {
    const transport = memoryTransport();
    const warnings: string[] = [];
    const server = await createServer({
      transports: [transport],
      controllers: [FaultyController],
      logger: { ...silentLogger, warn: (text) => void warnings.push(text) },
    });
    await server.start();
    return { server, warnings, ann: await connectStomp(transport) };
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

  it('is disconnected when the server rejects its frame', async () => {
    const { server, ann } = await client();
    ann.publish('/app/unknown');
    expect((await ann.expectError()).headers['code']).toBe('no-route');
    await server.close();
  });
});

describe('a problem of a client whose protocol has no frame for it', () => {
  /** Reports to a session that accepts no error frames; the log has ends of the session and lines of the server. */
  function problemsWith(publishToSession: () => Promise<void>) {
    const log: string[] = [];
    const session = {
      id: 's',
      report: () => false,
      fail: ({ code }: MessagingError) => void log.push(`ends with ${code}`),
    } as unknown as ClientSession;
    const publisher = { publishToSession } as unknown as BrokerPublisher;
    const logger = { ...silentLogger, error: (text: string) => void log.push(text) };
    const problems = new Problems({ publisher, logger, refusalCloses: false });
    return { log, problems, session };
  }

  const reading = { reads: () => true } as unknown as SessionSubscriber;

  it('is not reported when its problem queue fails', async () => {
    const { log, problems, session } = problemsWith(() => Promise.reject(new Error('no')));
    const client = { session, openSubscriber: reading };
    expect(await problems.report(new MessagingError('no-route'), {}, client)).toBe(false);
    expect(log).toEqual(['A problem could not be sent to its client.']);
  });

  it('is not reported before CONNECT was accepted', async () => {
    const { problems, session } = problemsWith(() => Promise.resolve());
    const error = new MessagingError('access-refused');
    expect(await problems.report(error, {}, { session, openSubscriber: undefined })).toBe(false);
  });

  it.each([
    [undefined, []],
    [new Error('no'), ['A handler failed in a transaction.']],
    [new MessagingError('payload-invalid'), []],
  ])('is logged if the application failed in a transaction: %s', async (cause, lines) => {
    const { log, problems, session } = problemsWith(() => Promise.resolve());
    const error = new MessagingError('transaction-failed', undefined, { cause });
    await problems.report(error, {}, { session, openSubscriber: reading });
    expect(log).toEqual(lines);
  });
});
