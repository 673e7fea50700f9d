// `npm run mutation [-- <folders or files>]`: runs mutation tests and compares the survivors with the committed list.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { folderOf, readSources, testsByFolder } from './mutation/sources.mjs';
import { compare, describeMutant, pageOf, updated } from './mutation/survivors.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const listFile = new URL('mutation/survivors.json', import.meta.url);
const pageFile = new URL('../docs/reference/mutation.md', import.meta.url);

const { values, positionals } = parseArgs({
  options: {
    /** Writes the survivors of the run to the list. */
    update: { type: 'boolean', default: false },
    /** Only writes the page from the list. */
    page: { type: 'boolean', default: false },
    /** Number of processes that run tests. */
    concurrency: { type: 'string', default: '1' },
    /** Limit for one source file. */
    minutes: { type: 'string', default: '30' },
  },
  allowPositionals: true,
});

const files = [...readSources(root).keys()];

if (values.page) writePage(readList());
else await runAll(selectedFiles());

/** Returns the files that the arguments name: all of them without arguments. */
function selectedFiles() {
  const paths = positionals.map((path) => path.replace(/^\.\//, '').replace(/\/$/, ''));
  const unknown = paths.filter((path) => !files.some((file) => isWithin(file, path)));
  if (unknown.length > 0) {
    const folders = Object.keys(testsByFolder).join(', ');
    console.error(`Not in the folders that are mutated (${folders}): ${unknown.join(', ')}`);
    process.exit(1);
  }
  return files.filter((file) => paths.length === 0 || paths.some((path) => isWithin(file, path)));
}

/**
 * @param {string} file
 * @param {string} path
 */
function isWithin(file, path) {
  return file === path || file.startsWith(`${path}/`);
}

/** @param {string[]} selected */
async function runAll(selected) {
  install();
  // Imported late, because the module resolves what install() installs.
  const { mutate } = await import('./mutation/stryker.mjs');
  const limits = { concurrency: Number(values.concurrency), minutes: Number(values.minutes) };
  for (const file of selected) {
    try {
      report(file, await mutate(root, file, testsByFolder[folderOf(file)], limits));
    } catch (error) {
      console.error(`${file}: ${error.message}`);
      process.exitCode = 1;
    }
  }
}

/**
 * @param {string} file
 * @param {import('./mutation/stryker.mjs').Result} result
 */
function report(file, result) {
  // Read again for each file, because reasons may be added during a run.
  const list = readList();
  console.log(`${file}: ${result.killed} of ${result.mutants} mutants killed`);
  const { added, vanished } = compare(list[file]?.survivors ?? [], result.survivors);
  for (const mutant of added) console.log(`  new survivor: ${describeMutant(mutant)}`);
  for (const mutant of vanished) console.log(`  no longer survives: ${describeMutant(mutant)}`);
  if (values.update) {
    list[file] = updated(list[file], result, lastCommit());
    // After each file, so that an interrupted run keeps its results.
    writeList(list);
    writePage(list);
  } else if (added.length > 0) process.exitCode = 1;
}

/** @returns {import('./mutation/survivors.mjs').List} */
function readList() {
  return JSON.parse(readFileSync(listFile, 'utf8'));
}

/** @param {import('./mutation/survivors.mjs').List} list */
function writeList(list) {
  const current = files.filter((file) => list[file] !== undefined);
  const entries = Object.fromEntries(current.map((file) => [file, list[file]]));
  writeFileSync(listFile, `${JSON.stringify(entries, undefined, 2)}\n`);
}

/** @param {import('./mutation/survivors.mjs').List} list */
function writePage(list) {
  writeFileSync(pageFile, pageOf(Object.keys(testsByFolder), readSources(root), list));
}

/** @returns {string} the last commit of the working tree, as a short hash */
function lastCommit() {
  const { status, stdout } = spawnSync('git', ['rev-parse', '--short=7', 'HEAD'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error('The list needs the last commit, and git does not return it.');
  return stdout.trim();
}

/** Installs Stryker if it is missing. */
function install() {
  const folder = fileURLToPath(new URL('mutation/', import.meta.url));
  if (existsSync(`${folder}node_modules`)) return;
  // Windows needs a shell, because npm is a script there.
  const { status } = spawnSync('npm ci', { cwd: folder, stdio: 'inherit', shell: true });
  if (status !== 0) process.exit(status ?? 1);
}
