// The server's process of one contestant: publishes when told, and says how much CPU time it has used.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { contestants } from './contestants.mjs';

/** @param {object} message */
const tell = (message) => process.send?.(message);

process.on('disconnect', () => process.exit());

try {
  const { port, dialogue, publish } = await contestants[process.argv[2]]();
  process.on('message', (question) => {
    if (question.kind === 'cpu') tell({ cpu: cpuTime() });
    else void publishTurns(publish, question).catch(fail);
  });
  tell({ port, dialogue });
} catch (error) {
  fail(error);
}

/** Microseconds, user and system. */
function cpuTime() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/**
 * @param {(count: number) => void} publish
 * @param {{ perTurn: number, turns: number }} question
 */
async function publishTurns(publish, { perTurn, turns }) {
  for (let turn = 0; turn < turns; turn++) {
    publish(perTurn);
    await nextTurn();
  }
  tell({ published: turns * perTurn });
}

/** @param {unknown} error */
function fail(error) {
  tell({ error: String(error) });
}
