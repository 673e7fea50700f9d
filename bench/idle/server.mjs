// The server process of one contestant: reports its memory, and the time when all clients have disconnected.
import { setTimeout as pause } from 'node:timers/promises';
import { contestants } from './contestants.mjs';

process.on('disconnect', () => process.exit());

try {
  const { port, dialogue, sessions } = await contestants[process.argv[2]]();
  const answer = async (/** @type {string} */ kind) => {
    if (kind === 'empty') while (sessions() > 0) await pause(5);
    else await settle();
    const { rss, heapUsed: heap } = process.memoryUsage();
    process.send?.({ rss, heap });
  };
  process.on('message', ({ kind }) => void answer(kind));
  process.send?.({ port, dialogue });
} catch (error) {
  process.send?.({ error: String(error) });
}

/** Collects garbage; the memory is returned to the system a little later. */
async function settle() {
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.();
    await pause(100);
  }
}
