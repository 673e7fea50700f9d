// SockJS: messages per second of the server's CPU time over each transport, and the memory of idle sessions, against npm `sockjs`.
import { answer, ask, benchmark, end, start } from './child.mjs';
import { interleave, machine, median, printRatios, printTable } from './measure.mjs';

const base = 'npm sockjs';
const names = [base, 'signalbox'];
const args = process.argv.slice(2);
const quick = args.includes('--quick');
const chosen = args.filter((arg) => !arg.startsWith('--'));
const transports = ['websocket', 'xhr_streaming', 'eventsource', 'xhr'].filter(
  (name) => chosen.length === 0 || chosen.includes(name),
);
const clients = 500;
const idleSessions = quick ? 500 : 2000;
/**
 * Echo: a client sends the next message after each echo. Fan-out: one message to all clients.
 *
 * @typedef {{ title: string, kind: 'echo' | 'fan-out', perTurn: number, turns: number }} Load
 * @type {readonly Load[]}
 */
const loads = [
  { title: 'echo', kind: 'echo', perTurn: 1, turns: 10 },
  { title: 'fan-out, one publication a turn', kind: 'fan-out', perTurn: 1, turns: 20 },
  { title: 'fan-out, ten publications a turn', kind: 'fan-out', perTurn: 10, turns: 4 },
];
/** CPU time of one measurement, in microseconds. */
const enough = quick ? 100_000 : 300_000;
const generations = quick ? 1 : 3;
const rounds = 3;

await benchmark(async () => {
  console.log(`${machine()}; ${clients} clients, ${generations * rounds} rounds`);
  for (const transport of transports) {
    for (const load of loads) await compare(transport, load);
    await compareMemory(transport);
  }
});

/**
 * @param {string} transport
 * @param {Load} load
 */
async function compare(transport, load) {
  /** @type {Map<string, number[]>} */
  const results = new Map(names.map((name) => [name, []]));
  for (let generation = 0; generation < generations; generation++) {
    const pairs = new Map();
    for (const name of names) pairs.set(name, await openPair(name, transport, load.kind));
    for (const name of names) await measure(pairs.get(name), load);
    const measured = await interleave(names, rounds, (name) => measure(pairs.get(name), load));
    for (const [name, sample] of measured) results.get(name)?.push(...sample);
    for (const { server, client } of pairs.values()) await Promise.all([end(client), end(server)]);
  }
  printRatios(
    `${transport}, ${load.title}: messages per second of server CPU`,
    results,
    base,
    'a second',
  );
}

/** @param {string} transport */
async function compareMemory(transport) {
  /** @type {Map<string, number[]>} */
  const results = new Map(names.map((name) => [name, []]));
  for (let round = 0; round < generations; round++) {
    for (const name of names) {
      const server = start(new URL('sockjs/server.mjs', import.meta.url), [name, 'echo']);
      const { port } = await answer(server);
      const empty = await ask(server, { kind: 'memory' });
      const client = start(new URL('sockjs/client.mjs', import.meta.url), [name]);
      await ask(client, { kind: 'open', port, transport, clients: idleSessions, load: 'echo' });
      const full = await ask(server, { kind: 'memory' });
      results.get(name)?.push((full.rss - empty.rss) / idleSessions);
      await Promise.all([end(client), end(server)]);
    }
  }
  const [ofBase = 0, own = 0] = names.map((name) => median(results.get(name) ?? []));
  console.log(`\n${transport}, idle: bytes of a session`);
  printTable(
    ['contestant', 'bytes', 'ratio'],
    [
      [base, Math.round(ofBase).toLocaleString('en-US'), '1.00'],
      ['signalbox', Math.round(own).toLocaleString('en-US'), (own / ofBase).toFixed(2)],
    ],
  );
}

/**
 * @typedef {import('node:child_process').ChildProcess} Child
 * @typedef {{ server: Child, client: Child }} Pair
 */

/**
 * @param {string} name
 * @param {string} transport
 * @param {string} load
 * @returns {Promise<Pair>}
 */
async function openPair(name, transport, load) {
  const server = start(new URL('sockjs/server.mjs', import.meta.url), [name, load]);
  const { port } = await answer(server);
  const client = start(new URL('sockjs/client.mjs', import.meta.url), [name]);
  await ask(client, { kind: 'open', port, transport, clients, load });
  return { server, client };
}

/**
 * @param {Pair} pair
 * @param {Load} load
 * @returns {Promise<number>} messages per second of CPU time, user and system, of the server's process
 */
async function measure({ server, client }, { kind, perTurn, turns }) {
  const each = perTurn * turns;
  const step = () =>
    kind === 'echo'
      ? ask(client, { kind: 'talk', each })
      : Promise.all([
          ask(client, { kind: 'expect', each }),
          ask(server, { kind: 'publish', perTurn, turns }),
        ]);
  // Not counted: after seconds without work, caches and heap must warm up.
  await step();
  let messages = 0;
  let microseconds = 0;
  while (microseconds < enough) {
    const before = await ask(server, { kind: 'cpu' });
    await step();
    const after = await ask(server, { kind: 'cpu' });
    microseconds += after.cpu - before.cpu;
    messages += each * clients;
  }
  return (messages / microseconds) * 1e6;
}
