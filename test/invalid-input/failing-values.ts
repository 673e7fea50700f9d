// Values that handlers may throw, return and iterate, which must not reach a client or harm the server.
import { inspect } from 'node:util';
import type { ErrorCode } from '../../src/index.js';

/** A text that clients send or handlers throw, and that must not be sent to a client. */
export const secret = 'h4rmful';

const fail = (): never => {
  throw new Error(secret);
};

const deep = Array.from({ length: 10_000 }).reduce<Error>(
  (cause) => new Error(secret, { cause }),
  new Error(secret),
);

const ownCause = new Error(secret);
ownCause.cause = ownCause;

/** Throws at every access. */
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
  'a proxy that throws': untouchable,
};

/** Inherits `then` from promises, but is not a promise. */
export const noPromise = Object.create(Promise.prototype) as unknown;

const nested = Array.from({ length: 100_000 }).reduce<object>((value) => [value], []);
const cycle: { self?: object } = {};
cycle.self = cycle;

export const unwritable: Readonly<Record<string, unknown>> = {
  'a cycle': cycle,
  'a BigInt': { n: 1n },
  'a function': fail,
  'a symbol': Symbol(secret),
  'a deeply nested array': nested,
  'an object whose toJSON throws': { toJSON: fail },
  'an object whose getter throws': Object.defineProperty({}, 'x', { get: fail, enumerable: true }),
};

const item = (value: unknown) => async () => ({ done: false, value });
const never = () => new Promise<never>(() => {});
const nothing = () => undefined as never;

/** Streams that never begin, so that their frames fail. */
export const notIterable: Readonly<Record<string, () => AsyncIterator<unknown>>> = {
  'that cannot be iterated': fail,
};

interface BrokenStream {
  readonly iterate: () => AsyncIterator<unknown>;
  /** The problem that the sender receives, if any. */
  readonly code?: ErrorCode;
}

const failing = (iterate: BrokenStream['iterate']): BrokenStream => ({
  iterate,
  code: 'handler-failed',
});
const ofCycles = (end: Partial<AsyncIterator<unknown>> = {}): BrokenStream => ({
  iterate: () => ({ next: item(cycle), ...end }),
  code: 'payload-unwritable',
});
const waiting = (end: Partial<AsyncIterator<unknown>> = {}): BrokenStream => ({
  iterate: () => ({ next: never, ...end }),
});

export const brokenStreams: Readonly<Record<string, BrokenStream>> = {
  'without an iterator': failing(nothing),
  'whose next throws': failing(() => ({ next: fail })),
  'whose next returns undefined': failing(() => ({ next: nothing })),
  'of unwritable values': ofCycles(),
  'whose return throws': ofCycles({ return: fail }),
  'whose return rejects': ofCycles({ return: async () => fail() }),
  'whose return returns undefined': ofCycles({ return: nothing }),
  'that waits forever': waiting(),
  'that waits forever and whose return throws': waiting({ return: fail }),
  'that waits forever and whose return returns undefined': waiting({ return: nothing }),
  'that waits forever and whose return never settles': waiting({ return: never }),
};
