// How the tests run: decorators with metadata, and `signalbox` by its own name means the sources.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { closingLine } from './test/closing-line.js';

/** A subpath of the package is the path of its source. */
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
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    reporters: ['default', closingLine()],
  },
});
