// docs/getting-started.md followed to the letter, in an empty folder, with the packed package in place of the published one.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPages, root, type Fence } from './page.js';

const folder = mkdtempSync(join(tmpdir(), 'getting-started-'));
const { fences } = readPages().find(({ path }) => path === 'docs/getting-started.md')!;

function run(command: string, cwd = folder, environment: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(command, {
    cwd,
    shell: true,
    encoding: 'utf8',
    timeout: 120_000,
    // No test runner of ours around the one of the page.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, NODE_OPTIONS: undefined, ...environment },
  });
  return { status, output: stdout + stderr };
}

/** What npm finds when it is asked for signalbox. */
function pack(): string {
  const { output } = run(`npm pack --silent --ignore-scripts --pack-destination ${folder}`, root);
  return join(folder, output.trim().split('\n').at(-1)!);
}

/** Why the page cannot be followed here, if it cannot. */
function obstacle(): string | undefined {
  if (run('npm ping').status === 0) return undefined;
  const missing = 'npm cannot be reached from here, so the page cannot be followed.';
  if (process.env['SIGNALBOX_REQUIRE_ALL'] === '1') throw new Error(missing);
  console.warn(`Skipped: ${missing}`);
  return missing;
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(obstacle() !== undefined)('a reader who does what the page says', () => {
  const said: { command: string; status: number | null; output: string }[] = [];

  beforeAll(() => {
    const signalbox = pack();
    for (const fence of fences) follow(fence, signalbox);
  }, 300_000);

  function follow({ info, code }: Fence, signalbox: string): void {
    const [language, file] = info.split(' ');
    if (language === 'sh') {
      for (const line of code.split('\n')) {
        const command = line.replace(' signalbox ', ` ${signalbox} `);
        said.push({ command: line, ...run(command) });
      }
    } else if (file !== undefined) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), code);
    }
  }

  it('meets no error', () => {
    expect(said.filter(({ status }) => status !== 0)).toEqual([]);
  });

  it('sees the test pass', () => {
    expect(said.at(-1)!.output).toMatch(/pass 1\n/);
  });

  it('sees what the server says', () => {
    const { output } = run('timeout 5 node dist/main.js', folder, { PORT: '0' });
    expect(output.trim()).toBe(fences.find(({ info }) => info === 'text')!.code);
  });
});
