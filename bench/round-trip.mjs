// Round trip: messages through a validated controller and back, per second of CPU time of the server.
import { answer, ask, benchmark, end, eventsPerCpuSecond, start } from './child.mjs';
import { interleave, machine, printRatios } from './measure.mjs';
import { base, contestants } from './round-trip/contestants.mjs';

const quick = process.argv.includes('--quick');
const clients = 200;
const messagesEach = 25;
/** CPU time of the server in one measurement, in microseconds. */
const enough = 300_000;
// The memory layout of a process affects all its results, so each contestant runs in several processes.
const generations = quick ? 1 : 5;
const rounds = 3;
const names = Object.keys(contestants);

await benchmark(async () => {
  console.log(`${machine()}; ${clients} clients, ${generations * rounds} rounds`);
  /** @type {Map<string, number[]>} */
  const results = new Map(names.map((name) => [name, []]));
  for (let generation = 0; generation < generations; generation++) {
    const pairs = new Map();
    for (const name of names) pairs.set(name, await openPair(name));
    for (const name of names) await measure(pairs.get(name));
    const measured = await interleave(names, rounds, (name) => measure(pairs.get(name)));
    for (const [name, sample] of measured) results.get(name)?.push(...sample);
    for (const { server, client } of pairs.values()) await Promise.all([end(client), end(server)]);
  }
  printRatios('Round trips per second of server CPU', results, base, 'a second');
});

/**
 * @typedef {import('./child.mjs').Child} Child
 * @typedef {{ server: Child, client: Child }} Pair
 */

/**
 * @param {string} name
 * @returns {Promise<Pair>}
 */
async function openPair(name) {
  const server = start(new URL('round-trip/server.mjs', import.meta.url), [name]);
  const { port, dialogue } = await answer(server);
  const client = start(new URL('round-trip/client.mjs', import.meta.url), [name]);
  await ask(client, { kind: 'open', port, dialogue, clients });
  return { server, client };
}

/**
 * @param {Pair} pair
 * @returns {Promise<number>} round trips per second of CPU time, user and system, of the server's process
 */
function measure({ server, client }) {
  return eventsPerCpuSecond(server, enough, clients * messagesEach, () =>
    ask(client, { kind: 'talk', each: messagesEach }),
  );
}
