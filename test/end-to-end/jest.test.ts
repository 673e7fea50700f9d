// The kit in jest's mode for ECMAScript modules: the test of the README, with jest in the place of vitest.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readPages, root } from '../docs/page.js';

const folder = mkdtempSync(join(tmpdir(), 'jest-'));

function run(command: string, environment: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(command, {
    cwd: folder,
    shell: true,
    encoding: 'utf8',
    timeout: 120_000,
    // No test runner of ours around jest.
    env: { ...process.env, VITEST: undefined, NODE_ENV: 'test', ...environment },
  });
  return { status, output: stdout + stderr };
}

function write(): void {
  const readme = readPages().find(({ path }) => path === 'README.md')!;
  const { code } = readme.fences.find(({ info }) => info === 'ts greeting.test.ts')!;
  const settings = {
    extends: `${root}tsconfig.json`,
    compilerOptions: { noEmit: false, rootDir: '.', outDir: 'out', paths: {}, types: [] },
    include: ['*.ts'],
  };
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
  writeFileSync(join(folder, 'greeting.test.ts'), code.replace(`'vitest'`, `'@jest/globals'`));
  const controller = 'greeting.controller.ts';
  copyFileSync(`${root}examples/greeting/${controller}`, join(folder, controller));
}

function link(): void {
  const modules = join(folder, 'node_modules');
  mkdirSync(modules, { recursive: true });
  symlinkSync(root, join(modules, 'signalbox'), 'dir');
  for (const name of ['class-validator', 'typescript'])
    symlinkSync(join(root, 'node_modules', name), join(modules, name), 'dir');
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Its packages come from outside and take a while: where everything is required, and nowhere else.
describe.runIf(process.env['SIGNALBOX_REQUIRE_ALL'] === '1')('the test of the README', () => {
  it('passes in jest', () => {
    write();
    expect(run('npm install --no-audit --no-fund --no-save jest@30.5.2')).toMatchObject({
      status: 0,
    });
    link();
    expect(run('node node_modules/typescript/bin/tsc -p .')).toEqual({ status: 0, output: '' });
    const modules = { NODE_OPTIONS: '--experimental-vm-modules' };
    const { output } = run('npx jest --rootDir out', modules);
    expect(output).toMatch(/Tests: +1 passed, 1 total/);
  }, 240_000);
});
