// stomp.py for tests that need a client which nobody here wrote: installed once, for these tests alone.
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

// Without what only its command line needs.
const packages = ['stomp.py==9.0.0', 'websocket-client==1.9.2'];
const cache = fileURLToPath(new URL('../node_modules/.cache/signalbox/', import.meta.url));
const folder = `${cache}${packages.join('+')}`;

/** Runs a program with stomp.py at hand; resolves with what it printed, rejects with what it complained of. */
export type RunPython = (file: URL, args: readonly string[]) => Promise<string>;

/** Undefined, with a word on the console, where stomp.py cannot be had. */
export function findStompPy(): RunPython | undefined {
  const missing = existsSync(folder) ? whyNot(['--version']) : install();
  if (missing === undefined) return run;
  const sentence = `stomp.py cannot be had: ${missing}`;
  if (process.env['SIGNALBOX_REQUIRE_ALL'] === '1') throw new Error(sentence);
  console.warn(`Skipped: ${sentence}`);
  return undefined;
}

async function run(file: URL, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('python3', [fileURLToPath(file), ...args], {
    env: { ...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' },
    timeout: 150_000,
  });
  return stdout;
}

/** Into a folder beside, which is moved when it is whole: other tests may be doing the same. */
function install(): string | undefined {
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(`${cache}stomp-py-`);
  const pip = ['-m', 'pip', 'install', '--quiet', '--retries=1', '--disable-pip-version-check'];
  const why = whyNot([...pip, '--no-deps', '--target', fresh, ...packages]);
  if (why === undefined && !existsSync(folder)) renameSync(fresh, folder);
  rmSync(fresh, { recursive: true, force: true });
  return why;
}

/** Why Python did not do it, in its last line; undefined when it did. */
function whyNot(args: readonly string[]): string | undefined {
  const options = { encoding: 'utf8', timeout: 90_000 } as const;
  const { status, stderr, error } = spawnSync('python3', args, options);
  if (error !== undefined) return error.message.replace(/.* ENOENT$/, 'there is no python3.');
  return status === 0 ? undefined : stderr.trim().split('\n').at(-1);
}
