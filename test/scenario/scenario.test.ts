// One scenario through the test kit and through real clients: all of them receive the same, so the kit behaves like real clients.
import { fileURLToPath } from 'node:url';
import {
  testServer,
  type ReceivedMessage,
  type TestClient,
  type TestSubscription,
} from 'signalbox/testing';
import { describe, expect, it } from 'vitest';
import { createServer, tcpTransport } from '../../src/index.js';
import { build, stompPy } from '../foreign-clients/foreign.js';
import { application } from './application.js';
import {
  comparable,
  runSteps,
  type Actor,
  type Result,
  type Runner,
  type Step,
  type StepOf,
} from './scenario.js';
import { throughStompjs } from './stompjs.js';

const lobby = '/topic/rooms/lobby';
const post = '/app/rooms/lobby/post';
const jobs = '/queue/jobs';

const steps: readonly Step[] = [
  { client: 'eve', do: 'connect', passcode: 'wrong' },
  { client: 'ann', do: 'connect', passcode: 'secret' },
  { client: 'bob', do: 'connect', passcode: 'secret' },

  { client: 'ann', do: 'subscribe', subscription: 'problems', destination: '/user/queue/errors' },
  { client: 'ann', do: 'subscribe', subscription: 'lobby', destination: lobby },
  { client: 'bob', do: 'subscribe', subscription: 'rooms', destination: '/topic/rooms/*' },
  {
    client: 'ann',
    do: 'subscribe',
    subscription: 'welcome',
    destination: '/app/rooms/lobby/topic',
  },
  { client: 'ann', do: 'next', subscription: 'welcome' },

  { client: 'ann', do: 'send', destination: post, payload: { text: 'hi, Zo\u00eb \u{1f642}' } },
  { client: 'bob', do: 'send', destination: post, payload: { text: 'a:b\\c' } },
  { client: 'ann', do: 'next', subscription: 'lobby' },
  { client: 'ann', do: 'next', subscription: 'lobby' },
  { client: 'bob', do: 'next', subscription: 'rooms' },
  { client: 'bob', do: 'next', subscription: 'rooms' },

  { client: 'bob', do: 'subscribe', subscription: 'copies', destination: '/user/queue/copies' },
  { client: 'bob', do: 'send', destination: '/app/rooms/lobby/copy', payload: { text: 'me' } },
  { client: 'bob', do: 'next', subscription: 'copies' },

  { client: 'ann', do: 'send', destination: post, payload: { text: '' } },
  { client: 'ann', do: 'next', subscription: 'problems' },
  { client: 'ann', do: 'send', destination: '/app/nowhere', payload: 1 },
  { client: 'ann', do: 'next', subscription: 'problems' },
  { client: 'ann', do: 'send', destination: '/app/rooms/lobby/fail', payload: null },
  { client: 'ann', do: 'next', subscription: 'problems' },
  { client: 'ann', do: 'count', subscription: 'lobby' },

  { client: 'ann', do: 'send', destination: jobs, payload: 'one' },
  { client: 'ann', do: 'send', destination: jobs, payload: 'two' },
  {
    client: 'ann',
    do: 'subscribe',
    subscription: 'jobs',
    destination: jobs,
    ack: 'client-individual',
  },
  { client: 'ann', do: 'next', subscription: 'jobs' },
  { client: 'ann', do: 'ack', subscription: 'jobs' },
  { client: 'ann', do: 'next', subscription: 'jobs' },
  { client: 'ann', do: 'nack', subscription: 'jobs' },
  { client: 'ann', do: 'next', subscription: 'jobs' },
  { client: 'ann', do: 'unsubscribe', subscription: 'jobs' },
  { client: 'bob', do: 'subscribe', subscription: 'jobs', destination: jobs, ack: 'client' },
  { client: 'bob', do: 'next', subscription: 'jobs' },
  { client: 'bob', do: 'ack', subscription: 'jobs' },

  { client: 'bob', do: 'begin', transaction: 't-1' },
  { client: 'bob', do: 'send', destination: post, payload: { text: 'first' }, transaction: 't-1' },
  { client: 'bob', do: 'send', destination: lobby, payload: 'second', transaction: 't-1' },
  { client: 'ann', do: 'count', subscription: 'lobby' },
  { client: 'bob', do: 'commit', transaction: 't-1' },
  { client: 'ann', do: 'next', subscription: 'lobby' },
  { client: 'ann', do: 'next', subscription: 'lobby' },
  { client: 'bob', do: 'begin', transaction: 't-2' },
  { client: 'bob', do: 'send', destination: lobby, payload: 'never', transaction: 't-2' },
  { client: 'bob', do: 'abort', transaction: 't-2' },
  { client: 'bob', do: 'disconnect' },
  { client: 'ann', do: 'send', destination: post, payload: { text: 'bye' } },
  { client: 'ann', do: 'next', subscription: 'lobby' },
  { client: 'ann', do: 'count', subscription: 'lobby' },
  { client: 'ann', do: 'disconnect' },
];

const ann = (
  subscription: string,
  destination: string,
  payload: unknown,
  redelivered = false,
): Result => ({
  client: 'ann',
  subscription,
  destination,
  payload,
  redelivered,
});

