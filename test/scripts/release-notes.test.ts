// Release notes: the section of a version is printed, and a version without one fails.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../scripts/release-notes.mjs', import.meta.url));
let folder: string;

const changelog = `# Changes

## Unreleased

## 1.10.0 - 2027-01-02

### Payloads

- A format.

## 1.1.0 - 2026-12-01

- The first.
`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-notes-'));
  writeFileSync(join(folder, 'CHANGELOG.md'), changelog);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function notes(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

it.each([
  ['1.10.0', '### Payloads\n\n- A format.\n'],
  ['1.1.0', '- The first.\n'],
])('are the section of the version: %s', (version, text) => {
  const result = notes(version, join(folder, 'CHANGELOG.md'));
  expect(result).toEqual({ status: 0, stdout: text, stderr: '' });
});

it.each([
  ['1.1', 'has no section for'],
  ['', 'has no section for'],
  ['Unreleased', 'has an empty section for'],
])('fail without a section: %j', (version, problem) => {
  const { status, stdout, stderr } = notes(version, join(folder, 'CHANGELOG.md'));
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toContain(`The changelog ${problem} '${version}'.`);
});

it('can be made of the changelog of the package', () => {
  expect(notes('Unreleased').stdout).toContain('### Payloads\n');
});
