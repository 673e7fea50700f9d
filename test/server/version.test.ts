// The version that CONNECTED names is that of the package.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { version } from '../../src/server/version.js';

it('is the version of package.json', () => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  expect((JSON.parse(text) as { version: string }).version).toBe(version);
});
