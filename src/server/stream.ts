// A handler's async iterable on its way out: each item is published until the stream ends or is stopped.

/**
 * Publishes item after item, never two at a time. When the signal fires, the iterator is closed and what it still gives
 * or throws is dropped; before that, the promise rejects with what it throws.
 */
export async function publishStream(
  iterator: AsyncIterator<unknown>,
  publish: (item: unknown) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  // Not waited for: a generator that awaits something answers `return` only afterwards.
  const stop = () => void close(iterator);
  signal.addEventListener('abort', stop, { once: true });
  try {
    for (;;) {
      if (signal.aborted) return stop();
      const { done, value } = await iterator.next();
      if (done === true || signal.aborted) return;
      if (value !== undefined && value !== null) await publish(value);
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
