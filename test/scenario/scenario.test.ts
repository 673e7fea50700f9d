// One scenario through the test kit and through real clients: all of them receive the same, so the kit behaves like real clients.
import {
  testServer,
  type ReceivedMessage,
  type TestClient,
  type TestSubscription,
} from 'signalbox/testing';
import { describe, expect, it } from 'vitest';
import { createServer, tcpTransport } from '../../src/index.js';
import { findStompPy } from '../stomp-py.js';
import { application } from './application.js';
import { comparable, type Result, type Runner, type Step } from './scenario.js';
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

interface Actor {
  readonly client: TestClient;
  readonly protocol: 'stomp' | 'json';
  readonly subscriptions: Map<string, TestSubscription>;
  readonly latest: Map<string, ReceivedMessage>;
}

function throughKit(protocol: 'stomp' | 'json'): Runner {
  return async (steps) => {
    await using app = await testServer({ ...application, protocol });
    const actors = new Map<string, Actor>();
    const results: Result[] = [];
    for (const step of steps) {
      if (step.do !== 'connect') {
        results.push(...(await runStep(step, actors.get(step.client)!)));
        continue;
      }
      const { client: login, passcode } = step;
      const client = await app.connect({ login, passcode, problems: false });
      if (client.connected)
        actors.set(login, { client, protocol, subscriptions: new Map(), latest: new Map() });
      else results.push({ client: login, refused: client.error!.message });
    }
    return results;
  };
}

async function runStep(
  step: Exclude<Step, { do: 'connect' }>,
  { client, protocol, subscriptions, latest }: Actor,
): Promise<readonly Result[]> {
  const name = step.client;
  switch (step.do) {
    case 'subscribe': {
      const { subscription: id, destination, ack = 'auto' } = step;
      subscriptions.set(id, await client.subscribe(destination, { id, ack }));
      return [];
    }
    case 'send': {
      const { destination, payload, transaction } = step;
      // Without a content type, a string would be sent as text.
      const headers = { 'content-type': 'application/json' };
      await client.send(destination, payload, { headers, ...(transaction && { transaction }) });
      return [];
    }
    case 'next': {
      // JSON has error frames instead of a problem queue.
      if (protocol === 'json' && step.subscription === 'problems') return [problemOf(client)];
      const message = await subscriptions.get(step.subscription)!.next();
      latest.set(step.subscription, message);
      const { destination, payload, redelivered = 0 } = message;
      return [
        {
          client: name,
          subscription: step.subscription,
          destination,
          payload: comparable(payload),
          redelivered: redelivered > 0,
        },
      ];
    }
    case 'count': {
      const unread = await subscriptions.get(step.subscription)!.drain();
      return [{ client: name, subscription: step.subscription, unread: unread.length }];
    }
    case 'ack':
    case 'nack':
      await client[step.do](latest.get(step.subscription)!);
      return [];
    case 'begin':
    case 'commit':
    case 'abort':
      await client[step.do](step.transaction);
      return [];
    case 'unsubscribe':
      await subscriptions.get(step.subscription)!.unsubscribe();
      return [];
    case 'disconnect':
      await client.disconnect();
      return [];
    default:
      return step satisfies never;
  }
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

const program = new URL('stomp-py.py', import.meta.url);

/** Undefined without stomp.py. */
function throughStompPy(): Runner | undefined {
  const python = findStompPy();
  if (python === undefined) return undefined;
  return async (steps) => {
    const transport = tcpTransport({ port: 0 });
    const server = await createServer({ ...application, transports: [transport] });
    await server.start();
    try {
      const { port } = transport.address()!;
      return JSON.parse(await python(program, [`${port}`, JSON.stringify(steps)])) as Result[];
    } finally {
      await server.close();
    }
  };
}

const stompPy = throughStompPy();

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

  it.skipIf(stompPy === undefined)('has the same result through stomp.py over TCP', async () => {
    expect(await stompPy!(steps)).toEqual(expected);
  });
});
