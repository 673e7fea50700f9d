// `npm run test:package`: tests the packed package with several versions of Node, and follows getting started with package managers.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** The npm packages of the managers; npm itself is installed. */
const managers = {
  npm: undefined,
  pnpm: 'pnpm@12',
  yarn: '@yarnpkg/cli-dist@4',
  'yarn-classic': 'yarn@1',
  bun: 'bun@1',
};

const root = fileURLToPath(new URL('../', import.meta.url));
const { values } = parseArgs({
  options: {
    node: { type: 'string', default: '20.19.0,22,24' },
    manager: { type: 'string', default: Object.keys(managers).join() },
  },
});
const chosen = values.manager.split(',');
const folder = mkdtempSync(join(tmpdir(), 'signalbox-tools-'));

try {
  const bins = new Map(chosen.map((name) => [name, binOf(name)]));
  const rows = values.node.split(',').map((version) => {
    const node = join(install(`node@${version}`), 'node_modules/node/bin/node');
    const cells = { programs: passes(node, ['test/package/smoke.slow.test.ts'], {}) };
    for (const [name, bin] of bins)
      cells[name] = passes(node, ['test/docs/getting-started.slow.test.ts'], {
        PACKAGE_MANAGER: name,
        PATH: [dirname(node), bin, process.env.PATH].filter(Boolean).join(delimiter),
      });
    return [spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim(), cells];
  });
  console.table(Object.fromEntries(rows));
  const failed = rows.some(([, cells]) => Object.values(cells).includes('failed'));
  if (failed) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * Installs a package manager.
 * @param {string} name
 * @returns {string | undefined} the folder of its programs
 */
function binOf(name) {
  if (!(name in managers))
    throw new Error(`The known managers are ${Object.keys(managers).join(', ')}.`);
  const wanted = managers[name];
  return wanted && join(install(wanted), 'node_modules/.bin');
}

/**
 * @param {string} wanted a package with a version
 * @returns {string} the folder that it was installed in
 */
function install(wanted) {
  const prefix = join(folder, wanted.replaceAll(/\W/g, '-'));
  const args = ['install', '--prefix', prefix, '--no-audit', '--no-fund', wanted];
  const { status } = spawnSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`${wanted} cannot be installed.`);
  return prefix;
}

/**
 * Runs tests with a version of Node.
 * @param {string} node
 * @param {string[]} files
 * @param {NodeJS.ProcessEnv} env
 */
function passes(node, files, env) {
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'slow', ...files];
  const { status } = spawnSync(node, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, SIGNALBOX_REQUIRE_ALL: '1', ...env },
  });
  return status === 0 ? 'passed' : 'failed';
}
