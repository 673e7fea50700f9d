// Streams: item after item, until they end or are stopped.
import { describe, expect, it } from 'vitest';
import { publishStream } from '../../src/server/stream.js';

const settle = () => new Promise((resolve) => setImmediate(resolve));

async function* counting(log: string[], gate: () => Promise<void> = async () => {}) {
  try {
    for (let i = 1; i <= 3; i++) {
      await gate();
      yield i;
    }
  } finally {
    log.push('closed');
  }
}

describe('a stream', () => {
  it('publishes each item, one at a time, and leaves out undefined and null', async () => {
    const published: unknown[] = [];
    async function* items() {
      yield* [1, undefined, null, 2];
    }
    await publishStream(
      items(),
      async (item) => void published.push(item),
      new AbortController().signal,
    );
    expect(published).toEqual([1, 2]);
  });

  it('stops when its signal fires, closes the iterator and drops what still comes', async () => {
    const log: string[] = [];
    const published: unknown[] = [];
    const controller = new AbortController();
    let open = () => {};
    const gate = () => new Promise<void>((resolve) => (open = resolve));
    const stream = publishStream(
      counting(log, gate),
      async (item) => void published.push(item),
      controller.signal,
    );
    await settle();
    open();
    await settle();
    controller.abort();
    open();
    await stream;
    expect([published, log]).toEqual([[1], ['closed']]);
  });

  it('rejects with what the iterator throws, but not after it was stopped', async () => {
    const boom = new Error('boom');
    async function* failing(): AsyncGenerator<number> {
      yield 1;
      throw boom;
    }
    await expect(
      publishStream(failing(), async () => {}, new AbortController().signal),
    ).rejects.toBe(boom);
    const controller = new AbortController();
    const stopping = publishStream(failing(), async () => controller.abort(), controller.signal);
    await expect(stopping).resolves.toBeUndefined();
  });

  it.each([
    [
      'throws at once',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
    ['answers nothing', () => undefined as never],
  ])('is over where closing it %s', async (_, close) => {
    const controller = new AbortController();
    const next = async () => {
      controller.abort();
      return { done: false, value: 1 };
    };
    const stream = publishStream({ next, return: close }, async () => {}, controller.signal);
    await expect(stream).resolves.toBeUndefined();
  });

  it('closes the iterator when an item cannot be published', async () => {
    const log: string[] = [];
    const publish = () => Promise.reject(new Error('no'));
    await expect(
      publishStream(counting(log), publish, new AbortController().signal),
    ).rejects.toThrow('no');
    await settle();
    expect(log).toEqual(['closed']);
  });
});
