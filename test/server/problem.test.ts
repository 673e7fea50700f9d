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
