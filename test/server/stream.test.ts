// Streams: their items, and their end.
import { describe, expect, it } from 'vitest';
import { publishStream } from '../../src/server/stream.js';

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

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
  it('publishes the items one at a time, and omits undefined and null', async () => {
    const published: unknown[] = [];
    async function* items() {
      yield* [1, undefined, null, 2];
    }
    await publishStream(
      items(),
      async (item) => void published.push(item),
      new AbortController().signal,
      settle,
    );
    expect(published).toEqual([1, 2]);
  });

  it('stops when its signal is aborted, closes the iterator and drops later items', async () => {
    const log: string[] = [];
    const published: unknown[] = [];
    const controller = new AbortController();
    let open = () => {};
    const gate = () => new Promise<void>((resolve) => (open = resolve));
    const stream = publishStream(
      counting(log, gate),
      async (item) => void published.push(item),
      controller.signal,
      settle,
    );
    await settle();
    open();
    await settle();
    controller.abort();
    open();
    await stream;
    await settle();
    expect([published, log]).toEqual([[1], ['closed']]);
  });

  it('ends when its signal is aborted, although its iterator waits for an event forever', async () => {
    const controller = new AbortController();
    let closed = 0;
    const iterator: AsyncIterator<unknown> = {
      next: () => new Promise(() => {}),
      return: () => (closed++, new Promise(() => {})),
    };
    const stream = publishStream(iterator, async () => {}, controller.signal, settle);
    controller.abort();
    await stream;
    expect(closed).toBe(1);
  });

  it('takes no item when its signal was aborted before, and closes the iterator', async () => {
    let taken = 0;
    let closed = 0;
    const iterator: AsyncIterator<unknown> = {
      next: () => Promise.resolve({ done: ++taken > 3, value: 1 }),
      return: () => Promise.resolve({ done: ++closed > 0, value: undefined }),
    };
    await publishStream(iterator, async () => {}, AbortSignal.abort(), settle);
    expect({ taken, closed }).toEqual({ taken: 0, closed: 1 });
  });

  it('does not reject when publishing fails after it was stopped', async () => {
    const controller = new AbortController();
    const publish = () => {
      controller.abort();
      return Promise.reject(new Error('no'));
    };
    await publishStream(counting([]), publish, controller.signal, settle);
  });

  it('rejects with the error of the iterator, but not after it was stopped', async () => {
    const boom = new Error('boom');
    async function* failing(): AsyncGenerator<number> {
      yield 1;
      throw boom;
    }
    await expect(
      publishStream(failing(), async () => {}, new AbortController().signal, settle),
    ).rejects.toBe(boom);
    const controller = new AbortController();
    const stopping = publishStream(
      failing(),
      async () => controller.abort(),
      controller.signal,
      settle,
    );
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
  ])('ends when closing its iterator %s', async (_, close) => {
    const controller = new AbortController();
    const next = async () => {
      controller.abort();
      return { done: false, value: 1 };
    };
    const stream = publishStream(
      { next, return: close },
      async () => {},
      controller.signal,
      settle,
    );
    await expect(stream).resolves.toBeUndefined();
  });

  it('closes the iterator when an item cannot be published', async () => {
    const log: string[] = [];
    const publish = () => Promise.reject(new Error('no'));
    await expect(
      publishStream(counting(log), publish, new AbortController().signal, settle),
    ).rejects.toThrow('no');
    await settle();
    expect(log).toEqual(['closed']);
  });

  it('does not block the event loop, for any speed and any items', async () => {
    async function* endless(item: unknown) {
      for (;;) yield item;
    }
    for (const item of [1, undefined]) {
      const controller = new AbortController();
      let turns = 0;
      const turn = async () => {
        if (++turns === 3) controller.abort();
        await settle();
      };
      await publishStream(endless(item), async () => {}, controller.signal, turn);
      expect(turns).toBe(3);
    }
  });

  it.each([5, undefined, null])(
    'rejects when its iterator returns %s as a result',
    async (result) => {
      const broken = { next: async () => Promise.resolve(result as never) };
      await expect(
        publishStream(broken, async () => {}, new AbortController().signal, settle),
      ).rejects.toThrow(TypeError);
    },
  );
});
