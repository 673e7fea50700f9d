// The committed list of surviving mutants: compared with a run, updated from a run, and printed as a page.
import { folderOf } from './sources.mjs';

/** @typedef {import('./stryker.mjs').Mutant} Mutant */
/** @typedef {import('./stryker.mjs').Result} Result */

/**
 * @typedef {object} FileEntry
 * @property {string} commit the last commit before the run of this file, as a short hash
 * @property {number} mutants
 * @property {number} killed
 * @property {(Mutant & { reason: string })[]} survivors
 */

/** @typedef {Record<string, FileEntry>} List entries by source file */

/** Reason of a survivor that a run has added; a test fails until it is replaced. */
export const unexplained = 'Not explained yet.';

/**
 * Compares the survivors of one file by their text, because line numbers change with every edit.
 *
 * @param {readonly Mutant[]} listed
 * @param {readonly Mutant[]} found
 * @returns {{ added: Mutant[], vanished: Mutant[] }}
 */
export function compare(listed, found) {
  return { added: without(found, listed), vanished: without(listed, found) };
}

/**
 * @param {FileEntry | undefined} entry
 * @param {Result} result
 * @param {string} commit the last commit before the run, as a short hash
 * @returns {FileEntry} the result, with the reasons that the entry has
 */
export function updated(entry, { mutants, killed, survivors }, commit) {
  const reasons = new Map(entry?.survivors.map((each) => [keyOf(each), each.reason]));
  return {
    commit,
    mutants,
    killed,
    survivors: survivors.map((each) => ({
      ...each,
      reason: reasons.get(keyOf(each)) ?? unexplained,
    })),
  };
}

/** @param {Mutant} mutant */
export function describeMutant({ line, mutator, from, to }) {
  return `${mutator}: ${from} becomes ${to}, in the line: ${line}`;
}

/**
 * @param {readonly string[]} folders the folders that are mutated
 * @param {ReadonlyMap<string, string>} sources text of their source files by path
 * @param {List} list
 */
export function pageOf(folders, sources, list) {
  const sections = folders.map((folder) => {
    const files = [...sources.keys()].filter((file) => folderOf(file, folders) === folder);
    const tested = files.filter((file) => list[file] !== undefined);
    return {
      row: rowOf(folder, files.length, tested, list),
      text: [
        `## ${folder}`,
        ...untested(files, list),
        ...runs(folder, tested, list),
        ...tested
          .filter((file) => list[file].survivors.length > 0)
          .map((file) => sectionOf(file, sources.get(file), list[file])),
      ].join('\n\n'),
    };
  });
  const table = [
    '| folder | killed | survivors | score | files tested |',
    '| --- | --- | --- | --- | --- |',
    ...sections.map(({ row }) => row),
  ].join('\n');
  return [introduction, table, ...sections.map(({ text }) => text)].join('\n\n').concat('\n');
}

const introduction = `# Mutation tests

A mutation test changes one expression of the sources and runs the tests of its folder. The mutant is killed if a test fails; it
survives if all tests pass. This page lists the mutants that survived the last run of each file, each with the reason why no test
kills it. A run of all files takes hours, so not all results are of one commit: each folder has a list of the last commits before
the runs. The files may have changed since then.

\`npm run mutation -- src/session/outbox.ts\` tests one file, \`npm run mutation -- src/session\` a folder, and \`npm run mutation\`
all of them. The command fails if a mutant survives that is not listed. To change the list, first write a test for the mutant. If a
test would be wrong or too costly, add \`--update\`, then replace the text "${unexplained}" in \`scripts/mutation/survivors.json\`
by the reason, and write this page with \`npm run mutation -- --page\`.

String literals are not mutated: most are texts for readers, and the compiler rejects a change of the others. A mutant is also
killed if it causes an uncaught error or a timeout, so run the command on a machine that is idle: a timeout for another reason
hides a survivor.`;

/**
 * @param {string} folder
 * @param {number} files number of source files in the folder
 * @param {readonly string[]} tested
 * @param {List} list
 */
function rowOf(folder, files, tested, list) {
  const sum = (count) => tested.reduce((total, file) => total + count(list[file]), 0);
  const mutants = sum((entry) => entry.mutants);
  const killed = sum((entry) => entry.killed);
  const score = mutants === 0 ? '-' : `${((100 * killed) / mutants).toFixed(1)} %`;
  const cells = [`\`${folder}/\``, `${killed} of ${mutants}`, mutants - killed, score];
  return `| ${[...cells, `${tested.length} of ${files}`].join(' | ')} |`;
}

/**
 * @param {readonly string[]} files
 * @param {List} list
 */
function untested(files, list) {
  const names = files.filter((file) => list[file] === undefined).map((file) => `- \`${file}\``);
  return names.length === 0 ? [] : [['Not tested yet:', '', ...names].join('\n')];
}

/**
 * The last commits before the runs of a folder, in the order of their first file.
 *
 * @param {string} folder
 * @param {readonly string[]} tested
 * @param {List} list
 */
function runs(folder, tested, list) {
  const commits = new Set(tested.map((file) => list[file].commit));
  const lines = [...commits].map((commit) => {
    const files = tested.filter((file) => list[file].commit === commit);
    const names = files.map((file) => `\`${file.slice(folder.length + 1)}\``);
    return `- \`${commit}\`: ${names.join(', ')}`;
  });
  return lines.length === 0 ? [] : [['Last commits before the runs:', '', ...lines].join('\n')];
}

/**
 * @param {string} file
 * @param {string} source its text
 * @param {FileEntry} entry
 */
function sectionOf(file, source, { mutants, killed, survivors }) {
  const lines = new Set(source.split('\n').map((line) => line.trim()));
  const current = survivors.filter(({ line }) => lines.has(line));
  const changed = survivors.length - current.length;
  return [
    `### ${file}`,
    `${killed} of ${mutants} mutants are killed.`,
    ...(changed === 0
      ? []
      : [`Survivors that are not listed, because their lines have changed: ${changed}.`]),
    current
      .map(
        ({ line, mutator, from, to, reason }) =>
          `- ${code(line)}\n  ${mutator}: ${code(from)} becomes ${code(to)}. ${reason}`,
      )
      .join('\n'),
  ].join('\n\n');
}

/** @param {string} text */
function code(text) {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}

/**
 * Returns the mutants that another list does not have, or has less often.
 * @template {Mutant} M
 * @param {readonly M[]} mutants
 * @param {readonly Mutant[]} others
 * @returns {M[]}
 */
function without(mutants, others) {
  const counts = new Map();
  for (const each of others) counts.set(keyOf(each), (counts.get(keyOf(each)) ?? 0) + 1);
  return mutants.filter((each) => {
    const count = counts.get(keyOf(each)) ?? 0;
    counts.set(keyOf(each), count - 1);
    return count <= 0;
  });
}

/** @param {Mutant} mutant */
function keyOf({ line, mutator, from, to }) {
  return JSON.stringify([line, mutator, from, to]);
}
