// The dispatcher: routes, errors, timeouts and abort signals.
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Dispatcher, type OpenStream } from '../../src/dispatch/dispatcher.js';
import {
  failedHandlerOf,
  type DispatchRequest,
  type Invocation,
} from '../../src/dispatch/invocation.js';
import type { Outcome, Route, StreamOutcome } from '../../src/dispatch/route.js';
import { RouteTable } from '../../src/dispatch/route-table.js';
import type { Clock } from '../../src/message/clock.js';
import { MessagingError } from '../../src/message/error.js';
import { silentLogger } from '../../src/message/logger.js';
import { testClock } from 'signalbox/testing';
import { fakeSession } from './fake-session.js';
import { replacing } from '../replace.js';

const session = fakeSession();
const message = {
  destination: '/app/x/7',
  headers: new Map<string, string>(),
  body: Buffer.from('hi'),
};
const request = { on: 'send', session, message, lookup: '/x/7' } as const;

function dispatcher(invoke: Route['invoke'], handlerTimeout = 30_000) {
  const logged: unknown[] = [];
  const logger = { ...silentLogger, error: (...entry: unknown[]) => void logged.push(entry) };
  const clock = testClock();
  const routes = new RouteTable([{ on: 'send', pattern: '/x/{id}', handler: 'X.x', invoke }], {
    separator: '/',
  });
  const inner = new Dispatcher({ routes, clock, logger, handlerTimeout });
  return {
    clock,
    logged,
    /** Also rejects where the dispatcher throws at once. */
    dispatch: async (given: DispatchRequest) => inner.dispatch(given),
  };
}

const outcome = (value: unknown): Outcome => ({ kind: 'value', value, targets: [] });

const streamOutcome = (
  recover: StreamOutcome['recover'] = () => ({ kind: 'none' }),
): StreamOutcome => ({ kind: 'stream', stream: (async function* () {})(), targets: [], recover });

async function failure(promise: Promise<unknown>): Promise<MessagingError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(MessagingError);
  return error as MessagingError;
}

/** Resolves after all pending microtasks. */
const settled = async () => new Promise((resolve) => setImmediate(resolve));

describe('the dispatcher', () => {
  it('calls the handler with the message and the variables of the pattern', async () => {
    let seen: Invocation | undefined;
    const { dispatch } = dispatcher((invocation) => {
      seen = invocation;
      return outcome('hello');
    });
    expect(await dispatch({ ...request, subscription: 'sub-0' })).toEqual(outcome('hello'));
    expect(seen).toMatchObject({
      on: 'send',
      session,
      message,
      lookup: '/x/7',
      subscription: 'sub-0',
      error: undefined,
    });
    expect(seen?.variables).toEqual(new Map([['id', '7']]));
  });

  it('returns undefined when no route matches', async () => {
    const { dispatch } = dispatcher(() => outcome(1));
    expect(await dispatch({ ...request, lookup: '/y' })).toBeUndefined();
    expect(await dispatch({ ...request, on: 'subscribe' })).toBeUndefined();
  });

  const throwing = (thrown: unknown) => [
    dispatcher(() => {
      throw thrown;
    }),
    dispatcher(async () => Promise.reject(thrown as Error)),
  ];

  it('rejects with the MessagingError that a handler throws', async () => {
    const own = new MessagingError('access-refused');
    for (const { dispatch } of throwing(own)) {
      expect(await failure(dispatch(request))).toBe(own);
    }
  });

  it.each([new Error('secret'), 'secret', undefined])(
    'wraps other thrown values in handler-failed: %s',
    async (cause) => {
      for (const { dispatch } of throwing(cause)) {
        const wrapped = { code: 'handler-failed', message: 'The handler failed.', cause };
        expect(await failure(dispatch(request))).toMatchObject(wrapped);
      }
    },
  );
});

