// findControllers: imports controllers by the names of their files.
import { readdir } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isController } from '../controller/definition.js';
import { compileDestination } from '../pattern/destination-pattern.js';
import { MessagingError } from '../message/error.js';
import type { Constructor } from '../payload/converter.js';

/**
 * Imports all files that match a pattern and returns the controllers that they export, for the option `controllers`. Installed
 * packages are skipped.
 *
 * @param pattern a path with wildcards: `*` within a name, `**` for any folders
 * @param from the folder that the pattern is relative to. @default the working directory
 * @throws {MessagingError} `option-invalid` when no file matches, or no matching file exports a controller
 *
 * @example
 * const controllers = await findControllers('*.controller.js', import.meta.dirname);
 * const server = await createServer({ controllers });
 */
export async function findControllers(
  pattern: string,
  from: string = process.cwd(),
): Promise<Constructor[]> {
  const matcher = compileDestination(pattern.replace(/^\.\//, ''));
  const paths = (await filesBelow(from)).filter((path) => matcher.match(path) !== undefined);
  if (paths.length === 0) throw notFound(`No file matches '${pattern}' below '${from}'.`);
  const found = new Set<Constructor>();
  for (const path of paths) {
    const module = (await import(pathToFileURL(resolve(from, path)).href)) as object;
    for (const exported of Object.values(module)) {
      if (typeof exported === 'function' && isController(exported as Constructor)) {
        found.add(exported as Constructor);
      }
    }
  }
  if (found.size === 0) throw notFound(`No file that matches '${pattern}' exports a @Controller.`);
  return [...found];
}

/** Paths with slashes, sorted, so that every start imports in the same order. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, resolve(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !`/${path}`.includes('/node_modules/'))
    .sort();
}

function notFound(message: string): MessagingError {
  return new MessagingError('option-invalid', message);
}
