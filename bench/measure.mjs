// The functions of all benchmarks: interleaved rounds, medians and their spread, and the printed table.
import { cpus } from 'node:os';

/**
 * Measures every contestant once a round, each round in another order, so that a slow minute of the machine affects all of
 * them, and no contestant is always measured after the same one.
 *
 * @template {string} Name
 * @param {readonly Name[]} names
 * @param {number} rounds
 * @param {(name: Name, round: number) => Promise<number>} measure returns the counted events per second, such as deliveries
 * @returns {Promise<Map<Name, number[]>>} the results of each contestant, by round
 */
export async function interleave(names, rounds, measure) {
  const results = new Map(names.map((name) => [name, /** @type {number[]} */ ([])]));
  for (let round = 0; round < rounds; round++) {
    for (const name of shuffled(names, round)) {
      results.get(name)?.push(await measure(name, round));
    }
  }
  return results;
}

/**
 * The names in an order that depends only on the number of the round, so that all runs are equal.
 *
 * @template {string} Name
 * @param {readonly Name[]} names
 * @param {number} round
 */
function shuffled(names, round) {
  const order = [...names];
  let seed = round + 1;
  for (let i = order.length - 1; i > 0; i--) {
    // A linear congruential generator, of which only the high bits are random enough.
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const j = Math.floor((seed / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/**
 * The value below which the given share of the sample lies, interpolated between neighbors.
 *
 * @param {readonly number[]} sample not empty
 * @param {number} share 0 to 1
 */
export function quantile(sample, share) {
  const sorted = sample.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  return below + (above - below) * (place - Math.floor(place));
}

/** @param {readonly number[]} sample not empty */
export function median(sample) {
  return quantile(sample, 0.5);
}

/**
 * Compares the results of each round, so that a slow round has no effect.
 *
 * @param {readonly number[]} sample
 * @param {readonly number[]} base results of the same rounds
 */
export function ratios(sample, base) {
  return sample.map((value, round) => value / base[round]);
}

/** @param {readonly number[]} sample not empty */
export function spread(sample) {
  const at = (/** @type {number} */ share) => quantile(sample, share).toFixed(2);
  return `${at(0.25)}-${at(0.75)} (${at(0)}-${at(1)})`;
}

/**
 * One row per contestant: the median, and its ratio to the base with quartiles and, in brackets, extremes.
 *
 * @param {string} title
 * @param {Map<string, number[]>} results
 * @param {string} base a name among the results
 * @param {string} unit
 */
export function printRatios(title, results, base, unit) {
  const baseline = results.get(base);
  if (baseline === undefined) throw new Error(`no results of ${base}, the base of comparison`);
  const rows = [...results].map(([name, sample]) => {
    const ratio = ratios(sample, baseline);
    return [
      name,
      Math.round(median(sample)).toLocaleString('en-US'),
      median(ratio).toFixed(2),
      spread(ratio),
    ];
  });
  console.log(`\n${title}`);
  printTable(['contestant', unit, 'ratio', 'quartiles (min-max)'], rows);
}

/**
 * Prints a Markdown table, so that a result can be pasted into the documentation.
 *
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows the first cell of a row is text, the others are numbers
 */
export function printTable(head, rows) {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => row[column].length)),
  );
  const line = (/** @type {readonly string[]} */ cells) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  console.log([line(head), line(rule), ...rows.map(line)].join('\n'));
}

/** The machine and the versions of the measurement. */
export function machine() {
  const cores = cpus();
  return `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cores.length} x ${cores[0]?.model.trim() ?? 'unknown'}`;
}
