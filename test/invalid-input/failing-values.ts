// What an application's handlers may throw, return and iterate, of which nothing may reach a client or harm the server.
import { inspect } from 'node:util';
import type { ErrorCode } from '../../src/index.js';
import { secret } from './case.js';

const fail = (): never => {
  throw new Error(secret);
};

const deep = Array.from({ length: 10_000 }).reduce<Error>(
  (cause) => new Error(secret, { cause }),
  new Error(secret),
);

const ownCause = new Error(secret);
ownCause.cause = ownCause;

/** Throws at whatever is done with it. */
const untouchable: object = new Proxy(
  {},
  { get: fail, has: fail, getPrototypeOf: fail, ownKeys: fail },
);

export const oddErrors: Readonly<Record<string, unknown>> = {
  undefined,
  null: null,
  'a string': secret,
  'a number': 0,
  'a symbol': Symbol(secret),
  'a function': fail,
  'an object without prototype': Object.create(null) as object,
  'a frozen error': Object.freeze(new Error(secret)),
  'an error whose message throws': Object.defineProperty(new Error(), 'message', { get: fail }),
  'an error whose stack throws': Object.defineProperty(new Error(), 'stack', { get: fail }),
  'an error whose cause throws': Object.defineProperty(new Error(), 'cause', { get: fail }),
  'an error whose toString throws': Object.assign(new Error(secret), { toString: fail }),
  'an error that cannot be shown': Object.assign(new Error(secret), { [inspect.custom]: fail }),
  'an error that is its own cause': ownCause,
  'an error of ten thousand causes': deep,
  'a thing that cannot be touched': untouchable,
};

/** Has `then` from where promises have it, and is none. */
export const noPromise = Object.create(Promise.prototype) as unknown;

const nested = Array.from({ length: 100_000 }).reduce<object>((value) => [value], []);
const cycle: { self?: object } = {};
cycle.self = cycle;

export const unwritable: Readonly<Record<string, unknown>> = {
  'a cycle': cycle,
  'a BigInt': { n: 1n },
  'a function': fail,
  'a symbol': Symbol(secret),
  'more levels than there is stack': nested,
  'what throws when it is written': { toJSON: fail },
  'what throws when it is read': Object.defineProperty({}, 'x', { get: fail, enumerable: true }),
};

interface BrokenStream {
  readonly iterate: () => AsyncIterator<unknown>;
  /** The problem that its sender is told of; absent where there is none. */
  readonly code?: ErrorCode;
}

const item = (value: unknown) => async () => ({ done: false, value });
const never = () => new Promise<never>(() => {});
const nothing = undefined as unknown as Promise<IteratorResult<unknown>>;

/** Never begins: its frame has failed. */
export const notIterable: Readonly<Record<string, BrokenStream['iterate']>> = {
  'that cannot be iterated': fail,
};

export const brokenStreams: Readonly<Record<string, BrokenStream>> = {
  'whose iterator is none': {
    iterate: () => undefined as unknown as AsyncIterator<unknown>,
    code: 'handler-failed',
  },
  'whose next throws at once': { iterate: () => ({ next: fail }), code: 'handler-failed' },
  'whose next answers nothing': {
    iterate: () => ({ next: () => nothing }),
    code: 'handler-failed',
  },
  'of what cannot be written': {
    iterate: () => ({ next: item(cycle) }),
    code: 'payload-unwritable',
  },
  'whose return throws at once': {
    iterate: () => ({ next: item(cycle), return: fail }),
    code: 'payload-unwritable',
  },
  'whose return rejects': {
    iterate: () => ({ next: item(cycle), return: async () => fail() }),
    code: 'payload-unwritable',
  },
  'whose return answers nothing': {
    iterate: () => ({ next: item(cycle), return: () => nothing }),
    code: 'payload-unwritable',
  },
  'that waits for ever': { iterate: () => ({ next: never }) },
  'that waits for ever and whose return throws at once': {
    iterate: () => ({ next: never, return: fail }),
  },
  'that waits for ever and whose return answers nothing': {
    iterate: () => ({ next: never, return: () => nothing }),
  },
  'that waits for ever and whose return never ends': {
    iterate: () => ({ next: never, return: never }),
  },
};
