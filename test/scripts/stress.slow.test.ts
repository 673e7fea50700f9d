// The stress program: it reports no fault of the server, and reports a planted fault.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../scripts/stress.mjs', import.meta.url));

function stress(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--expose-gc', '--disable-warning=ExperimentalWarning', program, ...args],
    { encoding: 'utf8', timeout: 280_000 },
  );
  return { status, stdout, stderr };
}

/** Longer in CI. */
const seconds = process.env['SIGNALBOX_REQUIRE_ALL'] === '1' ? '15' : '3';

it(`reports no lost, repeated or remaining message in ${seconds} s`, { timeout: 300_000 }, () => {
  const { status, stdout, stderr } = stress(seconds);
  expect(stderr).toBe('');
  expect(stdout).toContain(
    'No message was lost, repeated or out of order, and no objects remain in memory.',
  );
  expect(status).toBe(0);
});

it('reports one lost delivery of 1,000', { timeout: 300_000 }, () => {
  const { status, stdout, stderr } = stress('1', '--plant');
  expect(stderr).toMatch(/received message \d+ of .+ instead of \d+\./);
  expect(stdout).toContain('Failed.');
  expect(status).toBe(1);
});

it('rejects a duration that is not a number', () => {
  expect(stress('soon')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('Pass the seconds'),
  });
});
