// Idle: the memory of an idle session with one subscription, compared with a plain `ws` client in a set.
import { answer, ask, benchmark, end, start } from './child.mjs';
import { contestants } from './idle/contestants.mjs';
import { machine, median, printTable, quantile } from './measure.mjs';

const quick = process.argv.includes('--quick');
const sessions = quick ? 2000 : 10_000;
const rounds = quick ? 1 : 5;
const names = Object.keys(contestants);

await benchmark(async () => {
  console.log(`${machine()}; ${sessions.toLocaleString('en-US')} sessions, ${rounds} rounds`);
  /** @type {Map<string, Awaited<ReturnType<typeof measure>>[]>} */
  const results = new Map(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const name of names) results.get(name)?.push(await measure(name));
  const base = /** @type {Awaited<ReturnType<typeof measure>>[]} */ (results.get(names[0]));
  printTable(
    ['contestant', 'bytes a session', 'ratio', 'quartiles', 'RSS left', 'heap left', 'gone after'],
    [...results].map(([name, sample]) => {
      const ratios = sample.map(({ each }, round) => each / base[round].each);
      const middle = (/** @type {'each' | 'left' | 'heap' | 'gone'} */ key) =>
        median(sample.map((one) => one[key]));
      return [
        name,
        Math.round(middle('each')).toLocaleString('en-US'),
        median(ratios).toFixed(2),
        `${quantile(ratios, 0.25).toFixed(2)}-${quantile(ratios, 0.75).toFixed(2)}`,
        `${(middle('left') / 2 ** 20).toFixed(1)} MiB`,
        `${(middle('heap') / 2 ** 20).toFixed(1)} MiB`,
        `${Math.round(middle('gone'))} ms`,
      ];
    }),
  );
});

/**
 * A separate process for each measurement.
 *
 * @param {string} name
 */
async function measure(name) {
  const server = start(new URL('idle/server.mjs', import.meta.url), [name]);
  const { port, dialogue } = await answer(server);
  const empty = await memory(server);
  const client = start(new URL('fan-out/client.mjs', import.meta.url), [name]);
  await ask(client, { kind: 'open', port, dialogue, subscribers: sessions });
  const full = await memory(server);
  const before = performance.now();
  await end(client);
  await ask(server, { kind: 'empty' });
  const gone = performance.now() - before;
  const after = await memory(server);
  await end(server);
  return {
    each: (full.rss - empty.rss) / sessions,
    left: after.rss - empty.rss,
    heap: after.heap - empty.heap,
    gone,
  };
}

/** @param {import('./child.mjs').Child} server */
function memory(server) {
  return ask(server, { kind: 'memory' });
}
