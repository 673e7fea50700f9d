// The source files that mutation runs change, and the tests that have to detect the changes.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @type {Readonly<Record<string, readonly string[]>>} Patterns of the tests by source folder. */
export const testsByFolder = {
  'src/session': ['test/session/**/*.test.ts'],
  'src/broker/embedded': [
    'test/broker/**/*.test.ts',
    'scripts/mutation/broker-conformance.test.ts',
  ],
  'src/server': ['test/server/**/*.test.ts'],
};

/**
 * @param {string} root folder of the project
 * @returns {Map<string, string>} text of all source files by path, relative to `root`, with `/`
 */
export function readSources(root) {
  const files = Object.keys(testsByFolder).flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
      .filter((path) => path.endsWith('.ts'))
      .toSorted(),
  );
  return new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
}