describe('the handler timeout', () => {
  const never = async () => new Promise<Outcome>(() => {});

  it('needs no timer for a synchronous handler', async () => {
    const { clock, dispatch } = dispatcher(() => outcome(1));
    const soon = vi.spyOn(clock, 'soon');
    await dispatch(request);
    expect(soon).not.toHaveBeenCalled();
    expect(clock.timers).toHaveLength(0);
  });

  it('needs no timer for a handler that settles in the turn in which it began', async () => {
    const { clock, dispatch } = dispatcher(async () => Promise.resolve(outcome(1)));
    expect(await dispatch(request)).toEqual(outcome(1));
    await clock.advance(0);
    expect(clock.timers).toHaveLength(0);
  });

  it('has one timer for all handlers, and none when all have settled', async () => {
    const handlers = Array.from({ length: 3 }, () => withResolvers<Outcome>());
    const waiting = handlers.map(({ promise }) => promise);
    const { clock, dispatch } = dispatcher(async () => waiting.shift()!);
    const results = handlers.map(async () => dispatch(request));
    await clock.advance(0);
    expect(clock.timers).toHaveLength(1);
    for (const i of [1, 0, 2]) {
      expect(clock.timers).toHaveLength(1);
      handlers[i]!.resolve(outcome(i));
      await results[i];
    }
    expect(clock.timers).toHaveLength(0);
    expect(await Promise.all(results)).toEqual([0, 1, 2].map(outcome));
  });

  it('expires each handler after its own time', async () => {
    const { clock, dispatch } = dispatcher(never, 1000);
    const failed: number[] = [];
    for (let i = 0; i < 3; i++) {
      void failure(dispatch(request)).then(() => failed.push(i));
      await clock.advance(0);
      await clock.advance(100);
    }
    for (const expected of [[], [0], [0, 1], [0, 1, 2]]) {
      await settled();
      expect(failed).toEqual(expected);
      await clock.advance(expected.length === 0 ? 700 : 100);
    }
    expect(clock.timers).toHaveLength(0);
  });

  it('expires a handler whose deadline passed before the end of the turn in which it began', async () => {
    const clock = testClock();
    let blocked = 0;
    // As when synchronous code blocks the event loop.
    const late: Clock = replacing(clock, { now: () => clock.now() + blocked });
    const route: Route = { on: 'send', pattern: '/x/{id}', handler: 'X.x', invoke: never };
    const routes = new RouteTable([route], { separator: '/' });
    const inner = new Dispatcher({ routes, clock: late, logger: silentLogger, handlerTimeout: 10 });
    const result = failure(Promise.resolve(inner.dispatch(request)));
    blocked = 10;
    await clock.advance(0);
    expect(await result).toMatchObject({ code: 'handler-timeout' });
    expect(clock.timers).toHaveLength(0);
  });

  it('never expires a handler early, although timers may be early', async () => {
    const clock = testClock();
    // As fast as a clock of the system that truncates milliseconds.
    const early: Clock = replacing(clock, {
      after: (delay, action) => clock.after(delay - 0.5, action),
    });
    const routes = new RouteTable(
      [{ on: 'send', pattern: '/x/{id}', handler: 'X.x', invoke: never }],
      { separator: '/' },
    );
    const inner = new Dispatcher({
      routes,
      clock: early,
      logger: silentLogger,
      handlerTimeout: 10,
    });
    let failed = false;
    void Promise.resolve(inner.dispatch(request)).catch(() => (failed = true));
    await clock.advance(0);
    await clock.advance(9.75);
    await settled();
    expect(failed).toBe(false);
    expect(clock.timers).toHaveLength(1);
    await clock.advance(0.75);
    await settled();
    expect(failed).toBe(true);
  });

  it('logs the error of a listener on the signal, with the name of the handler', async () => {
    const error = new Error('expected');
    const { clock, dispatch, logged } = dispatcher(async ({ signal }) => {
      signal.addEventListener('abort', () => {
        throw error;
      });
      return never();
    }, 10);
    const result = failure(dispatch(request));
    await clock.advance(0);
    await clock.advance(10);
    expect(await result).toMatchObject({ code: 'handler-timeout' });
    expect(logged).toEqual([['A listener on the signal of X.x failed.', error]]);
  });

  it('aborts the signal, then fails the call', async () => {
    let signal: AbortSignal | undefined;
    const { clock, dispatch } = dispatcher(async (invocation) => {
      ({ signal } = invocation);
      return never();
    });
    const result = failure(dispatch(request));
    await clock.advance(0);
    await clock.advance(29_999);
    expect(signal?.aborted).toBe(false);
    await clock.advance(1);
    expect(signal?.reason).toMatchObject({ code: 'handler-timeout' });
    expect(await result).toMatchObject({ code: 'handler-timeout' });
  });

  it('aborts a signal that is first read afterwards', async () => {
    let late: Invocation | undefined;
    const { clock, dispatch } = dispatcher(async (invocation) => {
      late = invocation;
      return never();
    }, 10);
    const result = failure(dispatch(request));
    await clock.advance(0);
    await clock.advance(10);
    await result;
    expect(late?.signal.aborted).toBe(true);
  });

  it('drops a late value and a late error', async () => {
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', onUnhandled);
    onTestFinished(() => void process.off('unhandledRejection', onUnhandled));
    for (const end of ['resolve', 'reject'] as const) {
      const late = withResolvers<Outcome>();
      const { clock, dispatch } = dispatcher(async () => late.promise, 10);
      const result = failure(dispatch(request));
      await clock.advance(0);
      await clock.advance(10);
      expect(await result).toMatchObject({ code: 'handler-timeout' });
      if (end === 'resolve') late.resolve(outcome(1));
      else late.reject(new Error('late'));
      await settled();
    }
    expect(unhandled).toEqual([]);
  });

  it('is disabled by 0', async () => {
    const { clock, dispatch } = dispatcher(async () => Promise.resolve(outcome(1)), 0);
    const soon = vi.spyOn(clock, 'soon');
    expect(await dispatch(request)).toEqual(outcome(1));
    expect(soon).not.toHaveBeenCalled();
    expect(clock.timers).toHaveLength(0);
  });

  it.each<[string, StreamOutcome['recover']]>([
    [
      'at once',
      (thrown) => {
        throw thrown;
      },
    ],
    ['later', async (thrown) => Promise.reject(thrown as Error)],
  ])(
    'the handler of a stream whose failure is not handled is known: %s',
    async (_text, recover) => {
      const { dispatch } = dispatcher(() => streamOutcome(recover));
      const stream = (await dispatch(request)) as OpenStream;
      const failed = await failure((async () => stream.recover(new Error('broken')))());
      expect(failed).toMatchObject({ code: 'handler-failed', cause: new Error('broken') });
      expect(failedHandlerOf(failed)).toBe('X.x');
    },
  );

  it('limits the exception handler of a stream as well', async () => {
    const { clock, dispatch } = dispatcher(() => streamOutcome(never), 10);
    const stream = (await dispatch(request)) as OpenStream;
    const result = failure(Promise.resolve(stream.recover(new Error('broken'))));
    await clock.advance(0);
    await clock.advance(10);
    expect(await result).toMatchObject({ code: 'handler-timeout' });
  });
});

