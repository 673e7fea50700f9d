// Vitest settings: decorators with metadata, `signalbox` resolved to the sources, and the two groups of tests.
import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';
import { closingLine } from './test/closing-line.js';

const fastTests = ['test/**/*.test.ts', 'examples/**/*.test.ts'];
const slowTests = ['test/**/*.slow.test.ts'];

/** Returns the source file of a subpath of the package. */
function source(path: string): string {
  return `${fileURLToPath(new URL('src/', import.meta.url))}${path}.ts`;
}

export default defineConfig({
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  resolve: {
    alias: [
      { find: /^signalbox$/, replacement: source('index') },
      { find: /^signalbox\/(.*)$/, replacement: source('$1') },
    ],
  },
  test: {
    // Long, because a test that compiles or reads a disk takes many times longer on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    reporters: ['default', closingLine()],
    projects: [
      {
        extends: true,
        test: {
          name: 'fast',
          include: fastTests,
          exclude: [...configDefaults.exclude, ...slowTests],
          // Files share the loaded modules of their worker: importing them again for each file takes longer than the tests.
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'slow', include: slowTests, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
