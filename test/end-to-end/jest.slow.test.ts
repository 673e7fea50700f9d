// The kit in jest's mode for ECMAScript modules: the test of the README with jest instead of vitest, and the matchers.
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
    // Jest must not detect Vitest.
    env: { ...process.env, VITEST: undefined, NODE_ENV: 'test', ...environment },
  });
  return { status, output: stdout + stderr };
}

/** The use of the matchers in docs/testing.md; they have no types in jest. */
const matchersTest = `
  import { expect, it } from '@jest/globals';
  import { matchers, testServer } from 'signalbox/testing';
  expect.extend(matchers);
  it('reads well', async () => {
    const app = await testServer();
    const ann = await app.connect();
    const topic = await ann.subscribe('/topic/any');
    await ann.send('/topic/any', { text: 'hi', more: [1, 2] });
    await ann.send('/app/nowhere');
    await expect(topic).toReceive({ text: expect.stringMatching('h') });
    expect(app).toHavePublished('/topic/*', { more: [1, 2] });
    expect(app).not.toHavePublished('/topic/*', { more: [1] });
    expect(ann).toHaveProblem('no-route');
    expect(() => expect(ann).toBeClosed()).toThrow('It is open.');
    await app.close();
  });
`;

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

// Installs packages from the registry, which takes long, so it runs only where all tests are required.
describe.runIf(process.env['SIGNALBOX_REQUIRE_ALL'] === '1')('the test of the README', () => {
  it('passes in jest, and so do the matchers', () => {
    write();
    expect(run('npm install --no-audit --no-fund --no-save jest@30.5.2')).toMatchObject({
      status: 0,
    });
    link();
    expect(run('node node_modules/typescript/bin/tsc -p .')).toEqual({ status: 0, output: '' });
    writeFileSync(join(folder, 'out', 'matchers.test.mjs'), matchersTest);
    const modules = { NODE_OPTIONS: '--experimental-vm-modules' };
    const { output } = run('npx jest --rootDir out --testMatch "**/*.test.*js"', modules);
    expect(output).toMatch(/Tests: +2 passed, 2 total/);
  }, 240_000);
});
