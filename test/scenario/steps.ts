// What happens in the scenario: rooms, whispers, problems, a queue shared by two, and transactions.
import type { Seen, Step } from './scenario.js';

const lobby = '/topic/rooms/lobby';
const say = '/app/rooms/lobby/say';
const jobs = '/queue/jobs';

export const steps: readonly Step[] = [
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

const bob = (...said: Parameters<typeof ann>): Seen => ({ ...ann(...said), who: 'bob' }) as Seen;

export const seen: readonly Seen[] = [
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
