// A message to its handler, the time it may take, and what comes of it.
import { describe, expect, it, onTestFinished } from 'vitest';
import { Dispatcher } from '../../src/dispatch/dispatcher.js';
import type { Invocation } from '../../src/dispatch/invocation.js';
import type { Outcome, Route } from '../../src/dispatch/route.js';
import { RouteTable } from '../../src/dispatch/route-table.js';
import { MessagingError } from '../../src/message/error.js';
import { testClock } from 'signalbox/testing';
import { fakeSession } from './fake-session.js';

const session = fakeSession();
const message = {
  destination: '/app/x/7',
  headers: new Map<string, string>(),
  body: Buffer.from('hi'),
};
const request = { on: 'send', session, message, lookup: '/x/7' } as const;

function dispatcher(invoke: Route['invoke'], timeLimit?: number) {
  const clock = testClock();
  const routes = new RouteTable([{ on: 'send', pattern: '/x/{id}', handler: 'X.x', invoke }], {
    separator: '/',
  });
  return { clock, dispatcher: new Dispatcher({ routes, clock, timeLimit }) };
}

const outcome = (value: unknown): Outcome => ({ value, targets: [] });

async function failure(promise: Promise<unknown>): Promise<MessagingError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(MessagingError);
  return error as MessagingError;
}

/** Resolves when all that is ready has run. */
const settled = async () => new Promise((resolve) => setImmediate(resolve));

describe('the dispatcher', () => {
  it('gives the handler the message and what the pattern found', async () => {
    let seen: Invocation | undefined;
    const { dispatcher: d } = dispatcher((invocation) => {
      seen = invocation;
      return outcome('hello');
    });
    expect(await d.dispatch({ ...request, subscription: 'sub-0' })).toEqual(outcome('hello'));
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

  it('answers undefined where no route is', async () => {
    const { dispatcher: d } = dispatcher(() => outcome(1));
    expect(await d.dispatch({ ...request, lookup: '/y' })).toBeUndefined();
    expect(await d.dispatch({ ...request, on: 'subscribe' })).toBeUndefined();
  });

  const throwing = (thrown: unknown) => [
    dispatcher(() => {
      throw thrown;
    }),
    dispatcher(async () => Promise.reject(thrown as Error)),
  ];

  it('passes on a MessagingError', async () => {
    const own = new MessagingError('access-refused');
    for (const { dispatcher: d } of throwing(own)) {
      expect(await failure(d.dispatch(request))).toBe(own);
    }
  });

  it.each([new Error('secret'), 'secret', undefined])(
    'wraps everything else: %s',
    async (cause) => {
      for (const { dispatcher: d } of throwing(cause)) {
        const wrapped = { code: 'handler-failed', message: 'The handler failed.', cause };
        expect(await failure(d.dispatch(request))).toMatchObject(wrapped);
      }
    },
  );
});

describe('the time limit', () => {
  it('needs no timer where the handler answers at once', async () => {
    const { clock, dispatcher: d } = dispatcher(() => {
      expect(clock.timers).toHaveLength(0);
      return outcome(1);
    });
    await d.dispatch(request);
    expect(clock.timers).toHaveLength(0);
  });

  it('ends its timer with the handler', async () => {
    const { clock, dispatcher: d } = dispatcher(async () => Promise.resolve(outcome(1)));
    const result = d.dispatch(request);
    expect(clock.timers).toHaveLength(1);
    expect(await result).toEqual(outcome(1));
    expect(clock.timers).toHaveLength(0);
  });

  it('is 30 seconds: then the signal fires and the call fails', async () => {
    let signal: AbortSignal | undefined;
    const { clock, dispatcher: d } = dispatcher(async (invocation) => {
      ({ signal } = invocation);
      return new Promise(() => {});
    });
    const result = failure(d.dispatch(request));
    await clock.advance(29_999);
    expect(signal?.aborted).toBe(false);
    await clock.advance(1);
    expect(await result).toMatchObject({ code: 'handler-timeout' });
    expect(signal?.aborted).toBe(true);
    expect(signal?.reason).toMatchObject({ code: 'handler-timeout' });
  });

  it('shows in a signal that is first asked for when the time is up', async () => {
    let late: Invocation | undefined;
    const { clock, dispatcher: d } = dispatcher(async (invocation) => {
      late = invocation;
      return new Promise(() => {});
    }, 10);
    const result = failure(d.dispatch(request));
    await clock.advance(10);
    await result;
    expect(late?.signal.aborted).toBe(true);
  });

  it('drops a late value and a late failure silently', async () => {
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', onUnhandled);
    onTestFinished(() => void process.off('unhandledRejection', onUnhandled));
    for (const end of ['resolve', 'reject'] as const) {
      const late = withResolvers<Outcome>();
      const { clock, dispatcher: d } = dispatcher(async () => late.promise, 10);
      const result = failure(d.dispatch(request));
      await clock.advance(10);
      expect(await result).toMatchObject({ code: 'handler-timeout' });
      if (end === 'resolve') late.resolve(outcome(1));
      else late.reject(new Error('late'));
      await settled();
    }
    expect(unhandled).toEqual([]);
  });

  it('of 0 is none', async () => {
    const { clock, dispatcher: d } = dispatcher(async () => Promise.resolve(outcome(1)), 0);
    const result = d.dispatch(request);
    expect(clock.timers).toHaveLength(0);
    expect(await result).toEqual(outcome(1));
  });
});

describe('the signal', () => {
  it('fires with the session', async () => {
    const ending = fakeSession();
    let signal: AbortSignal | undefined;
    const { dispatcher: d } = dispatcher(async (invocation) => {
      ({ signal } = invocation);
      ending.end('gone');
      return Promise.resolve(outcome(1));
    });
    await d.dispatch({ ...request, session: ending });
    expect(signal?.reason).toBe('gone');
  });

  it('has fired where the session has ended before', async () => {
    const ended = fakeSession();
    ended.end('gone');
    let signal: AbortSignal | undefined;
    const { dispatcher: d } = dispatcher((invocation) => {
      ({ signal } = invocation);
      return outcome(1);
    });
    await d.dispatch({ ...request, session: ended });
    expect(signal?.reason).toBe('gone');
  });

  it('of a stream goes on until its subscription ends', async () => {
    const subscription = new AbortController();
    let signal: AbortSignal | undefined;
    const { dispatcher: d } = dispatcher((invocation) => {
      ({ signal } = invocation);
      return outcome((async function* () {})());
    });
    await d.dispatch({ ...request, closed: subscription.signal });
    subscription.abort('unsubscribed');
    expect(signal?.reason).toBe('unsubscribed');
  });

  it('leaves nothing behind on the session', async () => {
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
    let listening = 0;
    const { dispatcher: d } = dispatcher((invocation) => {
      expect(invocation.signal).toBe(invocation.signal);
      listening = listeners.size;
      return outcome(1);
    });
    await d.dispatch({ ...request, session: lasting });
    expect(listening).toBe(1);
    expect(listeners.size).toBe(0);
  });
});

function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: Error) => void;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
