// The source files that mutation runs change, and the tests that have to detect the changes.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @type {Readonly<Record<string, readonly string[]>>} Patterns of the tests by source folder; the deepest folder of a file counts. */
export const testsByFolder = {
  'src/session': ['test/session/**/*.test.ts'],
  'src/broker/embedded': [
    'test/broker/*.test.ts',
    'test/broker/embedded/*.test.ts',
    'test/broker/embedded/{durable,queue,topic}/*.test.ts',
    'test/broker/embedded/store/persistent.test.ts',
    'scripts/mutation/broker-conformance.test.ts',
  ],
  // Only the tests of this folder use the disk, which takes longer than all other tests of the broker.
  'src/broker/embedded/store': ['test/broker/embedded/store/*.test.ts'],
  'src/server': ['test/server/**/*.test.ts', 'test/end-to-end/{attach,endpoint-policies}.test.ts'],
};

/**
 * @param {string} file
 * @param {readonly string[]} folders
 * @returns {string | undefined} the deepest of the folders that the file is in
 */
export function folderOf(file, folders = Object.keys(testsByFolder)) {
  return folders
    .filter((folder) => file.startsWith(`${folder}/`))
    .toSorted((a, b) => b.length - a.length)[0];
}

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
