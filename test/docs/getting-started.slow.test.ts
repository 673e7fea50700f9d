// Tests docs/getting-started.md: follows it exactly, in an empty folder, with the packed package instead of the published one.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { pack } from '../package/application.js';
import { freePort } from './free-port.js';
import { commandOf, filesOf } from './package-manager.js';
import { readPages, type Fence } from './page.js';

/** The result of a command. */
interface CommandResult {
  readonly command: string;
  readonly code: number | null;
  readonly output: string;
}

const folder = mkdtempSync(join(tmpdir(), 'getting-started-'));
const { fences } = readPages().find(({ path }) => path === 'docs/getting-started.md')!;

/** `npm run test:package` sets another one. */
const manager = process.env['PACKAGE_MANAGER'] ?? 'npm';

const port = String(await freePort());

const environment: NodeJS.ProcessEnv = {
  ...process.env,
  PORT: port,
  npm_config_prefer_offline: 'true',
  npm_config_fetch_retries: '1',
  npm_config_fetch_retry_mintimeout: '1000',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
  // The test runner of the page must not notice that Vitest runs it.
  NODE_TEST_CONTEXT: undefined,
  NODE_OPTIONS: undefined,
};

const servers: ChildProcess[] = [];
const results: CommandResult[] = [];
let packed: string;
let unreachable = false;

/** The output with the free port replaced by the port of the page. */
function asDocumented(output: string): string {
  return output.trim().replaceAll(port, '8080');
}

/** Runs a command. Resolves when it ends, or when `until` returns true for its output. */
function run(
  command: string,
  { until }: { until?: (output: string) => boolean },
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(`exec ${command}`, { cwd: folder, shell: true, env: environment });
    if (until !== undefined) servers.push(child);
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
      if (until?.(output) === true) resolve({ command, code: 0, output });
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
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
    const until =
      rest === 'serve' ? (output: string) => asDocumented(output) === printed : undefined;
    const { output, ...result } = await run(commandOf(manager, line, packed), { until });
    results.push({ ...result, output });
    if (result.code !== 0) {
      unreachable = /EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|ENOTCACHED/.test(output);
      return;
    }
  }
}

/** Skips the test if the registry cannot be reached. */
function reachable(context: TestContext): void {
  if (!unreachable) return;
  const why = 'npm has not cached the packages of the page, and cannot reach its registry.';
  if (process.env['SIGNALBOX_REQUIRE_ALL'] === '1') throw new Error(why);
  context.skip(why);
}

describe('a reader who follows the page', () => {
  beforeAll(async () => {
    packed = pack(folder);
    for (const [file, text] of Object.entries(filesOf(manager)))
      writeFileSync(join(folder, file), text);
    for (const [i, fence] of fences.entries()) {
      if (results.every(({ code }) => code === 0)) await follow(fence, fences[i + 1]?.code);
    }
    // Two installations, which take minutes on a busy machine with an empty cache.
  }, 900_000);

  afterAll(() => {
    for (const server of servers) server.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it('runs all commands without errors', (context) => {
    reachable(context);
    expect(results.filter(({ code }) => code !== 0)).toEqual([]);
  });

  it('sees the output that the page shows', (context) => {
    reachable(context);
    const documented = fences.flatMap(({ info, code }) => (info === 'text' ? [code] : []));
    const outputs = results.map(({ output }) => asDocumented(output));
    expect(documented.filter((text) => !outputs.includes(text))).toEqual([]);
  });

  it('sees the test pass', (context) => {
    reachable(context);
    expect(results.at(-1)!.output).toMatch(/pass 1\n/);
  });
});
