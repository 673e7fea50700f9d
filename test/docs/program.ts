// Compiles the programs of the documentation against the built package, as an application does, and runs them.
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { freePort } from './free-port.js';
import { root, type Fence, type Page } from './page.js';

/** Inside the package, so that `signalbox` is the package itself; ignored by git. */
const folder = `${root}.fences/`;

const settings = {
  extends: '../tsconfig.json',
  compilerOptions: {
    noEmit: false,
    rootDir: '.',
    outDir: 'out',
    lib: ['ES2023', 'DOM', 'DOM.Iterable'],
    paths: {},
    moduleDetection: 'force',
  },
  include: ['*.ts'],
};

export interface Program {
  readonly page: Page;
  readonly fence: Fence;
  /** Name of its file, without extension. */
  readonly name: string;
}

/** All fences marked `ts` or `ts run`; fences that are files of one program belong to the test of their page. */
export function programsOf(pages: readonly Page[]): Program[] {
  return pages.flatMap((page) => {
    const prefix = page.path.replace(/\.md$/, '').replaceAll('/', '.');
    return page.fences
      .filter(({ info }) => info === 'ts' || info === 'ts run')
      .map((fence) => ({ page, fence, name: `${prefix}.${fence.line}` }));
  });
}

/** Compiles all at once, and returns the errors of tsc; their line numbers are those of the page. */
export async function compile(programs: readonly Program[]): Promise<string> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  writeFileSync(`${folder}tsconfig.json`, JSON.stringify(settings));
  for (const { name, fence } of programs)
    writeFileSync(`${folder}${name}.ts`, '\n'.repeat(fence.line - 1) + fence.code);
  return node([`${root}node_modules/typescript/bin/tsc`, '-p', folder, '--pretty', 'false']);
}

/** Returns the text that the program prints, and its exit code if it fails. It gets a free port. */
export async function run({ name }: Program): Promise<string> {
  return node([`${folder}out/${name}.js`], { PORT: String(await freePort()) });
}

function node(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env: { ...process.env, ...env } });
    child.stdin.end();
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => void (output += chunk.toString()));
    child.once('error', reject).once('close', (code) => {
      resolve(code === 0 ? output.trim() : `${output}and ended with ${code}`);
    });
  });
}
