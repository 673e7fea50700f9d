// The signals that the application receives: exceptions of listeners, and the parts of Node that take a signal.
import { exec } from 'node:child_process';
import { addAbortListener, EventEmitter, getEventListeners, on, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { addAbortSignal, PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { aborted } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { guardedController } from '../../src/session/guarded-signal.js';
import { settle, testSession } from './test-session.js';

const error = new Error('expected');
const fail = () => {
  throw error;
};

const rejecting = (() => Promise.reject(error)) as () => void;

describe('a listener on a guarded signal', () => {
  it.each<[how: string, add: (signal: AbortSignal) => void]>([
    ['throws', (signal) => signal.addEventListener('abort', fail)],
    ['is an object that throws', (signal) => signal.addEventListener('abort', objectOf(fail))],
    ['is onabort and throws', (signal) => void (signal.onabort = fail)],
    ['rejects', (signal) => signal.addEventListener('abort', rejecting)],
  ])('that %s is reported, and the others are called', async (_how, add) => {
    const reported: unknown[] = [];
    const controller = guardedController((thrown) => void reported.push(thrown));
    const other = vi.fn<() => void>();
    add(controller.signal);
    controller.signal.addEventListener('abort', other);
    controller.abort();
    await settle();
    expect(reported).toEqual([error]);
    expect(other).toHaveBeenCalledOnce();
  });

  it('is called with the signal and the event', () => {
    const { signal, controller } = guarded();
    let received: unknown;
    signal.addEventListener('abort', function (this: AbortSignal, event) {
      received = [this, event.type];
    });
    controller.abort();
    expect(received).toEqual([signal, 'abort']);
  });

  it('that is added twice is called once, and one that is removed is not called', () => {
    const { signal, controller } = guarded();
    const [twice, removed] = [vi.fn<() => void>(), vi.fn<() => void>()];
    for (const listener of [twice, twice, removed]) signal.addEventListener('abort', listener);
    signal.removeEventListener('abort', removed);
    signal.onabort = removed;
    signal.onabort = null;
    controller.abort();
    expect(twice).toHaveBeenCalledOnce();
    expect(removed).not.toHaveBeenCalled();
  });

  it('of two signals is reported for the signal that has aborted', () => {
    const reported: string[] = [];
    const [a, b] = ['a', 'b'].map((name) => guardedController(() => void reported.push(name)));
    for (const { signal } of [a!, b!]) signal.addEventListener('abort', fail);
    b!.abort();
    expect(reported).toEqual(['b']);
  });
});

it('a guarded signal refuses a listener that is not one, like any signal', () => {
  const outcome = (signal: AbortSignal) => {
    try {
      return signal.addEventListener('abort', 'x' as never);
    } catch (thrown) {
      return (thrown as Error).message;
    }
  };
  expect(outcome(guarded().signal)).toMatch('listener');
  expect(outcome(guarded().signal)).toBe(outcome(new AbortController().signal));
});

describe('a guarded signal is accepted by', () => {
  it.each<[what: string, wait: (signal: AbortSignal) => Promise<unknown>]>([
    ['fetch', async (signal) => fetch(await silentServer(), { signal })],
    ['Request', async (signal) => fetch(new Request(await silentServer(), { signal }))],
    ['timers/promises', (signal) => delay(100_000, undefined, { signal, ref: false })],
    ['events.once', (signal) => once(new EventEmitter(), 'x', { signal })],
    [
      'events.on',
      async (signal) => {
        for await (const _ of on(new EventEmitter(), 'x', { signal }));
      },
    ],
    ['events.addAbortListener', (signal) => rejection((end) => addAbortListener(signal, end))],
    ['util.aborted', async (signal) => aborted(signal, {}).then(() => signal.throwIfAborted())],
    [
      'stream.addAbortSignal',
      (signal) => rejection((end) => addAbortSignal(signal, new PassThrough()).on('error', end)),
    ],
    [
      'stream/promises',
      (signal) => pipeline(new Readable({ read() {} }), new PassThrough(), { signal }),
    ],
    ['web streams', (signal) => new ReadableStream().pipeTo(new WritableStream(), { signal })],
    ['fs', (signal) => readFile('/dev/zero', { signal })],
    [
      'child_process',
      (signal) => rejection((end) => exec('cat', { signal }, (thrown) => end(thrown))),
    ],
    [
      'AbortSignal.any',
      (signal) => delay(100_000, undefined, { signal: AbortSignal.any([signal]), ref: false }),
    ],
  ])('%s', async (_what, wait) => {
    const { signal, controller } = guarded();
    const failure = wait(signal).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    await settle();
    controller.abort();
    expect(await failure).toMatchObject({ name: 'AbortError' });
    expect(signal).toBeInstanceOf(AbortSignal);
  });

  it('events.getEventListeners, which finds no listener after the work has ended', async () => {
    const { signal } = guarded();
    await delay(0, undefined, { signal });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

it('the error of a listener on the signal of a session is logged', async () => {
  const { logged, open } = testSession();
  const { session } = open();
  session.signal.addEventListener('abort', fail);
  session.closed(1006, '');
  expect(logged).toEqual([
    { text: 'A listener on the signal of session s1 failed.', cause: error },
  ]);
});

function guarded() {
  const controller = guardedController(() => {});
  return { controller, signal: controller.signal };
}

function objectOf(handleEvent: () => void) {
  return { handleEvent } as unknown as () => void;
}

/** Rejects with the reason that `start` passes on, or with an AbortError. */
function rejection(start: (end: (reason: unknown) => void) => void): Promise<never> {
  return new Promise((_, reject) =>
    start((reason) =>
      reject(reason instanceof Error ? reason : new DOMException('', 'AbortError')),
    ),
  );
}

/** The address of a server that never answers. */
async function silentServer(): Promise<string> {
  const silent: RequestListener = () => {};
  const server = createServer(silent).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
