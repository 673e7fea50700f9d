// `node scripts/lint-words.mjs`: finds words that are hard to read, and accepts correct uses of the same words.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/lint-words.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lint-words-'));

afterAll(() => rmSync(folder, { recursive: true }));

/** Checks a file with these lines. */
function lint(lines: readonly string[]) {
  const file = join(folder, 'page.md');
  writeFileSync(file, lines.join('\n'));
  return spawnSync(process.execPath, [script, file], { cwd: folder, encoding: 'utf8' });
}

it('prints the place of each word with a simpler form, and exits with 1', () => {
  const { status, stdout } = lint(['# Page', '', 'One octet of nine octets.']);
  expect(stdout).toBe(
    'page.md:3: "octet" is hard to read; write "byte".\n' +
      'page.md:3: "octets" is hard to read; write "byte".\n',
  );
  expect(status).toBe(1);
});

it('finds words that are hard to read', () => {
  const sentences = [
    ['Whoever', 'Whoever reads too slowly is disconnected.'],
    ['nobody', 'It reaches nobody.'],
    ['what is', 'It returns what is left.'],
    ['is no', 'A value that is no object is refused.'],
    ['in its place', 'The header is set in its place.'],
    ['of its own', 'It has a process of its own.'],
    ['of its own', 'It has a queue of its own for each client.'],
    ['beside', 'The routes beside ours.'],
    ['gives way', 'The oldest message gives way.'],
    ['hears', 'The client hears it.'],
    ['tells', 'The log tells the reason.'],
    ['says', 'The error says why.'],
    ['for ever', 'It waits for ever.'],
    ['neighbour', 'The neighbour of a client.'],
  ] as const;
  const { stdout } = lint(sentences.map(([, sentence]) => sentence));
  const found = stdout.matchAll(/^page\.md:(\d+): "([^"]+)"/gm);
  expect(Array.from(found, ([, line, word]) => [word, sentences[Number(line) - 1]![1]])).toEqual(
    sentences,
  );
});

it('accepts correct uses of the same words, and lines with a reason', () => {
  const { status, stdout } = lint([
    "the type 'application/octet-stream'",
    'SEND to /user/nobody/queue/x',
    'an empty body is `noBody`',
    'There is no example.',
    'The session is no longer open.',
    'It changes a member of its own class.',
    'the endpoints besides the origin of the server',
    '// RFC 6455: "octet" // lint-words-ignore: a quotation',
  ]);
  expect(stdout).toBe('');
  expect(status).toBe(0);
});
