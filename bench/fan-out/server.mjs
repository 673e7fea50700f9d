// The server process of one contestant: publishes on request, and reports its CPU time.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { contestants } from './contestants.mjs';

/** @param {object} message */
const send = (message) => process.send?.(message);

process.on('disconnect', () => process.exit());

try {
  const { port, dialogue, publish } = await contestants[process.argv[2]]();
  process.on('message', (question) => {
    if (question.kind === 'cpu') send({ cpu: cpuTime() });
    else void publishTurns(publish, question).catch(fail);
  });
  send({ port, dialogue });
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
  send({ published: turns * perTurn });
}

/** @param {unknown} error */
function fail(error) {
  send({ error: String(error) });
}
