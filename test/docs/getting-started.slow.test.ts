// docs/getting-started.md followed to the letter, in an empty folder, with the packed package in place of the published one.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { freePort } from './free-port.js';
import { readPages, root, type Fence } from './page.js';

/** What became of a command. */
interface Said {
  readonly command: string;
  readonly code: number | null;
  readonly output: string;
}

const folder = mkdtempSync(join(tmpdir(), 'getting-started-'));
const { fences } = readPages().find(({ path }) => path === 'docs/getting-started.md')!;

const environment: NodeJS.ProcessEnv = {
  ...process.env,
  PORT: String(await freePort()),
  npm_config_prefer_offline: 'true',
  npm_config_fetch_retries: '1',
  npm_config_fetch_retry_mintimeout: '1000',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
  // No test runner of ours around the one of the page.
  NODE_TEST_CONTEXT: undefined,
  NODE_OPTIONS: undefined,
};

const servers: ChildProcess[] = [];
const said: Said[] = [];
let packed: string;
let unreachable = false;

/** Starts a command; `until` says by what it has printed that it need not be waited for any longer. */
function run(
  command: string,
  { cwd = folder, until }: { cwd?: string; until?: (output: string) => boolean } = {},
): Promise<Said> {
  return new Promise((resolve) => {
    const child = spawn(`exec ${command}`, { cwd, shell: true, env: environment });
    if (until !== undefined) servers.push(child);
    let output = '';
    const hear = (chunk: Buffer) => {
      output += chunk.toString();
      if (until?.(output) === true) resolve({ command, code: 0, output });
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('close', (code) => resolve({ command, code, output }));
  });
}

async function follow({ info, code }: Fence, printed: string | undefined): Promise<void> {
  const [language, rest] = info.split(' ');
  if (language !== 'sh') {
    if (rest === undefined) return;
    mkdirSync(dirname(join(folder, rest)), { recursive: true });
    writeFileSync(join(folder, rest), code);
    return;
  }
  for (const line of code.split('\n')) {
    const until = rest === 'serve' ? (output: string) => output.trim() === printed : undefined;
    const { output, ...result } = await run(line.replace(' signalbox ', ` ${packed} `), { until });
    said.push({ ...result, output });
    if (result.code !== 0) {
      unreachable = /EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|ENOTCACHED/.test(output);
      return;
    }
  }
}

/** A registry that cannot be reached is no fault of the page. */
function reachable(context: TestContext): void {
  if (!unreachable) return;
  const why = 'npm has not cached what the page installs, and cannot reach its registry.';
  if (process.env['SIGNALBOX_REQUIRE_ALL'] === '1') throw new Error(why);
  context.skip(why);
}

describe('a reader who does what the page says', () => {
  beforeAll(async () => {
    const { output } = await run(
      `npm pack --silent --ignore-scripts --pack-destination ${folder}`,
      { cwd: root },
    );
    packed = join(folder, output.trim().split('\n').at(-1)!);
    for (const [i, fence] of fences.entries()) {
      if (said.every(({ code }) => code === 0)) await follow(fence, fences[i + 1]?.code);
    }
  }, 120_000);

  afterAll(() => {
    for (const server of servers) server.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it('meets no error', (context) => {
    reachable(context);
    expect(said.filter(({ code }) => code !== 0)).toEqual([]);
  });

  it('sees what the page says that is printed', (context) => {
    reachable(context);
    const told = fences.flatMap(({ info, code }) => (info === 'text' ? [code] : []));
    const outputs = said.map(({ output }) => output.trim());
    expect(told.filter((text) => !outputs.includes(text))).toEqual([]);
  });

  it('sees the test pass', (context) => {
    reachable(context);
    expect(said.at(-1)!.output).toMatch(/pass 1\n/);
  });
});
