// The launcher behind `npm start` and `npm test`, in a package whose compiler and test runner only print that they ran.
import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const ours = fileURLToPath(new URL('../../', import.meta.url));
let root: string;

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const compiler = `
  const { appendFileSync, mkdirSync } = require('node:fs');
  const output = process.argv[3] === 'tsconfig.build.json' ? 'dist' : 'dist-examples';
  appendFileSync('built', output + ' begun\\n');
  setTimeout(() => {
    mkdirSync(output);
    appendFileSync('built', output + ' done\\n');
  }, 100);
`;

const example = `
  process.on('SIGTERM', () => process.exit(7));
  setInterval(() => {}, 1000);
  console.log('up');
`;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-launch-'));
  cpSync(join(ours, 'scripts'), join(root, 'scripts'), { recursive: true });
  write(
    'package.json',
    JSON.stringify({ type: 'module', engines: { node: '^20.19.0 || ^22.12.0 || >=24' } }),
  );
  write('package-lock.json', JSON.stringify({ lockfileVersion: 3, packages: { '': {} } }));
  write('node_modules/.package-lock.json', JSON.stringify({ packages: {} }));
  write('node_modules/typescript/package.json', '{}');
  write('node_modules/typescript/bin/tsc', compiler);
  write(
    'node_modules/vitest/vitest.mjs',
    `console.log(process.argv.slice(2).join(' '), process.env.PROPERTY_RUNS ?? '');\nprocess.exit(3);`,
  );
  for (const name of [
    'tsconfig.json',
    'tsconfig.build.json',
    'tsconfig.examples.json',
    'src/index.ts',
    'src/other.ts',
  ])
    write(name, '');
  write('examples/one/main.ts', '');
  write('examples/one/main.js', example);
  write('examples/two/main.ts', '');
  write('examples/public/style.css', '');
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const a = { version: '1.0.0', resolved: 'http://127.0.0.1:1/a.tgz', integrity: 'sha512-AAAA' };
const nowhere = { npm_config_registry: 'http://127.0.0.1:1/', npm_config_fetch_retries: '0' };

/** A package that has to be installed. */
function wantPackage(): void {
  write(
    'package.json',
    JSON.stringify({ type: 'module', engines: { node: '>=20' }, dependencies: { a: '1.0.0' } }),
  );
  const packages = { '': { dependencies: { a: '1.0.0' } }, 'node_modules/a': a };
  write('package-lock.json', JSON.stringify({ lockfileVersion: 3, packages }));
}

interface Launched {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; out: string; err: string }>;
  /** Resolves when it has printed this. */
  readonly printed: (text: string) => Promise<void>;
}

