// The same sockets: the CPU time of a delivery by `ws` in a loop, by raw frames and by signalbox, over one set of sockets.
import { answer, ask, benchmark, end, start } from './child.mjs';
import { interleave, machine, printRatios } from './measure.mjs';

const subscribers = 1000;
const quick = process.argv.includes('--quick');
/** Number of server processes, one after another; each has other sockets and another memory layout. */
const lives = quick ? 1 : 3;
const rounds = quick ? 5 : 25;
const warmUp = 5;

const loads = [
  { title: 'one publication a turn', perTurn: 1, turns: 20 },
  { title: 'ten publications a turn', perTurn: 10, turns: 5 },
];

await benchmark(async () => {
  console.log(`${machine()}; ${subscribers} subscribers, ${lives} lives of ${rounds} rounds`);
  /** @type {Map<string, Map<string, number[]>>} */
  const results = new Map(loads.map(({ title }) => [title, new Map()]));
  for (let life = 0; life < lives; life++) {
    const server = start(new URL('fan-out/same-sockets-server.mjs', import.meta.url), []);
    const { port, dialogue, ways } = await answer(server);
    const client = start(new URL('fan-out/client.mjs', import.meta.url), []);
    await ask(client, { kind: 'open', port, dialogue, subscribers });
    for (const load of loads) {
      /** @param {string} way */
      const measure = async (way) => {
        const publications = load.perTurn * load.turns;
        const [, { cpu }] = await Promise.all([
          ask(client, { kind: 'expect', each: publications }),
          ask(server, { kind: 'publish', way, ...load }),
        ]);
        return (publications * subscribers * 1e6) / cpu;
      };
      await interleave(ways, warmUp, measure);
      const collected = results.get(load.title);
      for (const [way, sample] of await interleave(ways, rounds, measure))
        collected?.set(way, [...(collected.get(way) ?? []), ...sample]);
    }
    await Promise.all([end(client), end(server)]);
  }
  for (const [title, sample] of results)
    printRatios(`Deliveries per second of server CPU, ${title}`, sample, 'plain ws', 'a second');
});
