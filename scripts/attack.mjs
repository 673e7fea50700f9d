// `npm run attack [-- --quick] [-- --only NAME] [-- --list] [-- --package FOLDER]`: attacks a server process, and checks its memory and a neighbor.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { attacks } from './attack/attacks.mjs';
import { runAttack } from './attack/trial.mjs';

/** @typedef {import('./attack/trial.mjs').Outcome} Outcome */

const ownFolder = fileURLToPath(new URL('../', import.meta.url));
const columns = [
  { title: 'attack', width: 30 },
  { title: 'result', width: 7 },
  { title: 'time', width: 7 },
  { title: 'RSS: before, peak, after', width: 25 },
  { title: 'heap: before, peak, held, after', width: 32 },
  { title: 'CPU', width: 7 },
  { title: 'pause', width: 7 },
  { title: 'round trips', width: 12 },
  { title: 'p50, p99', width: 13 },
  { title: 'answers to the attacker', width: 0 },
];

const options = optionsOf(process.argv.slice(2));
if (options === undefined) process.exitCode = 1;
else if (options.list) list();
else process.exitCode = (await runAll(options)) ? 0 : 1;

/** @param {string[]} args */
function optionsOf(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        quick: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [] },
        package: { type: 'string', default: ownFolder },
        plant: { type: 'string', default: '' },
      },
    });
    const unknown = values.only.find((name) => attacks.every((attack) => attack.name !== name));
    if (unknown !== undefined) throw new Error(`There is no attack '${unknown}'.`);
    return values;
  } catch (error) {
    console.error(`${/** @type {Error} */ (error).message} See npm run attack -- --list.`);
    return undefined;
  }
}

function list() {
  for (const { name, fault, title, maxHeld, reason } of attacks)
    console.log(`${name} (${fault})\n  ${title}.\n  At most ${maxHeld} MiB are in use: ${reason}`);
}

/**
 * Runs the attacks one after the other. Resolves with true when no attack has affected the neighbors or exceeded the memory limits.
 *
 * @param {{ only: string[], package: string, plant: string, quick: boolean }} options
 */
async function runAll({ only, package: folder, plant, quick }) {
  const chosen = attacks.filter(({ name }) => only.length === 0 || only.includes(name));
  console.log(`Sizes in MiB, CPU in seconds, pauses and round trips in milliseconds.`);
  console.log(rowOf(columns.map(({ title }) => title)));
  const failed = [];
  for (const attack of chosen) {
    const outcome = await runAttack(attack, { folder: resolve(folder), quick, planted: plant });
    console.log(rowOf(cellsOf(outcome)));
    for (const violation of outcome.violations) console.error(`${attack.name}: ${violation}`);
    if (outcome.violations.length > 0) failed.push(attack.name);
  }
  console.log(
    failed.length === 0
      ? 'No neighbor lost a message, and the server stayed below its memory limit.'
      : `Failed: ${failed.join(', ')}.`,
  );
  return failed.length === 0;
}

/** @param {Outcome} outcome */
function cellsOf({ attack, skipped, violations, finished, seconds, answers, neighbors, ...sizes }) {
  if (skipped !== undefined) return [attack.name, 'skipped', skipped];
  const { before, held, after } = sizes;
  const times = neighbors.flatMap((neighbor) => neighbor.times);
  const slowest = (/** @type {number} */ share) =>
    Math.max(...neighbors.map((neighbor) => neighbor.percentile(share)));
  return [
    attack.name,
    violations.length === 0 ? 'ok' : 'FAILED',
    `${seconds.toFixed(1)}${finished ? '' : '+'}`,
    listOf([before?.rss, held?.peakRss, after?.rss]),
    listOf([before?.heap, held?.peakHeap, held?.heap, after?.heap]),
    listOf([held?.cpu], 1),
    listOf([held?.pause]),
    `${times.length}`,
    listOf([slowest(0.5), slowest(0.99)], 1),
    [...answers].map(([answer, count]) => `${answer}: ${count}`).join(', '),
  ];
}

/** @param {readonly (number | undefined)[]} numbers @param {number} [digits] */
function listOf(numbers, digits = 0) {
  return numbers.map((number) => number?.toFixed(digits) ?? '-').join(', ');
}

/** @param {readonly string[]} cells */
function rowOf(cells) {
  return cells.map((cell, i) => cell.padEnd(columns[i]?.width ?? 0)).join(' ');
}