const bob = (...message: Parameters<typeof ann>): Result =>
  ({ ...ann(...message), client: 'bob' }) as Result;

const expected: readonly Result[] = [
  { client: 'eve', refused: 'Access refused.' },
  ann('welcome', '/app/rooms/lobby/topic', 'Welcome to lobby.'),
  ann('lobby', lobby, { text: 'hi, Zo\u00eb \u{1f642}', by: 'ann' }),
  ann('lobby', lobby, { text: 'a:b\\c', by: 'bob' }),
  bob('rooms', lobby, { text: 'hi, Zo\u00eb \u{1f642}', by: 'ann' }),
  bob('rooms', lobby, { text: 'a:b\\c', by: 'bob' }),
  bob('copies', '/user/queue/copies', 'Copy of me'),
  ann('problems', '/user/queue/errors', { code: 'payload-invalid', destination: post }),
  ann('problems', '/user/queue/errors', { code: 'no-route', destination: '/app/nowhere' }),
  ann('problems', '/user/queue/errors', {
    code: 'handler-failed',
    destination: '/app/rooms/lobby/fail',
  }),
  { client: 'ann', subscription: 'lobby', unread: 0 },
  ann('jobs', jobs, 'one'),
  ann('jobs', jobs, 'two'),
  ann('jobs', jobs, 'two', true),
  bob('jobs', jobs, 'two', true),
  { client: 'ann', subscription: 'lobby', unread: 0 },
  ann('lobby', lobby, { text: 'first', by: 'bob' }),
  ann('lobby', lobby, 'second'),
  ann('lobby', lobby, { text: 'bye', by: 'ann' }),
  { client: 'ann', subscription: 'lobby', unread: 0 },
];

function throughKit(protocol: 'stomp' | 'json'): Runner {
  return async (steps) => {
    await using app = await testServer({ ...application, protocol });
    return await runSteps(steps, async ({ client: login, passcode }) => {
      const client = await app.connect({ login, passcode, problems: false });
      return client.connected ? actorOf(client, protocol) : client.error!.message;
    });
  };
}

function actorOf(client: TestClient, protocol: 'stomp' | 'json'): Actor {
  const subscriptions = new Map<string, TestSubscription>();
  const latest = new Map<string, ReceivedMessage>();
  const settle = ({ do: kind, subscription }: StepOf<'ack' | 'nack'>) =>
    client[kind](latest.get(subscription)!);
  const transact = ({ do: kind, transaction }: StepOf<'begin' | 'commit' | 'abort'>) =>
    client[kind](transaction);
  return {
    async subscribe({ subscription: id, destination, ack }) {
      subscriptions.set(id, await client.subscribe(destination, { id, ack }));
    },
    async send({ destination, payload, transaction }) {
      // Without a content type, a string would be sent as text.
      const headers = { 'content-type': 'application/json' };
      await client.send(destination, payload, { headers, ...(transaction && { transaction }) });
    },
    async next({ subscription }) {
      // JSON has error frames instead of a problem queue.
      if (protocol === 'json' && subscription === 'problems') return problemOf(client);
      const message = await subscriptions.get(subscription)!.next();
      latest.set(subscription, message);
      const { destination, payload, redelivered = 0 } = message;
      const received = { subscription, destination, payload: comparable(payload) };
      return { ...received, redelivered: redelivered > 0 };
    },
    async count({ subscription }) {
      const unread = await subscriptions.get(subscription)!.drain();
      return { subscription, unread: unread.length };
    },
    ack: settle,
    nack: settle,
    begin: transact,
    commit: transact,
    abort: transact,
    unsubscribe: ({ subscription }) => subscriptions.get(subscription)!.unsubscribe(),
    disconnect: () => client.disconnect(),
  };
}

/** The latest problem, in the form of a message. */
function problemOf(client: TestClient): Result {
  const payload = comparable(client.problems.at(-1));
  const destination = '/user/queue/errors';
  return {
    client: client.user!,
    subscription: 'problems',
    destination,
    payload,
    redelivered: false,
  };
}

const program = fileURLToPath(new URL('stomp-py.py', import.meta.url));

/** Undefined without stomp.py. */
function throughStompPy(): Runner | undefined {
  const python = build(stompPy);
  if (python === undefined) return undefined;
  return async (steps) => {
    const transport = tcpTransport({ port: 0 });
    const server = await createServer({ ...application, transports: [transport] });
    await server.start();
    try {
      const { port } = transport.address()!;
      return JSON.parse(await python(program, `${port}`, JSON.stringify(steps))) as Result[];
    } finally {
      await server.close();
    }
  };
}

const stompPyRunner = throughStompPy();

describe('the scenario', () => {
  it.each(['stomp', 'json'] as const)(
    'has the expected result through the kit: %s',
    async (protocol) => {
      expect(await throughKit(protocol)(steps)).toEqual(expected);
    },
  );

  it('has the same result through @stomp/stompjs over WebSocket', async () => {
    expect(await throughStompjs(steps)).toEqual(expected);
  });

  it.skipIf(stompPyRunner === undefined)(
    'has the same result through stomp.py over TCP',
    async () => {
      expect(await stompPyRunner!(steps)).toEqual(expected);
    },
  );
});
