// The folders of the stores that are open in this process, so that each folder is opened once.
import { existsSync } from 'node:fs';
import { mkdir, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sharedValue } from '../../../message/shared-value.js';

/**
 * The real paths of the folders.
 *
 * LevelDB cannot refuse a folder that its own process has opened: on POSIX systems, a process that closes any descriptor of a file
 * loses its lock on that file (fcntl(2)), so the refused attempt would unlock the store for other processes.
 */
const folders = sharedValue('openStoreFolders', () => new Set<string>());

/**
 * Creates the folder if it is missing and reserves it for one store, under all its names.
 *
 * @returns a function that releases the folder; undefined when another store of this process has reserved it
 * @throws {Error} an error of the file system, such as a missing permission
 */
export async function reserveFolder(path: string): Promise<(() => void) | undefined> {
  await createFolder(path);
  const folder = await realpath(path);
  if (folders.has(folder)) return undefined;
  folders.add(folder);
  return () => folders.delete(folder);
}

/** Unlike `mkdir` with `recursive`, it ends when a folder cannot be created although its parent exists, as below `/proc`. */
async function createFolder(path: string): Promise<void> {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) await createFolder(parent);
  try {
    await mkdir(path);
  } catch (error) {
    // Another process may have created it.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
