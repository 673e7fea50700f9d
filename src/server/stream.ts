// A handler's async iterable on its way out: each item is published until the stream ends or is stopped.

/** Items between two turns of the event loop: others are served, too, however fast a stream is. */
const itemsPerTurn = 64;

/**
 * Publishes item after item, never two at a time. When the signal fires, the iterator is closed and what it still gives
 * or throws is dropped; before that, the promise rejects with what it throws.
 *
 * @param turn lets the event loop turn
 */
export async function publishStream(
  iterator: AsyncIterator<unknown>,
  publish: (item: unknown) => Promise<void>,
  signal: AbortSignal,
  turn: () => Promise<void>,
): Promise<void> {
  // Not waited for: a generator that awaits something answers `return` only afterwards.
  const stop = () => void close(iterator);
  signal.addEventListener('abort', stop, { once: true });
  try {
    for (let taken = 1; ; taken++) {
      if (signal.aborted) return stop();
      const result: unknown = await iterator.next();
      if (typeof result !== 'object' || result === null)
        throw new TypeError('The iterator of a stream gave no result object.');
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

/** Never rejects, also where `return` throws at once or answers with no promise. */
async function close(iterator: AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // Nobody is left to hear of a stream that is over.
  }
}
