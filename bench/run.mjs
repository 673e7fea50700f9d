// Runs one benchmark by name: `node bench/run.mjs fan-out [--quick]`; installs the packages of bench/ when they are missing.
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
  fail(`Name a benchmark: ${names.join(', ')}`);
}
if (!existsSync(new URL('../dist/index.js', import.meta.url))) {
  fail('The benchmarks measure the built package: run `npm run build` first.');
}
if (!existsSync(new URL('node_modules', import.meta.url))) {
  // Windows needs a shell, because npm is a script there.
  run('npm ci --no-audit --no-fund', [], { shell: true });
}
// Some benchmarks measure memory, and collect garbage before.
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
