// An application in a temporary folder that has the packed package installed, and the packages that it needs.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { installedBy, manifest } from '../docs/manifest.js';
import { root } from '../docs/page.js';

const forCompiling = ['@types/node', 'undici-types', '@stomp/stompjs', 'vitest'];

/** Packs the built package. @returns the path of the tarball in the folder */
export function pack(folder: string): string {
  const output = execFileSync(
    'npm',
    ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder],
    { cwd: root, encoding: 'utf8' },
  );
  return join(folder, output.trim().split('\n').at(-1)!);
}

/** @param folder is created */
export function unpack(tarball: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', folder]);
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'signalbox-package-'));
}

export interface Run {
  readonly code: number | null;
  /** Standard output and errors. */
  readonly output: string;
}

/** An application; packages are copied or linked from this repository, so it needs no registry. */
export class ApplicationFolder {
  readonly path = temporaryFolder();

  constructor(readonly tarball: string) {
    this.unpack('node_modules/signalbox');
    for (const name of [...installedBy(manifest), ...forCompiling]) this.link(name);
    this.write('package.json', { type: 'module' });
  }

  /** Unpacks the tarball. */
  unpack(at: string): void {
    unpack(this.tarball, join(this.path, at));
  }

  /** Links a package of this repository. */
  link(name: string, at = `node_modules/${name}`): void {
    const target = join(this.path, at);
    mkdirSync(dirname(target), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), target, 'junction');
  }

  /** Copies a package of this repository to another place, as a second copy. */
  copy(name: string, at: string): void {
    cpSync(join(root, 'node_modules', name), join(this.path, at), { recursive: true });
  }

  uninstall(name: string): void {
    rmSync(join(this.path, 'node_modules', name), { recursive: true });
  }

  /** @param content of a JSON file: the value */
  write(file: string, content: string | object): void {
    const path = join(this.path, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  }

  /** Compiles the `.ts` and `.cts` files. @returns the errors of tsc */
  async compile(options: Readonly<Record<string, unknown>> = {}): Promise<string> {
    this.write('tsconfig.json', {
      compilerOptions: {
        target: 'ES2022',
        module: 'NodeNext',
        types: ['node'],
        strict: true,
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        ...options,
      },
      include: ['*.ts', '*.cts'],
    });
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    return (await this.node(tsc, '--pretty', 'false')).output;
  }

  /** Runs Node in the folder. */
  node(...args: string[]): Promise<Run> {
    return new Promise((resolve, reject) => {
      const env = { ...process.env, NODE_OPTIONS: undefined, NO_COLOR: '1' };
      const child = spawn(process.execPath, args, { cwd: this.path, env });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => void (output += chunk.toString()));
      child.once('error', reject).once('close', (code) => resolve({ code, output }));
    });
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/**
 * Packs the package once for the tests of a file, and makes a new application for each of them.
 *
 * @returns a function that returns the application of the current test
 */
export function applicationForEachTest(): () => ApplicationFolder {
  const folder = temporaryFolder();
  let tarball: string;
  let application: ApplicationFolder;
  beforeAll(() => {
    tarball = pack(folder);
  });
  beforeEach(() => {
    application = new ApplicationFolder(tarball);
  });
  afterEach(() => application.remove());
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return () => application;
}
