// Publishes the items of a handler's async iterable, until it ends or is stopped.

/** Items until the event loop turns, so that a fast stream does not block other sessions. */
const itemsPerTurn = 64;

/**
 * Publishes the items one after another. When the signal aborts, the iterator is closed, and its later items and errors are
 * dropped. Before that, the promise rejects with its error.
 *
 * @param turn resolves after one turn of the event loop
 */
export async function publishStream(
  iterator: AsyncIterator<unknown>,
  publish: (item: unknown) => Promise<void>,
  signal: AbortSignal,
  turn: () => Promise<void>,
): Promise<void> {
  // Not awaited: a generator that is awaiting something answers `return` only afterwards.
  const stop = () => void close(iterator);
  signal.addEventListener('abort', stop, { once: true });
  try {
    for (let taken = 1; ; taken++) {
      if (signal.aborted) return stop();
      const result: unknown = await iterator.next();
      if (typeof result !== 'object' || result === null)
        throw new TypeError('The iterator of a stream returned no result object.');
      const { done, value } = result as IteratorResult<unknown>;
      if (done === true || signal.aborted) return;
      if (value !== undefined && value !== null) await publish(value);
      if (taken % itemsPerTurn === 0) await turn();
    }
  } catch (error) {
    stop();
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
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
