// The source files that mutation runs change, and the tests that have to detect the changes.
import { readdirSync } from 'node:fs';
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
 * @returns {string[]} source files of all folders, relative to `root`, with `/`
 */
export function mutatedFiles(root) {
  return Object.keys(testsByFolder).flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
      .filter((path) => path.endsWith('.ts'))
      .toSorted(),
  );
}
