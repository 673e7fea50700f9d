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
import { shown, type Play, type Seen, type Step } from './scenario.js';
import { throughStompjs } from './stompjs.js';

const lobby = '/topic/rooms/lobby';
const say = '/app/rooms/lobby/say';
const jobs = '/queue/jobs';

const steps: readonly Step[] = [
  { who: 'eve', do: 'connect', passcode: 'wrong' },
  { who: 'ann', do: 'connect', passcode: 'secret' },
  { who: 'bob', do: 'connect', passcode: 'secret' },

  { who: 'ann', do: 'subscribe', as: 'problems', destination: '/user/queue/errors' },
  { who: 'ann', do: 'subscribe', as: 'lobby', destination: lobby },
  { who: 'bob', do: 'subscribe', as: 'rooms', destination: '/topic/rooms/*' },
  { who: 'ann', do: 'subscribe', as: 'welcome', destination: '/app/rooms/lobby/topic' },
  { who: 'ann', do: 'next', of: 'welcome' },

  { who: 'ann', do: 'send', destination: say, payload: { text: 'hi, Zo\u00eb \u{1f642}' } },
  { who: 'bob', do: 'send', destination: say, payload: { text: 'a:b\\c' } },
  { who: 'ann', do: 'next', of: 'lobby' },
  { who: 'ann', do: 'next', of: 'lobby' },
  { who: 'bob', do: 'next', of: 'rooms' },
  { who: 'bob', do: 'next', of: 'rooms' },

  { who: 'bob', do: 'subscribe', as: 'whispers', destination: '/user/queue/whispers' },
  { who: 'bob', do: 'send', destination: '/app/rooms/lobby/whisper', payload: { text: 'me' } },
  { who: 'bob', do: 'next', of: 'whispers' },

  { who: 'ann', do: 'send', destination: say, payload: { text: '' } },
  { who: 'ann', do: 'next', of: 'problems' },
  { who: 'ann', do: 'send', destination: '/app/nowhere', payload: 1 },
  { who: 'ann', do: 'next', of: 'problems' },
  { who: 'ann', do: 'send', destination: '/app/rooms/lobby/fail', payload: null },
  { who: 'ann', do: 'next', of: 'problems' },
  { who: 'ann', do: 'rest', of: 'lobby' },

  { who: 'ann', do: 'send', destination: jobs, payload: 'one' },
  { who: 'ann', do: 'send', destination: jobs, payload: 'two' },
  { who: 'ann', do: 'subscribe', as: 'jobs', destination: jobs, ack: 'client-individual' },
  { who: 'ann', do: 'next', of: 'jobs' },
  { who: 'ann', do: 'ack', of: 'jobs' },
  { who: 'ann', do: 'next', of: 'jobs' },
  { who: 'ann', do: 'nack', of: 'jobs' },
  { who: 'ann', do: 'next', of: 'jobs' },
  { who: 'ann', do: 'unsubscribe', of: 'jobs' },
  { who: 'bob', do: 'subscribe', as: 'jobs', destination: jobs, ack: 'client' },
  { who: 'bob', do: 'next', of: 'jobs' },
  { who: 'bob', do: 'ack', of: 'jobs' },

  { who: 'bob', do: 'begin', transaction: 't-1' },
  { who: 'bob', do: 'send', destination: say, payload: { text: 'first' }, transaction: 't-1' },
  { who: 'bob', do: 'send', destination: lobby, payload: 'second', transaction: 't-1' },
  { who: 'ann', do: 'rest', of: 'lobby' },
  { who: 'bob', do: 'commit', transaction: 't-1' },
  { who: 'ann', do: 'next', of: 'lobby' },
  { who: 'ann', do: 'next', of: 'lobby' },
  { who: 'bob', do: 'begin', transaction: 't-2' },
  { who: 'bob', do: 'send', destination: lobby, payload: 'never', transaction: 't-2' },
  { who: 'bob', do: 'abort', transaction: 't-2' },
  { who: 'bob', do: 'disconnect' },
  { who: 'ann', do: 'send', destination: say, payload: { text: 'bye' } },
  { who: 'ann', do: 'next', of: 'lobby' },
  { who: 'ann', do: 'rest', of: 'lobby' },
  { who: 'ann', do: 'disconnect' },
];

const ann = (of: string, destination: string, payload: unknown, redelivered = false): Seen => ({
  who: 'ann',
  of,
  destination,
  payload,
  redelivered,
});

const bob = (...message: Parameters<typeof ann>): Seen =>
  ({ ...ann(...message), who: 'bob' }) as Seen;