describe('the signal', () => {
  it('fires when the session ends', async () => {
    const ending = fakeSession();
    let signal: AbortSignal | undefined;
    const { dispatch } = dispatcher(async (invocation) => {
      ({ signal } = invocation);
      ending.end('gone');
      return Promise.resolve(outcome(1));
    });
    await dispatch({ ...request, session: ending });
    expect(signal?.reason).toBe('gone');
  });

  it('has already fired when the session ended before', async () => {
    const ended = fakeSession();
    ended.end('gone');
    let signal: AbortSignal | undefined;
    const { dispatch } = dispatcher((invocation) => {
      ({ signal } = invocation);
      return outcome(1);
    });
    await dispatch({ ...request, session: ended });
    expect(signal?.reason).toBe('gone');
  });

  it('of a stream fires when its subscription ends', async () => {
    const subscription = new AbortController();
    let signal: AbortSignal | undefined;
    const { dispatch } = dispatcher((invocation) => {
      ({ signal } = invocation);
      return streamOutcome();
    });
    await dispatch({ ...request, closed: subscription.signal });
    subscription.abort('unsubscribed');
    expect(signal?.reason).toBe('unsubscribed');
  });

  it('removes its listener from the session after the call', async () => {
    const { lasting, listeners } = observedSession();
    let listening = 0;
    const { dispatch } = dispatcher((invocation) => {
      expect(invocation.signal).toBe(invocation.signal);
      listening = listeners.size;
      return outcome(1);
    });
    await dispatch({ ...request, session: lasting });
    expect(listening).toBe(1);
    expect(listeners.size).toBe(0);
  });

  it('of a stream removes its listener from the session when the stream ends', async () => {
    const { lasting, listeners } = observedSession();
    const { dispatch } = dispatcher((invocation) => {
      expect(invocation.signal.aborted).toBe(false);
      return streamOutcome();
    });
    const stream = (await dispatch({ ...request, session: lasting })) as OpenStream;
    expect(listeners.size).toBe(1);
    stream.end();
    expect(listeners.size).toBe(0);
  });
});

/** A session, and the listeners of its signal. */
function observedSession() {
  const lasting = fakeSession();
  const listeners = new Set<unknown>();
  const { signal } = lasting;
  const add = signal.addEventListener.bind(signal) as (...given: unknown[]) => void;
  const remove = signal.removeEventListener.bind(signal) as (...given: unknown[]) => void;
  Object.assign(signal, {
    addEventListener: (type: string, listener: unknown, options: unknown) => {
      listeners.add(listener);
      add(type, listener, options);
    },
    removeEventListener: (type: string, listener: unknown) => {
      listeners.delete(listener);
      remove(type, listener);
    },
  });
  return { lasting, listeners };
}

function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: Error) => void;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
