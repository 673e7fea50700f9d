// The stress program: it finds nothing in the server, and finds what is planted into it.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../scripts/stress.mjs', import.meta.url));

function stress(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--expose-gc', '--disable-warning=ExperimentalWarning', program, ...args],
    { encoding: 'utf8', timeout: 110_000 },
  );
  return { status, stdout, stderr };
}

/** Longer where everything is required. */
const seconds = process.env['SIGNALBOX_REQUIRE_ALL'] === '1' ? '15' : '3';

it(`loses, doubles and leaves nothing in ${seconds} s`, { timeout: 120_000 }, () => {
  const { status, stdout, stderr } = stress(seconds);
  expect(stderr).toBe('');
  expect(stdout).toContain('Nothing is lost, doubled or out of order, and nothing is left.');
  expect(status).toBe(0);
});

it('catches one lost delivery of 10,000', { timeout: 120_000 }, () => {
  const { status, stdout, stderr } = stress('3', '--plant');
  expect(stderr).toMatch(/heard \d+ of .+ where \d+ had to come\./);
  expect(stdout).toContain('It failed.');
  expect(status).toBe(1);
});

it('says how it is asked', () => {
  expect(stress('soon')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('Say how many seconds'),
  });
});
