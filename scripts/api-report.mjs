// `npm run api-report [-- --check]`: writes the public declarations to `api/`, or compares them, and lists missing docstrings.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { docstringMistakes } from './api/docstrings.mjs';
import { extractApi } from './api/extract.mjs';

const { values, positionals } = parseArgs({
  options: { check: { type: 'boolean', default: false } },
  allowPositionals: true,
});
// A test passes the folder of another package.
const [project = fileURLToPath(new URL('../', import.meta.url))] = positionals;
const api = join(project, 'api');

const entryPoints = extractApi(project);
const reports = new Map(entryPoints.map(({ file, report }) => [file, report]));
if (values.check) check();
else {
  rmSync(api, { recursive: true, force: true });
  mkdirSync(api);
  for (const [file, report] of reports) writeFileSync(join(api, file), report);
}

const mistakes = docstringMistakes(
  project,
  entryPoints.map(({ model }) => model),
);
if (mistakes.length > 0) {
  console.error('Public members need docstrings, see docs/contributing.md:');
  console.error(mistakes.join('\n'));
  process.exitCode = 1;
}

/** Prints the lines that were added or removed since the committed reports; exits with 1 if there are any. */
function check() {
  const committed = new Map(
    (existsSync(api) ? readdirSync(api) : []).map((file) => [
      file,
      readFileSync(join(api, file), 'utf8').replaceAll('\r\n', '\n'),
    ]),
  );
  const changes = [...new Set([...committed.keys(), ...reports.keys()])]
    .toSorted()
    .filter((file) => committed.get(file) !== reports.get(file))
    .flatMap((file) => [
      `api/${file}`,
      ...missingLines(committed.get(file), reports.get(file)).map((line) => `- ${line}`),
      ...missingLines(reports.get(file), committed.get(file)).map((line) => `+ ${line}`),
    ]);
  if (changes.length === 0) return;
  console.error('The public API has changed: run `npm run api-report` and commit the result.');
  console.error(changes.join('\n'));
  process.exitCode = 1;
}

/** Returns the lines of a text that do not occur in another one. */
function missingLines(text = '', other = '') {
  const lines = new Set(other.split('\n'));
  return text.split('\n').filter((line) => !lines.has(line));
}
