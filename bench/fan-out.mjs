// Fan-out: deliveries to 1,000 subscribers per second of the server's CPU time.
import { answer, ask, benchmark, end, eventsPerCpuSecond, start } from './child.mjs';
import { base, contestants, transports } from './fan-out/contestants.mjs';
import { interleave, machine, printRatios } from './measure.mjs';

const subscribers = 1000;

// A step ends when every subscriber has counted every message. A socket receives about 30 KB in a step, far less than its kernel
// buffers can hold. Steps are repeated until the server has used enough CPU time to measure.
const loads = [
  { title: 'one publication a turn', perTurn: 1, turns: 40 },
  { title: 'ten publications a turn', perTurn: 10, turns: 10 },
];
/** CPU time of one measurement, in microseconds. */
const enough = 300_000;

const everyName = Object.keys(contestants);
const args = process.argv.slice(2);
const quick = args.includes('--quick');
// The memory layout of a process affects all its results, so each contestant runs in several processes.
const generations = quick ? 1 : 5;
const rounds = 3;
const chosen = args.filter((arg) => !arg.startsWith('--'));
const unknown = chosen.find((name) => !everyName.includes(name));
if (unknown !== undefined) {
  console.error(`No contestant "${unknown}"; there are: ${everyName.join(', ')}`);
  process.exit(1);
}
const names = everyName.filter(
  (name) => name === base || chosen.length === 0 || chosen.includes(name),
);

await benchmark(async () => {
  console.log(`${machine()}; ${subscribers} subscribers, ${generations * rounds} rounds`);
  /** @type {Map<string, Map<string, number[]>>} */
  const results = new Map(
    loads.map(({ title }) => [title, new Map(names.map((name) => [name, []]))]),
  );
  for (let generation = 0; generation < generations; generation++) {
    // One server and one client process for each contestant, with separate heaps; only one contestant runs at a time.
    const pairs = new Map();
    for (const name of names) pairs.set(name, await openPair(name));
    for (const load of loads) {
      for (const name of names) await measure(pairs.get(name), load);
      const measured = await interleave(names, rounds, (name) => measure(pairs.get(name), load));
      for (const [name, sample] of measured)
        results
          .get(load.title)
          ?.get(name)
          ?.push(...sample);
    }
    for (const { server, client } of pairs.values()) await Promise.all([end(client), end(server)]);
  }
  for (const [title, sample] of results)
    printRatios(`Deliveries per second of server CPU, ${title}`, sample, base, 'a second');
  for (const [title, sample] of results) printMixed(title, sample);
});

/**
 * Compares subscribers over WebSocket and TCP in turn with the same number over each of the two alone. A frame must be framed
 * once per transport, not once per subscriber: the ratio to WebSocket alone must be at least 0.90.
 *
 * @param {string} title
 * @param {Map<string, number[]>} sample
 */
function printMixed(title, sample) {
  const compared = new Map(
    [...sample].filter(([name]) => Object.values(transports).includes(name)),
  );
  if (!compared.has(transports.webSocket) || !compared.has(transports.mixed)) return;
  printRatios(`Mixed transports, ${title}`, compared, transports.webSocket, 'a second');
}

/**
 * @typedef {import('node:child_process').ChildProcess} Child
 * @typedef {{ server: Child, client: Child }} Pair
 */

/**
 * @param {string} name
 * @returns {Promise<Pair>}
 */
async function openPair(name) {
  const server = start(new URL('fan-out/server.mjs', import.meta.url), [name]);
  const { port, dialogue } = await answer(server);
  const client = start(new URL('fan-out/client.mjs', import.meta.url), [name]);
  await ask(client, { kind: 'open', port, dialogue, subscribers });
  return { server, client };
}

/**
 * @param {Pair} pair
 * @param {typeof loads[number]} load
 * @returns {Promise<number>} deliveries per second of CPU time, user and system, of the server's process
 */
function measure({ server, client }, { perTurn, turns }) {
  const publications = perTurn * turns;
  return eventsPerCpuSecond(server, enough, publications * subscribers, () =>
    Promise.all([
      ask(client, { kind: 'expect', each: publications }),
      ask(server, { kind: 'publish', perTurn, turns }),
    ]),
  );
}
