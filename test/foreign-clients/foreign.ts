// Clients in other languages: built once for each state of their sources, together with their packages.
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { reportMissing } from '../missing.js';

/** Runs a client; resolves with the text that it printed, and rejects when it fails. */
export type Run = (...args: readonly string[]) => Promise<string>;

interface Language {
  /** Folder with the sources of the client. */
  readonly folder: string;
  /** Required programs. */
  readonly needs: readonly string[];
  /** Command that runs in a copy of the folder. */
  readonly build: readonly string[];
  /** Command that runs in that copy after the build. */
  readonly run: readonly string[];
}

export const go: Language = {
  folder: 'go',
  needs: ['go'],
  build: ['go', 'build', '-o', 'client', '.'],
  run: ['./client'],
};

/** Spring; the first argument is the class with the program. */
export const spring: Language = {
  folder: 'spring',
  needs: ['javac', 'java', 'mvn'],
  build: ['mvn', '--quiet', '--batch-mode', 'package'],
  run: ['java', '-cp', 'target/client.jar:target/dependency/*'],
};

const pip = 'python3 -m pip install --quiet --retries=1 --disable-pip-version-check --no-deps';

/** stomp.py; the first argument is the path of the program that uses it. */
export const stompPy: Language = {
  folder: 'python',
  needs: ['python3'],
  build: [...pip.split(' '), '--target', '.', '--requirement', 'requirements.txt'],
  run: ['python3'],
};

const cache = fileURLToPath(new URL('../../node_modules/.cache/signalbox/', import.meta.url));

/** Undefined when the language or its packages are missing. */
export function build(language: Language): Run | undefined {
  const absent = language.needs.find((program) => spawnSync('which', [program]).status !== 0);
  const built = absent === undefined ? buildOnce(language) : `there is no ${absent}`;
  if (typeof built === 'string')
    return reportMissing(`test/foreign-clients/${language.folder} cannot be built: ${built}.`);
  const [command, ...first] = language.run;
  const env = { ...process.env, PYTHONPATH: built.path, PYTHONDONTWRITEBYTECODE: '1' };
  return async (...args) => {
    const options = { cwd: built.path, env, timeout: 150_000 };
    const { stdout } = await promisify(execFile)(command!, [...first, ...args], options);
    return stdout.trim();
  };
}

/** Returns the folder of the client, or the reason why it cannot be built. */
function buildOnce({ folder, build }: Language): { readonly path: string } | string {
  const source = fileURLToPath(new URL(folder, import.meta.url));
  const path = join(cache, `${folder}-${digestOf(source)}`);
  if (fs.existsSync(path)) return { path };
  fs.mkdirSync(cache, { recursive: true });
  // Built in another folder, which is renamed when it is complete: other tests may build the same client.
  const fresh = fs.mkdtempSync(`${path}.`);
  fs.cpSync(source, fresh, { recursive: true });
  const [command, ...args] = build;
  const options = { cwd: fresh, encoding: 'utf8', timeout: 240_000 } as const;
  const { status, stdout, stderr, error } = spawnSync(command!, args, options);
  if (status === 0 && !fs.existsSync(path)) fs.renameSync(fresh, path);
  fs.rmSync(fresh, { recursive: true, force: true });
  if (status === 0) return { path };
  return error?.message ?? (stderr + stdout).trim().split('\n').slice(0, 3).join(' ');
}

/** Changes with any file of the folder. */
function digestOf(folder: string): string {
  const hash = createHash('sha256');
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) hash.update(fs.readFileSync(join(entry.parentPath, entry.name)));
  return hash.digest('hex').slice(0, 12);
}
