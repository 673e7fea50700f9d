// Runs StrykerJS on one source file and returns the mutants that the tests did not detect.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/**
 * @typedef {object} Mutant one change that no test detected
 * @property {string} line source text of the line where the change begins
 * @property {string} mutator kind of change, as Stryker names it
 * @property {string} from source text that was replaced, its first line only
 * @property {string} to its replacement, the first line only
 */

/**
 * @typedef {object} Result
 * @property {number} mutants number of mutants that were tested
 * @property {number} killed number of mutants that a test detected, by a failure, an uncaught error or a timeout
 * @property {Mutant[]} survivors
 */

/**
 * @param {string} root folder of the project
 * @param {string} file source file, relative to `root`
 * @param {readonly string[]} tests glob patterns of the tests to run
 * @param {{ concurrency: number, minutes: number }} limits
 * @returns {Promise<Result>}
 * @throws {Error} when Stryker fails or takes longer than `minutes`
 */
export async function mutate(root, file, tests, { concurrency, minutes }) {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-mutation-'));
  // Inside the project, so that imports find node_modules; removed here, because Stryker leaves it behind when it is stopped.
  const sandbox = join('.stryker-tmp', basename(folder));
  try {
    const config = join(folder, 'stryker.json');
    const report = join(folder, 'report.json');
    const options = { ...optionsFor(file, report, concurrency), tempDirName: sandbox };
    writeFileSync(config, JSON.stringify(options));
    const env = { ...process.env, MUTATION_TESTS: JSON.stringify(tests), PROPERTY_RUNS: '100' };
    await run(root, config, env, minutes);
    return resultOf(JSON.parse(readFileSync(report, 'utf8')).files[file]);
  } finally {
    for (const each of [folder, join(root, sandbox)])
      rmSync(each, { recursive: true, force: true });
  }
}

/**
 * @param {string} file
 * @param {string} report
 * @param {number} concurrency
 */
function optionsFor(file, report, concurrency) {
  return {
    mutate: [file],
    // Strings are either texts for readers or members of a literal type, and the compiler rejects a changed literal.
    mutator: { excludedMutations: ['StringLiteral'] },
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    // `related` is not used, because it omits test files that import the source through an alias.
    vitest: { configFile: 'scripts/mutation/vitest.config.ts', related: false },
    coverageAnalysis: 'perTest',
    concurrency,
    reporters: ['json'],
    jsonReporter: { fileName: report },
    logLevel: 'warn',
    ignorePatterns: ['/.stryker-tmp', '/api', '/bench', '/dist', '/dist-examples', '/examples'],
    // Stryker would rewrite tsconfig.json with an interface that TypeScript 7 does not have.
    tsconfigFile: 'none',
  };
}

/**
 * @param {string} root
 * @param {string} config
 * @param {NodeJS.ProcessEnv} env
 * @param {number} minutes
 */
async function run(root, config, env, minutes) {
  const program = createRequire(import.meta.url).resolve('@stryker-mutator/core/package.json');
  const stryker = join(program, '../bin/stryker.js');
  // A process group, because the test processes of Stryker continue after its end, and a mutant may cause an endless loop.
  const child = spawn(process.execPath, [stryker, 'run', config], {
    cwd: root,
    env,
    detached: true,
    windowsHide: true,
  });
  const stop = () => killGroup(child.pid);
  const stopAndExit = () => {
    stop();
    process.exit(1);
  };
  process.once('SIGINT', stopAndExit).once('SIGTERM', stopAndExit);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    stop();
  }, minutes * 60_000);
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  clearTimeout(timer);
  process.off('SIGINT', stopAndExit).off('SIGTERM', stopAndExit);
  stop();
  if (late) throw new Error(`not finished within ${minutes} minutes`);
  // The lines that follow are a stack trace of Stryker.
  const reason = output.split('\n').slice(0, 5).join('\n');
  if (code !== 0) throw new Error(`Stryker failed:\n${reason}`);
}

/** @param {number | undefined} pid of the first process of the group */
function killGroup(pid) {
  if (pid === undefined) return;
  try {
    // Windows has no process groups.
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // All processes of the group have ended.
  }
}

/**
 * @param {{ source: string, mutants: object[] } | undefined} file part of Stryker's report; undefined when there is nothing to mutate
 * @returns {Result}
 */
function resultOf(file) {
  if (file === undefined) return { mutants: 0, killed: 0, survivors: [] };
  const lines = file.source.split('\n');
  const tested = file.mutants.filter(({ status }) => status !== 'Ignored');
  const survivors = tested
    .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
    .map(({ mutatorName, location: { start, end }, replacement }) => {
      const line = lines[start.line - 1];
      const last = start.line === end.line ? end.column - 1 : undefined;
      return {
        line: line.trim(),
        mutator: mutatorName,
        from: line.slice(start.column - 1, last),
        to: replacement.split('\n')[0],
      };
    });
  return { mutants: tested.length, killed: tested.length - survivors.length, survivors };
}
