// Clients in other languages: built once for each state of their sources, with what their language brings.
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Runs a client against a port; resolves with the lines that it printed, rejects with what it complained of. */
export type Run = (port: number) => Promise<readonly string[]>;

interface Language {
  /** The folder of its client, beside this file. */
  readonly folder: string;
  /** Programs that have to be there. */
  readonly needs: readonly string[];
  /** In a copy of the folder. */
  readonly build: readonly string[];
  /** In that copy, when it is built. */
  readonly run: readonly string[];
}

export const go: Language = {
  folder: 'go',
  needs: ['go'],
  build: ['go', 'build', '-o', 'client', '.'],
  run: ['./client'],
};

export const spring: Language = {
  folder: 'spring',
  needs: ['javac', 'java', 'mvn'],
  build: ['mvn', '--quiet', '--batch-mode', 'package'],
  run: ['java', '-cp', 'target/client.jar:target/dependency/*', 'Client'],
};

const cache = fileURLToPath(new URL('../../node_modules/.cache/signalbox/', import.meta.url));

/** Undefined, with a word on the console, where the language is absent or its packages cannot be had. */
export function build(language: Language): Run | undefined {
  const absent = language.needs.find((program) => spawnSync('which', [program]).status !== 0);
  const missing = absent === undefined ? built(language) : `there is no ${absent}`;
  if (typeof missing !== 'string') return (port) => run(language, missing.path, port);
  const sentence = `The client in test/foreign-clients/${language.folder} cannot be built: ${missing}.`;
  if (process.env['SIGNALBOX_REQUIRE_ALL'] === '1') throw new Error(sentence);
  console.warn(`Skipped: ${sentence}`);
  return undefined;
}

function built(language: Language): { readonly path: string } | string {
  const source = fileURLToPath(new URL(language.folder, import.meta.url));
  const path = join(cache, `${language.folder}-${digestOf(source)}`);
  if (existsSync(path)) return { path };
  mkdirSync(cache, { recursive: true });
  // Into a folder beside, which is moved when it is whole: other tests may be building the same.
  const fresh = mkdtempSync(`${path}.`);
  cpSync(source, fresh, { recursive: true });
  const [command, ...args] = language.build;
  const options = { cwd: fresh, encoding: 'utf8', timeout: 240_000 } as const;
  const { status, stdout, stderr, error } = spawnSync(command!, args, options);
  if (status === 0 && !existsSync(path)) renameSync(fresh, path);
  rmSync(fresh, { recursive: true, force: true });
  if (status === 0) return { path };
  return error?.message ?? (stderr + stdout).trim().split('\n').slice(0, 3).join(' ');
}

/** Changes with any file of the folder. */
function digestOf(folder: string): string {
  const hash = createHash('sha256');
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) hash.update(readFileSync(join(entry.parentPath, entry.name)));
  return hash.digest('hex').slice(0, 12);
}

async function run(language: Language, cwd: string, port: number): Promise<readonly string[]> {
  const [command, ...args] = language.run;
  const { stdout } = await promisify(execFile)(command!, [...args, String(port)], {
    cwd,
    timeout: 150_000,
  });
  return stdout.trim().split('\n');
}
