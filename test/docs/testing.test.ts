// The tests of docs/testing.md, docs/websocket-handlers.md and the README: compiled and run with their test runners.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPages, root, type Fence } from './page.js';

const folder = mkdtempSync(join(tmpdir(), 'testing-'));
const pages = readPages();
const fences = (page: string) => pages.find(({ path }) => path === page)!.fences;
const fileOf = ({ info }: Fence) => info.split(' ')[1];

const settings = {
  extends: `${root}tsconfig.json`,
  compilerOptions: { noEmit: false, rootDir: '.', outDir: 'out', paths: {}, types: ['node'] },
  include: ['*.ts', 'src/*.ts'],
};

function node(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
    // The test runners of the page must not detect Vitest.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, VITEST: undefined, NO_COLOR: '1' },
  });
  return { status, output: stdout + stderr };
}

/** The settings of an application. */
function install(): void {
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  symlinkSync(root, join(modules, 'signalbox'), 'dir');
  for (const name of ['@types', 'class-validator', 'typescript', 'vitest', 'ws'])
    symlinkSync(join(root, 'node_modules', name), join(modules, name), 'dir');
}

const readme = fences('README.md').filter(
  (fence) => fileOf(fence) !== undefined && fence.info !== 'ts run',
);
const files = ['docs/testing.md', 'docs/websocket-handlers.md']
  .flatMap(fences)
  .filter(({ info }) => / .*\.ts$/.test(info));
/** The test in `src` is one of the project of getting started. */
const controller = fences('docs/getting-started.md').find(
  (fence) => fileOf(fence) === 'src/room.controller.ts',
)!;
const named = (ending: string) => files.filter((fence) => fileOf(fence)!.endsWith(ending));

beforeAll(() => {
  install();
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
  mkdirSync(join(folder, 'src'));
  for (const fence of [...readme, ...files, controller])
    writeFileSync(join(folder, fileOf(fence)!), fence.code);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the tests of docs/testing.md and docs/websocket-handlers.md', () => {
  it('compile', () => {
    expect(node('node_modules/typescript/bin/tsc', '-p', '.')).toEqual({ status: 0, output: '' });
  }, 60_000);

  it('pass in vitest, with the test of the README', () => {
    // In one worker and one context, so that the package is loaded only once.
    const together = ['--pool', 'threads', '--maxWorkers', '1', '--no-isolate'];
    const run = ['run', '--root', 'out', ...together];
    const { output } = node('node_modules/vitest/vitest.mjs', ...run);
    expect(output).toContain(`Test Files  ${named('.test.ts').length + 1} passed`);
  }, 60_000);

  it('pass in node:test', () => {
    const own = named('.node.ts').map((fence) => `out/${fileOf(fence)!.replace(/ts$/, 'js')}`);
    expect(own.length).toBeGreaterThan(0);
    expect(node('--test', ...own).output).toMatch(/fail 0\n/);
  }, 60_000);

  it('are all there', () => {
    const compiled = readdirSync(join(folder, 'out'), { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.js'),
    );
    expect(compiled).toHaveLength(files.length + readme.length + 1);
  });
});

describe('the test of the README', () => {
  it('has at most ten lines', () => {
    const test = readme.find((fence) => fileOf(fence) === 'greeting.test.ts')!;
    expect(test.code.split('\n').length).toBeLessThanOrEqual(10);
  });
});
