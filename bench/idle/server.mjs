// The server process of one contestant: reports its memory, and the time when all clients have disconnected.
import { setTimeout as pause } from 'node:timers/promises';
import { contestants } from './contestants.mjs';
import { settle } from './settle.mjs';

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
