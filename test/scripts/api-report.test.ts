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

  it('fails for docstrings that lack a meaning, an example, a default, a unit or an error code', () => {
    write(
      'src/door.ts',
      `/** Codes. */
       export const errorCodes = { 'door-locked': { text: 'The door is locked.' } } as const;
       /** An error. */
       export class MessagingError { constructor(code: string) {} }

       interface Lock {
         /** @see Door */
         readonly key: string;
       }
       /** A door. */
       export interface Door {
         /** Its lock. */
         readonly lock: Lock;
         /** How wide it is. */
         readonly width?: number;
       }
       /** Opens a door. */
       export function open(door: Door, options: DoorOptions): void {}
       /** Closes a door. */
       export const close = (door: Door): void => {};
       /** A decorator. */
       export const Opens: MethodDecorator = () => {};
       /** Locks a door. */
       export const lock: Locks = () => {};
       /** The type of a function. */
       type Locks = (door: Door) => void;
       /** Knocks on a door. */
       export const knock: Knocks = () => {};
       /** An interface of functions. */
       interface Knocks {
         /** Knocks. */
         (door: Door): void;
       }

       interface DoorOptions {
         /** What rings. */
         bell?: Partial<Bell>;
       }
       /** A bell. */
       interface Bell {
         /** Time between two rings. @default 5 */
         ringInterval: number;
         /** The size of its log. @default 5 */
         maxBytes: number;
         /** Its tone. */
         tone: string;
       }
       /** Paints doors. */
       export class Painter {
         /** Buys the colors. @throws {Error} if there are none */
         constructor(colors: Colors) { throw new MessagingError('door-locked'); }
         /** Paints a door. @throws {MessagingError} \`door-open\` always */
         paint(): void { if (true) { throw new MessagingError('door-locked'); } }
         /** Dries a door. */
         dry(): () => void { return () => { throw new MessagingError('door-locked'); }; }
       }
       /** The parameter of a constructor. */
       interface Colors {
         /** The color inside. */
         inner?: string;
         /** The color outside. @default red */
         outer?: string;
       }`,
    );
    write('src/index.ts', `export * from './door.js';`);

    const { status, output } = apiReport(folder);

    expect(status).toBe(1);
    expect(output.trimEnd().split('\n').slice(1)).toEqual([
      'Bell.maxBytes is a number without the unit "bytes".',
      'Bell.ringInterval is a number without the unit "milliseconds".',
      'Bell.tone is an option without a @default.',
      'close is an exported function without an @example.',
      'Colors.inner is an option without a @default.',
      'Door.width is an option without a @default.',
      'DoorOptions has no docstring.',
      'DoorOptions.bell is an option without a @default.',
      'knock is an exported function without an @example.',
      'Lock has no docstring.',
      'lock is an exported function without an @example.',
      'Lock.key has no docstring.',
      'open is an exported function without an @example.',
      'Opens is an exported function without an @example.',
      'Painter.constructor throws door-locked without a @throws {MessagingError}.',
      'Painter.paint has a @throws with the unknown code door-open.',
      'Painter.paint throws door-locked without a @throws {MessagingError}.',
    ]);
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