function launch(args: readonly string[], env: NodeJS.ProcessEnv = {}): Launched {
  // Started as from a shell, not from the npm that runs these tests.
  const {
    npm_execpath: _,
    npm_lifecycle_event: __,
    PROPERTY_RUNS: ___,
    ...inherited
  } = process.env;
  const child = spawn(process.execPath, ['scripts/launch.mjs', ...args], {
    cwd: root,
    env: { ...inherited, ...env },
  });
  let [out, err] = ['', ''];
  let wake = () => {};
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    wake();
  });
  child.stderr.on('data', (chunk: Buffer) => void (err += chunk.toString()));
  return {
    child,
    ended: new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err }))),
    async printed(text) {
      while (!out.includes(text)) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

describe('the launcher', () => {
  it('prints one sentence if Node is too old', async () => {
    write('package.json', JSON.stringify({ type: 'module', engines: { node: '^18.1.0 || >=99' } }));
    const { code, err } = await launch(['start']).ended;
    expect([code, err]).toEqual([
      1,
      `signalbox needs Node ^18.1.0 || >=99; this is Node ${process.versions.node}.\n`,
    ]);
  });

  it('lists the examples if the named one does not exist', async () => {
    expect(await launch(['start', 'three']).ended).toEqual({
      code: 1,
      out: '',
      err: "The example 'three' does not exist; the examples are one, two.\n",
    });
  });

  it('builds once, and again when a file was changed or removed', async () => {
    const built = async () => (await launch(['build']).ended).out;
    expect(await built()).toBe('Building signalbox.\n');
    expect(await built()).toBe('');
    write('src/index.ts', 'changed');
    expect(await built()).toBe('Building signalbox.\n');
    rmSync(join(root, 'src/other.ts'));
    expect(await built()).toBe('Building signalbox.\n');
    rmSync(join(root, 'dist'), { recursive: true });
    expect(await built()).toBe('Building signalbox.\n');
    expect(await built()).toBe('');
  });

  it.each([
    {
      command: 'test',
      out: 'Running the fast tests; npm run test:all runs all of them.\nrun --project=fast test/wire --bail=1 \n',
    },
    { command: 'test:all', out: 'Running all tests.\nrun test/wire --bail=1 5000\n' },
  ])('$command passes its arguments to vitest and returns its exit code', async (each) => {
    expect(await launch([each.command, 'test/wire', '--bail=1']).ended).toEqual({
      code: 3,
      out: `Building signalbox.\n${each.out}`,
      err: '',
    });
  });

  it('passes signals to an example, and returns its exit code', async () => {
    const { child, printed, ended } = launch(['start', 'one']);
    await printed('up');
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 7, err: '' });
    expect(existsSync(join(root, 'dist-examples/public/style.css'))).toBe(true);
  });

  it('prints one sentence if the dependencies cannot be installed', async () => {
    wantPackage();
    const { code, out, err } = await launch(['build'], nowhere).ended;
    expect(code).toBe(1);
    expect(out).toBe('Installing dependencies with npm ci.\n');
    expect(err).toMatch(
      /^Dependencies are not installed: the package registry cannot be reached\. Its last lines:\n/,
    );
    expect(err).not.toMatch(/^ +at /m);
  });

  it.each<[string, () => void]>([
    [
      'the record of npm is incomplete',
      () => write('node_modules/.package-lock.json', '{"packages":'),
    ],
    ['a package is missing', () => rmSync(join(root, 'node_modules/a'), { recursive: true })],
  ])('installs again when %s', async (_, spoil) => {
    wantPackage();
    write('node_modules/a/package.json', '{}');
    write('node_modules/.package-lock.json', JSON.stringify({ packages: { 'node_modules/a': a } }));
    expect((await launch(['build'], nowhere).ended).out).toBe('Building signalbox.\n');
    spoil();
    const { out, err } = await launch(['build'], nowhere).ended;
    expect(out).toBe('Installing dependencies with npm ci.\n');
    expect(err).toMatch(/^Dependencies are not installed/);
  });

  it('prints one sentence if the system refuses an operation', async () => {
    write('.stamp', 'a file instead of a folder');
    const { code, err } = await launch(['build']).ended;
    expect(code).toBe(1);
    expect(err).toMatch(
      /^signalbox cannot be prepared: mkdir of '.*\.stamp' failed \(EEXIST\)\.\n$/,
    );
  });
});

describe('two launchers at once', () => {
  it('build one after another, and the second has no remaining work', async () => {
    const both = await Promise.all([launch(['build']).ended, launch(['build']).ended]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both.filter(({ out }) => out.includes('Building'))).toHaveLength(1);
  });

  it('wait for each other', async () => {
    write('.stamp/lock', String(process.pid));
    const { printed, ended } = launch(['build']);
    await printed('Waiting for another command that installs or builds');
    expect(existsSync(join(root, 'built'))).toBe(false);
    rmSync(join(root, '.stamp/lock'));
    expect((await ended).code).toBe(0);
    expect(existsSync(join(root, '.stamp/lock'))).toBe(false);
  });

  it('replace the lock of an ended process', async () => {
    const dead = spawn(process.execPath, ['--version']);
    await new Promise((resolve) => dead.once('close', resolve));
    write('.stamp/lock', String(dead.pid));
    expect(await launch(['build']).ended).toMatchObject({ code: 0, out: 'Building signalbox.\n' });
  });
});
