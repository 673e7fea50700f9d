// The API report in `api/` matches the sources, and each change of a public declaration is detected.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../scripts/api-report.mjs', import.meta.url));

it('matches the public declarations', () => {
  const { status, output } = apiReport('--check');
  if (status !== 0) throw new Error(output);
});

describe('the report of a package with two entry points', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'signalbox-api-test-'));
    const exports = {
      '.': { import: { types: './dist/index.d.ts', default: './dist/index.js' } },
      './extra/main': {
        import: { types: './dist/extra/main.d.ts', default: './dist/extra/main.js' },
      },
      './package.json': './package.json',
    };
    const compilerOptions = {
      target: 'ES2022',
      module: 'NodeNext',
      rootDir: 'src',
      declaration: true,
      stripInternal: true,
      types: [],
    };
    write('package.json', JSON.stringify({ name: 'planted', type: 'module', exports }));
    write('tsconfig.build.json', JSON.stringify({ compilerOptions, include: ['src'] }));
    write('src/index.ts', `export { open, type Door } from './door.js';`);
    write(
      'src/door.ts',
      `/** A lock. */
       interface Lock {
         /** Its key. */
         readonly key: string;
       }
       /** A door. */
       export interface Door {
         /** Its lock. */
         readonly lock: Lock;
         /** @internal */
         readonly secret: number;
       }
       /**
        * Opens a door.
        * @example
        * open(door);
        */
       export function open(door: Door): void {}
       export function unused(): void {}`,
    );
    write('src/extra/main.ts', `import './global.js';`);
    write('src/extra/global.ts', `declare global { interface Window { extra: 1 } } export {};`);
    write('api/removed-entry-point.md', '');
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('lists all types that an entry point reaches, without docstrings', () => {
    expect(apiReport(folder)).toEqual({ status: 0, output: '' });

    expect(readdirSync(join(folder, 'api')).toSorted()).toEqual(['extra-main.md', 'signalbox.md']);
    expect(read('api/signalbox.md')).toContain(
      [
        '```ts',
        'export interface Door {',
        '    readonly lock: Lock;',
        '}',
        '',
        'interface Lock {',
        '    readonly key: string;',
        '}',
        '',
        'export function open(door: Door): void;',
        '```',
      ].join('\n'),
    );
    expect(read('api/extra-main.md')).toContain('extra: 1;');
  });

  it('differs after a change of a signature, a type that is not exported, or an augmentation', () => {
    replace('src/door.ts', 'open(door: Door)', 'open(door?: Door)');
    replace('src/door.ts', 'key: string', 'key: symbol');
    replace('src/door.ts', 'A door.', 'This change is not listed.');
    replace('src/extra/global.ts', 'extra: 1', 'extra: 2');

    expect(apiReport('--check', folder)).toEqual({
      status: 1,
      output: [
        'The public API has changed: run `npm run api-report` and commit the result.',
        'api/extra-main.md',
        '-         extra: 1;',
        '+         extra: 2;',
        'api/signalbox.md',
        '-     readonly key: string;',
        '- export function open(door: Door): void;',
        '+     readonly key: symbol;',
        '+ export function open(door?: Door): void;',
        '',
      ].join('\n'),
    });
  });

  it('fails for members without a docstring, functions without an example, and options without a default', () => {
    replace('src/door.ts', '/** A lock. */', '');
    replace('src/door.ts', '/** Its key. */', '/** @see Door */');
    replace('src/door.ts', '@example', 'For example:');
    replace('src/door.ts', 'door?: Door', 'options: DoorOptions');
    replace(
      'src/door.ts',
      'interface Lock',
      'interface DoorOptions {\n/** Meters. */\nwidth?: number }\ninterface Lock',
    );

    expect(apiReport(folder)).toEqual({
      status: 1,
      output: [
        'Public members need docstrings, see docs/contributing.md:',
        'DoorOptions has no docstring.',
        'DoorOptions.width is an option without a @default.',
        'Lock has no docstring.',
        'Lock.key has no docstring.',
        'open is an exported function without an @example.',
        '',
      ].join('\n'),
    });
  });

  function read(path: string): string {
    return readFileSync(join(folder, path), 'utf8');
  }

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }

  function replace(path: string, before: string, after: string): void {
    write(path, read(path).replace(before, after));
  }
});

function apiReport(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}
