// The commands of the launcher. A failed command prints a sentence and sets an exit code, without a stack trace.
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildExamples, buildPackage } from './build.mjs';
import { runInForeground } from './child.mjs';
import { Failure } from './failure.mjs';
import { install } from './install.mjs';
import { whileLocked } from './lock.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** @type {Record<string, (args: string[]) => Promise<number>>} */
const commands = { start, test, 'test:all': testAll, build };

/**
 * @param {string[]} args the name of the command and its arguments
 * @returns {Promise<number>} the exit code
 */
export async function run([name = '', ...args]) {
  try {
    const command = commands[name];
    if (command === undefined)
      throw new Failure(`Name a command: ${Object.keys(commands).join(', ')}.`);
    return await command(args);
  } catch (error) {
    const failure = error.syscall === undefined ? error : refused(error);
    if (!(failure instanceof Failure)) throw error;
    console.error(failure.message);
    return failure.exitCode;
  }
}

/** A failure for an operation that the system refused, such as a write to a read-only folder. */
function refused({ code, syscall, path }) {
  const why = { EACCES: 'permission denied', EROFS: 'the file system is read-only' }[code] ?? code;
  const what = path === undefined ? syscall : `${syscall} of '${path}'`;
  return new Failure(`signalbox cannot be prepared: ${what} failed (${why}).`);
}

/** Serves all examples, or only the named one. */
async function start([name, ...args]) {
  const names = exampleNames();
  if (name !== undefined && !names.includes(name)) {
    throw new Failure(
      `The example '${name}' does not exist; the examples are ${names.join(', ')}.`,
    );
  }
  await whileLocked(root, async () => {
    await install(root);
    await buildPackage(root);
    await buildExamples(root);
  });
  const main = name === undefined ? 'dist-examples/main.js' : `dist-examples/${name}/main.js`;
  console.log(name === undefined ? 'Starting the examples.' : `Starting the example '${name}'.`);
  return runInForeground(root, ['--enable-source-maps', main, ...args]);
}

/** Runs the fast tests. */
async function test(args) {
  return runTests('Running the fast tests; npm run test:all runs all of them.', [
    '--project=fast',
    ...args,
  ]);
}

/** Runs all tests, each property with five times as many cases. */
async function testAll(args) {
  process.env['PROPERTY_RUNS'] ??= '5000';
  return runTests('Running all tests.', args);
}

/**
 * Builds the package first, because some tests use the build.
 * @param {string} announcement
 * @param {string[]} args for vitest
 */
async function runTests(announcement, args) {
  await build();
  console.log(announcement);
  return runInForeground(root, ['node_modules/vitest/vitest.mjs', 'run', ...args]);
}

async function build() {
  await whileLocked(root, async () => {
    await install(root);
    await buildPackage(root);
  });
  return 0;
}

/** The folders of `examples/` that contain a program. */
function exampleNames() {
  const folder = `${root}examples`;
  return readdirSync(folder).filter((name) => existsSync(`${folder}/${name}/main.ts`));
}
