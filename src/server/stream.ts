// Publishes the items of a handler's async iterable, until it ends or is stopped.
import type { NextPart } from '../message/clock.js';

/**
 * Publishes the items one after another. Resolves when the stream has ended, and as soon as the signal aborts: then the iterator is
 * closed, and its later items and errors are dropped. Before that, the promise rejects with its error.
 *
 * @param nextItem called before each item, so that a fast stream does not block other sessions
 */
export function publishStream(
  iterator: AsyncIterator<unknown>,
  publish: (item: unknown) => Promise<void>,
  signal: AbortSignal,
  nextItem: NextPart,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const running: RunningStream = { receiver: undefined };
    // Not awaited: a generator that waits for an event answers `return` only afterwards.
    const stop = () => {
      running.receiver = undefined;
      void close(iterator);
      resolve();
    };
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    const end = (settle: () => void) => {
      signal.removeEventListener('abort', stop);
      settle();
    };
    running.receiver = {
      publish,
      nextItem,
      complete: () => end(resolve),
      fail: (error) => end(() => reject(error)),
    };
    void publishItems(iterator, running);
  });
}

/** An iterator that waits forever keeps this object in memory, so it refers to the session only until the stream is stopped. */
interface RunningStream {
  /** Undefined when the stream is stopped. */
  receiver: Receiver | undefined;
}

interface Receiver {
  readonly publish: (item: unknown) => Promise<void>;
  readonly nextItem: NextPart;
  readonly complete: () => void;
  readonly fail: (error: Error) => void;
}

async function publishItems(
  iterator: AsyncIterator<unknown>,
  running: RunningStream,
): Promise<void> {
  try {
    for (;;) {
      const pending = running.receiver?.nextItem();
      if (pending !== undefined) await pending;
      if (running.receiver === undefined) return;
      const result: unknown = await iterator.next();
      if (typeof result !== 'object' || result === null)
        throw new TypeError('The iterator of a stream returned no result object.');
      const { done, value } = result as IteratorResult<unknown>;
      if (done === true) return running.receiver?.complete();
      if (value !== undefined && value !== null) await running.receiver?.publish(value);
    }
  } catch (error) {
    if (running.receiver === undefined) return;
    void close(iterator);
    running.receiver.fail(error as Error);
  }
}

/** Closes an iterator. Never rejects, also when `return` throws or returns no promise. */
export async function close(iterator: AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // The stream has ended; its failure has no receiver.
  }
}
