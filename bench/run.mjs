// Runs one benchmark by name: `node bench/run.mjs fan-out [--quick]`; installs what bench/ depends on when it is missing.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const notBenchmarks = ['run.mjs', 'measure.mjs', 'child.mjs'];
const names = readdirSync(here)
  .filter((file) => file.endsWith('.mjs') && !notBenchmarks.includes(file))
  .map((file) => file.slice(0, -'.mjs'.length));

const [name, ...rest] = process.argv.slice(2);
if (name === undefined || !names.includes(name)) {
  fail(`Which benchmark? One of: ${names.join(', ')}`);
}
if (!existsSync(new URL('../dist/index.js', import.meta.url))) {
  fail('The benchmarks measure the built package: run `npm run build` first.');
}
if (!existsSync(new URL('node_modules', import.meta.url))) {
  // A shell, since npm is a script with another name on Windows.
  run('npm ci --no-audit --no-fund', [], { shell: true });
}
// Some measure what memory is kept, and have to collect the rest before.
run(process.execPath, ['--expose-gc', `${name}.mjs`, ...rest], {});

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} options
 */
function run(command, args, options) {
  const { status, error } = spawnSync(command, args, { cwd: here, stdio: 'inherit', ...options });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/** @param {string} reason */
function fail(reason) {
  console.error(reason);
  process.exit(1);
}
