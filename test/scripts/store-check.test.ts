// The check of a store lists its messages and damages, and changes nothing.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { levelStore } from 'signalbox/store';
import { afterEach, beforeEach, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../scripts/store-check.mjs', import.meta.url));
let root: string;
let path: string;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'store-check-'));
  path = join(root, 'messages');
  const store = levelStore({ path });
  await store.open();
  for (const sequence of [1, 2]) {
    const body = Buffer.from(`body ${sequence}`);
    const message = { destination: '/queue/jobs', headers: new Map([['a', 'b']]), body };
    await store.write([{ kind: 'put', stored: { sequence, id: `m${sequence}`, message } }]);
  }
  await store.close();
});

afterEach(() => rmSync(root, { recursive: true }));

function check(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

/** Damages the first message of the log. Returns the name of the log. */
function damageLog(): string {
  const log = readdirSync(path).find((name) => name.endsWith('.log'))!;
  const bytes = readFileSync(join(path, log));
  bytes[30]! ^= 1;
  writeFileSync(join(path, log), bytes);
  return log;
}

const contents = () => readdirSync(path).map((name) => [name, readFileSync(join(path, name))]);

it('lists the messages of a complete store', () => {
  expect(check(path)).toEqual({
    status: 0,
    stdout: `The store '${path}' is complete.
2 messages can be read:
"/queue/jobs"  "m1"  6 bytes
"/queue/jobs"  "m2"  6 bytes
`,
    stderr: '',
  });
});

it('lists the damages and the other messages of a damaged store, and changes nothing', () => {
  const log = damageLog();
  const before = contents();
  expect(check(path)).toEqual({
    status: 1,
    stdout: `The store '${path}' is damaged, or a running server writes to it:
- ${log}: the record at byte 0 is damaged.
- 1 of 2 messages were found.
1 message can be read:
"/queue/jobs"  "m2"  6 bytes
`,
    stderr: '',
  });
  expect(contents()).toEqual(before);
});

it('prints whole messages as JSON', () => {
  damageLog();
  const { status, stdout, stderr } = check(path, '--json');
  expect([status, JSON.parse(stdout)]).toEqual([
    1,
    {
      sequence: 2,
      id: 'm2',
      destination: '/queue/jobs',
      headers: [['a', 'b']],
      body: Buffer.from('body 2').toString('base64'),
    },
  ]);
  expect(stderr).toContain('1 of 2 messages were found');
});

it('lists messages when CURRENT and the manifests are missing', () => {
  for (const name of readdirSync(path))
    if (/^(CURRENT|MANIFEST.*|signalbox.manifest)$/.test(name)) rmSync(join(path, name));
  const { status, stdout } = check(path);
  expect(status).toBe(1);
  expect(stdout).toContain('- signalbox.manifest is missing.\n- CURRENT is missing.\n');
  expect(stdout).toContain('2 messages can be read:');
});

it('explains its arguments, and refuses a folder that does not exist', () => {
  expect(check()).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('npm run store:check'),
  });
  const missing = join(root, 'missing');
  expect(check(missing)).toMatchObject({
    status: 2,
    stderr: `The folder '${missing}' does not exist.\n`,
  });
});
