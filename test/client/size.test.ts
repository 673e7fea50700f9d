// The size of signalbox/client in a page: all of it, bundled, minified and compressed.
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';
import { expect, it } from 'vitest';
import { root } from '../docs/page.js';

it('is below 5 KB', async () => {
  const [{ output }] = (await build({
    root,
    configFile: false,
    logLevel: 'silent',
    build: { write: false, target: 'es2022', lib: { entry: 'src/client.ts', formats: ['es'] } },
  })) as [Rolldown.RolldownOutput];
  expect(output).toHaveLength(1);
  expect(output[0].imports).toEqual([]);
  expect(gzipSync(output[0].code).length).toBeLessThan(5000);
});
