// Testing: the CPU time of 500 handler tests with the kit and over sockets, and of importing signalbox.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { answer, benchmark, start } from './child.mjs';
import { interleave, machine, median, printTable, quantile } from './measure.mjs';

const quick = process.argv.includes('--quick');
const rounds = quick ? 3 : 15;
const tests = 500;
const root = fileURLToPath(new URL('..', import.meta.url));

const contestants = ['kit, STOMP', 'kit, JSON', 'socket'];
/** In this order: each import counts only modules that the earlier ones have not loaded. */
const signalbox = ['reflect-metadata', 'inversify', 'ws', 'signalbox', 'signalbox/testing'];
/** Loaded with the first payload of a class. */
const validation = ['class-transformer', 'class-validator'];

await benchmark(async () => {
  console.log(`${machine()}; ${rounds} rounds, CPU time in milliseconds`);
  const taken = await interleave(contestants, rounds, async (name) => {
    const child = start(new URL('testing/run.mjs', import.meta.url), [name, String(tests)]);
    return (await answer(child)).tests;
  });
  print(`${tests} handler tests, each with its server and its client`, taken, 'contestant');
  print('Imports', await imports([...signalbox, ...validation]), 'module, after those above it');
  const whole = await interleave(['signalbox', 'signalbox/testing'], rounds, async (name) =>
    sum(costs([name])),
  );
  print('Imports, each in a separate process', whole, 'module');
});

/** @param {readonly string[]} modules */
async function imports(modules) {
  const results = new Map(modules.map((name) => [name, /** @type {number[]} */ ([])]));
  for (let round = 0; round < rounds; round++)
    costs(modules).forEach((cost, at) => results.get(modules[at])?.push(cost));
  return results;
}

/**
 * The CPU time of each import in a new process, as in an application.
 *
 * @param {readonly string[]} modules
 * @returns {number[]}
 */
function costs(modules) {
  const code = `
    const costs = [];
    for (const name of ${JSON.stringify(modules)}) {
      const before = process.cpuUsage();
      await import(name);
      const { user, system } = process.cpuUsage(before);
      costs.push((user + system) / 1000);
    }
    console.log(JSON.stringify(costs));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: root,
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

/** @param {readonly number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}

/**
 * @param {string} title
 * @param {Map<string, number[]>} results
 * @param {string} what
 */
function print(title, results, what) {
  console.log(`\n${title}`);
  const rows = [...results].map(([name, sample]) => [
    name,
    median(sample).toFixed(0),
    `${quantile(sample, 0).toFixed(0)}-${quantile(sample, 1).toFixed(0)}`,
  ]);
  printTable([what, 'median', 'min-max'], rows);
}
