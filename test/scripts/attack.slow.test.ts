// The attack program: all attacks fail in a short run, and the program reports a server with faults.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../scripts/attack.mjs', import.meta.url));

async function attack(...args: readonly string[]) {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => void (stdout += text));
  child.stderr.on('data', (text) => void (stderr += text));
  const status = await new Promise((resolve) => void child.on('close', resolve));
  return { status, stdout, stderr };
}

it(
  'ends without a lost message of a neighbor and with memory below the limits',
  { timeout: 1_200_000 },
  async () => {
    const { status, stdout, stderr } = await attack('--quick');
    expect(stderr).toBe('');
    expect(stdout).toContain(
      'No neighbor lost a message, and the server stayed below its memory limit.',
    );
    expect(status).toBe(0);
  },
);

describe('a server with faults', { timeout: 300_000 }, () => {
  it.each([
    ['loses', 'lost message topic 31'],
    ['disconnects', 'was disconnected at message'],
    ['ends', 'The server ended'],
    ['grows', 'are allowed'],
  ])('that %s is reported', async (fault, violation) => {
    const { status, stdout, stderr } = await attack(
      '--only',
      'small-frames',
      '--quick',
      '--plant',
      fault,
    );
    expect(stderr).toContain(violation);
    expect(stdout).toContain('Failed: small-frames.');
    expect(status).toBe(1);
  });
});

it('lists the attacks with their limits', async () => {
  const { status, stdout } = await attack('--list');
  expect(stdout).toMatch(/^patterns-of-many-wildcards \(A1\)\n/);
  expect(stdout.match(/At most \d+ MiB are in use: /g)?.length).toBeGreaterThan(30);
  expect(status).toBe(0);
});

it('rejects an unknown attack', async () => {
  expect(await attack('--only', 'none')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("There is no attack 'none'."),
  });
});
