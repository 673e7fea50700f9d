// Transactions, acknowledgements and queues: what was never begun or delivered, and more than a session may hold.
import { asked, frame, secret, subscribed, type Answer, type HostileRow } from './row.js';

const receipt = asked;
const taken: Answer = { receipt };
const unknown: Answer = { code: 'transaction-unknown', receipt };
const failed: Answer = { code: 'transaction-failed', receipt };
const unknownDelivery: Answer = { code: 'acknowledgement-unknown', receipt };
const transaction = 't';
const handlerTimeout = 30_000;

/** One frame after the other, of which only the last asks for a receipt. */
function combineReplies(...frames: readonly ReturnType<typeof frame>[]) {
  const quiet = frames.slice(0, -1).map(({ stomp, json }) => ({
    stomp: stomp.replace(`receipt:${receipt}\n`, ''),
    json: json.replace(`"receipt":"${receipt}",`, ''),
  }));
  const all = [...quiet, ...frames.slice(-1)];
  return { stomp: all.map(({ stomp }) => stomp), json: all.map(({ json }) => json) };
}

function times<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

const begin = frame('begin', { transaction });
const commit = frame('commit', { transaction });
const send = (destination: string) => frame('send', { destination, transaction });
/** Held with what may not be heard: it comes to nothing. */
const held = send('/topic/news');

function committed(name: string, destination: string): HostileRow {
  return {
    name: `a transaction with ${name}`,
    ...combineReplies(begin, held, send(destination), held, commit),
    answer: failed,
  };
}

/** A SEND of sixty thousand octets, in a transaction. */
const large = {
  stomp: held.stomp.replace('\n\n', `\n\n${'x'.repeat(60_000)}`),
  json: held.json.replace(/}$/, `,"payload":"${'x'.repeat(60_000)}"}`),
};

function acknowledged(id: string): HostileRow {
  return {
    name: `an acknowledgement of ${id}`,
    ...frame('ack', { id }),
    answer: unknownDelivery,
  };
}

export const transactions: readonly HostileRow[] = [
  { name: 'COMMIT of nothing', ...frame('commit', { transaction: secret }), answer: unknown },
  { name: 'ABORT of nothing', ...frame('abort', { transaction: secret }), answer: unknown },
  { name: 'SEND in nothing', ...send('/topic/news'), answer: unknown },
  { name: 'ACK in nothing', ...frame('ack', { id: '1', transaction: secret }), answer: unknown },
  {
    name: 'COMMIT of what every object has',
    ...frame('commit', { transaction: '__proto__' }),
    answer: unknown,
  },
  {
    name: 'BEGIN twice',
    ...combineReplies(begin, begin),
    answer: { code: 'transaction-exists', receipt },
  },
  { name: 'COMMIT twice', ...combineReplies(begin, commit, commit), answer: unknown },
  {
    name: 'COMMIT after ABORT',
    ...combineReplies(begin, held, frame('abort', { transaction }), commit),
    answer: unknown,
  },
  {
    name: 'too many transactions',
    ...combineReplies(...times(9, (i) => frame('begin', { transaction: `${secret}${i}` }))),
    answer: { code: 'transaction-limit', receipt },
  },
  {
    name: 'too many frames in a transaction',
    ...combineReplies(begin, ...times(1001, () => held)),
    answer: { code: 'transaction-limit', receipt },
  },
  {
    name: 'too many octets in a transaction',
    ...combineReplies(begin, ...times(18, () => large)),
    answer: { code: 'transaction-limit', receipt },
  },
  {
    name: 'a transaction that its client leaves open',
    ...combineReplies(begin, held),
    afterwards: 'gone',
    answer: {},
  },
  committed('a destination that nothing serves', '/app/none'),
  committed('a destination outside of everything', '/none'),
  committed('the queue of problems of another user', '/user/bystander/queue/errors'),
  committed('a handler that throws', '/app/hostile/throws/a string'),
  committed(
    'a handler that throws what cannot be touched',
    '/app/hostile/throws/a thing that cannot be touched',
  ),
  committed('a handler that returns what cannot be written', '/app/hostile/returns/a cycle'),
  committed('a handler that wants a payload', '/app/hostile/order'),
  committed('a stream', '/app/hostile/streams/a string'),
  {
    ...committed('a handler that never ends', '/app/hostile/endless'),
    lasts: handlerTimeout,
  },
  acknowledged('0'),
  acknowledged('1'),
  acknowledged('-1'),
  acknowledged('1e400'),
  acknowledged('9'.repeat(100)),
  acknowledged('__proto__'),
  {
    name: 'NACK of nothing',
    ...frame('nack', { id: secret }),
    answer: unknownDelivery,
  },
  ...['0', '-1', '1.5', '1e3', '1000000', secret, ''].map((count) => ({
    name: `a prefetch-count of '${count}'`,
    ...subscribed('/queue/x', 'new', { ack: 'client', 'prefetch-count': count }),
    answer: {
      code: 'header-invalid',
      text: 'The header prefetch-count takes a whole number from 1 to 999999.',
      receipt,
      understood: true,
    } as const,
  })),
  {
    name: 'a queue with a wildcard',
    ...subscribed('/queue/*'),
    answer: {
      code: 'destination-invalid',
      text: 'A queue is subscribed by its name, without wildcards.',
      receipt,
    },
  },
  { name: 'a queue of what every object has', ...subscribed('/queue/__proto__'), answer: taken },
];
