// Transactions, acknowledgements and queues: unknown names, and more than a session may hold.
import type { ErrorCode } from '../../src/index.js';
import {
  frame,
  receipt,
  secret,
  subscribe,
  testInvalidInput,
  type Answer,
  type InvalidInput,
} from './case.js';

const accepted: Answer = { receipt };
const unknown: Answer = { code: 'transaction-unknown', receipt };
const failed: Answer = { code: 'transaction-failed', receipt };
const unknownDelivery: Answer = { code: 'acknowledgement-unknown', receipt };
const transaction = 't';
const handlerTimeout = 30_000;

/** A sequence of frames, of which only the last asks for a receipt. */
function sequence(...frames: readonly ReturnType<typeof frame>[]) {
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
const sendInTransaction = (destination: string) => frame('send', { destination, transaction });
/** A message of a transaction that fails, so that it is never delivered. */
const held = sendInTransaction('/topic/news');

function committed(name: string, destination: string, cause?: ErrorCode): InvalidInput {
  return {
    name: `a transaction with ${name}`,
    ...sequence(begin, held, sendInTransaction(destination), held, commit),
    answer: cause === undefined ? failed : { ...failed, cause },
  };
}

/** A SEND of sixty thousand bytes in a transaction. */
const large = {
  stomp: held.stomp.replace('\n\n', `\n\n${'x'.repeat(60_000)}`),
  json: held.json.replace(/}$/, `,"payload":"${'x'.repeat(60_000)}"}`),
};

function acknowledged(id: string): InvalidInput {
  return {
    name: `an acknowledgement of ${id}`,
    ...frame('ack', { id }),
    answer: unknownDelivery,
  };
}

testInvalidInput([
  {
    name: 'COMMIT of an unknown transaction',
    ...frame('commit', { transaction: secret }),
    answer: unknown,
  },
  {
    name: 'ABORT of an unknown transaction',
    ...frame('abort', { transaction: secret }),
    answer: unknown,
  },
  { name: 'SEND in an unknown transaction', ...sendInTransaction('/topic/news'), answer: unknown },
  {
    name: 'ACK in an unknown transaction',
    ...frame('ack', { id: '1', transaction: secret }),
    answer: unknown,
  },
  {
    name: 'COMMIT of a transaction named like a member of objects',
    ...frame('commit', { transaction: '__proto__' }),
    answer: unknown,
  },
  {
    name: 'BEGIN twice',
    ...sequence(begin, begin),
    answer: { code: 'transaction-exists', receipt },
  },
  { name: 'COMMIT twice', ...sequence(begin, commit, commit), answer: unknown },
  {
    name: 'COMMIT after ABORT',
    ...sequence(begin, held, frame('abort', { transaction }), commit),
    answer: unknown,
  },
  {
    name: 'too many transactions',
    ...sequence(...times(9, (i) => frame('begin', { transaction: `${secret}${i}` }))),
    answer: {
      code: 'transaction-limit',
      text: 'A session may have at most 8 open transactions (limits.maxTransactions).',
      receipt,
    },
  },
  {
    name: 'too many frames in a transaction',
    ...sequence(begin, ...times(1001, () => held)),
    answer: {
      code: 'transaction-limit',
      text: 'A transaction may have at most 1000 frames (limits.maxTransactionFrames).',
      receipt,
    },
  },
  {
    name: 'too many bytes in a transaction',
    ...sequence(begin, ...times(18, () => large)),
    answer: {
      code: 'transaction-limit',
      text: 'The transactions of a session may have together at most 1048576 bytes (limits.maxTransactionBytes).',
      receipt,
    },
  },
  {
    name: 'a transaction that the client does not end',
    ...sequence(begin, held),
    afterwards: 'vanish',
    answer: {},
  },
  committed('an unknown handler', '/app/none'),
  committed('a destination without a known prefix', '/none'),
  committed('the problem queue of another user', '/user/bystander/queue/errors'),
  committed('a handler that throws', '/app/failing/throws/a string', 'handler-failed'),
  committed(
    'a handler that throws a proxy that throws',
    '/app/failing/throws/a proxy that throws',
    'handler-failed',
  ),
  committed(
    'a handler that returns an unwritable value',
    '/app/failing/returns/a cycle',
    'payload-unwritable',
  ),
  committed('a handler that needs a payload', '/app/failing/order'),
  committed('a stream', '/app/failing/streams/a string'),
  {
    ...committed('a handler that never returns', '/app/failing/endless', 'handler-timeout'),
    delay: handlerTimeout,
  },
  acknowledged('0'),
  acknowledged('1'),
  acknowledged('-1'),
  acknowledged('1e400'),
  acknowledged('9'.repeat(100)),
  acknowledged('__proto__'),
  {
    name: 'NACK of an unknown delivery',
    ...frame('nack', { id: secret }),
    answer: unknownDelivery,
  },
  ...['0', '-1', '1.5', '1e3', '1000000', secret, ''].map((count) => ({
    name: `a prefetch-count of '${count}'`,
    ...subscribe('/queue/x', 'new', { ack: 'client', 'prefetch-count': count }),
    answer: {
      code: 'header-refused',
      text: 'The header prefetch-count must be a whole number from 1 to 1000.',
      receipt,
      decoded: true,
    } as const,
  })),
  {
    name: 'a queue with a wildcard',
    ...subscribe('/queue/*'),
    answer: {
      code: 'destination-invalid',
      text: 'A subscription of a queue names one queue, without wildcards.',
      receipt,
    },
  },
  {
    name: 'a queue named like a member of objects',
    ...subscribe('/queue/__proto__'),
    answer: accepted,
  },
]);
