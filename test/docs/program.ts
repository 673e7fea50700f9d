// Compiles the programs of the documentation against the built package, as an application does, and runs them.
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { freePort } from './free-port.js';
import { root, type Fence, type Page } from './page.js';

/** Inside the package, so that `signalbox` is the package itself; ignored by git. */
const folder = `${root}.fences/`;

const tsc = `${root}node_modules/typescript/bin/tsc`;

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
  // Names that examples in docstrings use without declaring them.
  include: ['*.ts', '../test/docs/example-fixtures.d.ts'],
};

/** Settings like those of esbuild and tsx: no types for decorators, each file compiled separately, and defined class fields. */
const withoutTypes = {
  ...settings,
  extends: '../../tsconfig.json',
  compilerOptions: {
    ...settings.compilerOptions,
    target: 'ESNext',
    emitDecoratorMetadata: false,
    isolatedModules: true,
    useDefineForClassFields: true,
  },
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

/** The files of a page that its programs import, such as `./greeting.controller.js`: their code by file name without the ending. */
export function importedFilesOf({ fences }: Page): Record<string, string> {
  const imports = fences
    .filter(({ info }) => info === 'ts run')
    .flatMap(({ code }) => [...code.matchAll(/ from '\.\/([\w.]+)\.js';$/gm)])
    .map(([, name]) => name!);
  return Object.fromEntries(
    imports.map((name) => [name, fences.find(({ info }) => info === `ts ${name}.ts`)?.code ?? '']),
  );
}

/** Compiles all at once, and returns the errors of tsc; their line numbers are those of the page. */
export async function compile(programs: readonly Program[]): Promise<string> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  writeFileSync(`${folder}tsconfig.json`, JSON.stringify(settings));
  for (const { name, fence } of programs)
    writeFileSync(`${folder}${name}.ts`, '\n'.repeat(fence.line - 1) + fence.code);
  for (const page of new Set(programs.map((program) => program.page)))
    for (const [name, code] of Object.entries(importedFilesOf(page)))
      writeFileSync(`${folder}${name}.ts`, code);
  return node([tsc, '-p', folder, '--pretty', 'false']);
}

/**
 * Runs a compiled program on a free port.
 * @returns its output, with the port of the page instead of the free port; and the exit code if it failed
 */
export async function run({ name, fence }: Program): Promise<string> {
  return runOnFreePort([`${folder}out/${name}.js`], fence.code);
}

/**
 * Compiles the files without the types of parameters and properties, and runs the last one on a free port.
 * @param files code by file name without the ending
 * @returns the result of `run`, or the errors of tsc
 */
export async function runWithoutTypes(
  files: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
): Promise<string> {
  const plain = `${folder}plain/`;
  rmSync(plain, { recursive: true, force: true });
  mkdirSync(plain, { recursive: true });
  writeFileSync(`${plain}tsconfig.json`, JSON.stringify(withoutTypes));
  for (const [name, code] of Object.entries(files)) writeFileSync(`${plain}${name}.ts`, code);
  const errors = await node([tsc, '-p', plain, '--pretty', 'false']);
  if (errors !== '') return errors;
  const [main, code] = Object.entries(files).at(-1)!;
  return runOnFreePort([...flags, `${plain}out/${main}.js`], code);
}

async function runOnFreePort(args: readonly string[], code: string): Promise<string> {
  const port = String(await freePort());
  const output = await node(args, { PORT: port });
  const [, documented] = /\['PORT'\] \?\? (\d+)/.exec(code) ?? [];
  return documented === undefined ? output : output.replaceAll(port, documented);
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
