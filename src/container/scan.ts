// Controllers by the names of their files, for applications that do not want to list them.
import { readdir } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isController } from '../controller/definition.js';
import { compileDestination } from '../pattern/destination-pattern.js';
import { MessagingError } from '../message/error.js';
import type { Constructor } from '../payload/converter.js';

/**
 * Imports every file that matches and gives the controllers that they export, for the option `controllers`.
 * @param pattern of paths, as `./dist/**` + `/*.controller.js`: `*` within a name, `**` any folders
 * @param from the folder that the pattern begins at. Default: the working directory
 * @throws `option-invalid` when no file matches, or none that does exports a controller
 */
export async function findControllers(
  pattern: string,
  from: string = process.cwd(),
): Promise<Constructor[]> {
  const matcher = compileDestination(pattern.replace(/^\.\//, ''));
  const paths = (await filesBelow(from)).filter((path) => matcher.match(path) !== undefined);
  if (paths.length === 0) throw nothing(`No file matches '${pattern}' below '${from}'.`);
  const found = new Set<Constructor>();
  for (const path of paths) {
    const module = (await import(pathToFileURL(resolve(from, path)).href)) as object;
    for (const exported of Object.values(module)) {
      if (typeof exported === 'function' && isController(exported as Constructor)) {
        found.add(exported as Constructor);
      }
    }
  }
  if (found.size === 0)
    throw nothing(`None of the files that match '${pattern}' exports a @Controller.`);
  return [...found];
}

/** With slashes, in the order of their names, so that every start is alike; installed packages are left out. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, resolve(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !`/${path}`.includes('/node_modules/'))
    .sort();
}

function nothing(message: string): MessagingError {
  return new MessagingError('option-invalid', message);
}
