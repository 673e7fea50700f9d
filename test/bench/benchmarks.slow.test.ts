// The benchmarks that need no further packages, with the fewest rounds: they finish and print ratios.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const bench = fileURLToPath(new URL('../../bench', import.meta.url));

it.each([
  { name: 'codec', tables: 12 },
  { name: 'match', tables: 5 },
])('$name finishes', { timeout: 60_000 }, ({ name, tables }) => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--expose-gc', `${name}.mjs`, '--quick'],
    { cwd: bench, encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(stdout.match(/\bratio\b/g)).toHaveLength(tables);
  expect(stdout).not.toMatch(/NaN|Infinity/);
});