const seen: readonly Seen[] = [
  { who: 'eve', refused: 'Access refused.' },
  ann('welcome', '/app/rooms/lobby/topic', 'Welcome to lobby.'),
  ann('lobby', lobby, { text: 'hi, Zo\u00eb \u{1f642}', by: 'ann' }),
  ann('lobby', lobby, { text: 'a:b\\c', by: 'bob' }),
  bob('rooms', lobby, { text: 'hi, Zo\u00eb \u{1f642}', by: 'ann' }),
  bob('rooms', lobby, { text: 'a:b\\c', by: 'bob' }),
  bob('whispers', '/user/queue/whispers', 'psst: me'),
  ann('problems', '/user/queue/errors', { code: 'payload-invalid', destination: say }),
  ann('problems', '/user/queue/errors', { code: 'no-route', destination: '/app/nowhere' }),
  ann('problems', '/user/queue/errors', {
    code: 'handler-failed',
    destination: '/app/rooms/lobby/fail',
  }),
  { who: 'ann', of: 'lobby', left: 0 },
  ann('jobs', jobs, 'one'),
  ann('jobs', jobs, 'two'),
  ann('jobs', jobs, 'two', true),
  bob('jobs', jobs, 'two', true),
  { who: 'ann', of: 'lobby', left: 0 },
  ann('lobby', lobby, { text: 'first', by: 'bob' }),
  ann('lobby', lobby, 'second'),
  ann('lobby', lobby, { text: 'bye', by: 'ann' }),
  { who: 'ann', of: 'lobby', left: 0 },
];

interface Actor {
  readonly client: TestClient;
  readonly protocol: 'stomp' | 'json';
  readonly subscriptions: Map<string, TestSubscription>;
  readonly latest: Map<string, ReceivedMessage>;
}

function throughKit(protocol: 'stomp' | 'json'): Play {
  return async (steps) => {
    await using app = await testServer({ ...application, protocol });
    const actors = new Map<string, Actor>();
    const seen: Seen[] = [];
    for (const step of steps) {
      if (step.do !== 'connect') {
        seen.push(...(await take(step, actors.get(step.who)!)));
        continue;
      }
      const { who, passcode } = step;
      const client = await app.connect({ login: who, passcode, problems: false });
      if (client.connected)
        actors.set(who, { client, protocol, subscriptions: new Map(), latest: new Map() });
      else seen.push({ who, refused: client.error!.message });
    }
    return seen;
  };
}

async function take(
  step: Exclude<Step, { do: 'connect' }>,
  { client, protocol, subscriptions, latest }: Actor,
): Promise<readonly Seen[]> {
  const { who } = step;
  switch (step.do) {
    case 'subscribe': {
      const { as, destination, ack = 'auto' } = step;
      subscriptions.set(as, await client.subscribe(destination, { id: as, ack }));
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
      if (protocol === 'json' && step.of === 'problems') return [problemOf(client)];
      const message = await subscriptions.get(step.of)!.next();
      latest.set(step.of, message);
      const { destination, payload, redelivered = 0 } = message;
      return [
        { who, of: step.of, destination, payload: shown(payload), redelivered: redelivered > 0 },
      ];
    }
    case 'rest': {
      const left = await subscriptions.get(step.of)!.drain();
      return [{ who, of: step.of, left: left.length }];
    }
    case 'ack':
    case 'nack':
      await client[step.do](latest.get(step.of)!);
      return [];
    case 'begin':
    case 'commit':
    case 'abort':
      await client[step.do](step.transaction);
      return [];
    case 'unsubscribe':
      await subscriptions.get(step.of)!.unsubscribe();
      return [];
    case 'disconnect':
      await client.disconnect();
      return [];
    default:
      return step satisfies never;
  }
}

/** The latest problem, in the form of a message. */
function problemOf(client: TestClient): Seen {
  const payload = shown(client.problems.at(-1));
  const destination = '/user/queue/errors';
  return { who: client.user!, of: 'problems', destination, payload, redelivered: false };
}

const program = new URL('stomp-py.py', import.meta.url);

/** Undefined without stomp.py. */
function throughStompPy(): Play | undefined {
  const python = findStompPy();
  if (python === undefined) return undefined;
  return async (steps) => {
    const transport = tcpTransport({ port: 0 });
    const server = await createServer({ ...application, transports: [transport] });
    await server.start();
    try {
      const { port } = transport.address()!;
      return JSON.parse(await python(program, [`${port}`, JSON.stringify(steps)])) as Seen[];
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
      expect(await throughKit(protocol)(steps)).toEqual(seen);
    },
  );

  it('has the same result through @stomp/stompjs over WebSocket', async () => {
    expect(await throughStompjs(steps)).toEqual(seen);
  });

  it.skipIf(stompPy === undefined)('has the same result through stomp.py over TCP', async () => {
    expect(await stompPy!(steps)).toEqual(seen);
  });
});
