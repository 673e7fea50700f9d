// findControllers: imports controllers and WebSocket handlers by the names of their files.
import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { isServed } from '../controller/definition.js';
import { compileDestination } from '../pattern/destination-pattern.js';
import { MessagingError } from '../message/error.js';
import { invalidOption } from '../message/option.js';
import type { Constructor } from '../payload/converter.js';

/**
 * Imports all files that match a pattern and returns the controllers and WebSocket handlers that they export, for the option `controllers`. Installed
 * packages are skipped.
 *
 * @param pattern a path with wildcards: `*` within a name, `**` for any folders
 * @param from the folder that the pattern is relative to. @default the working directory
 * @throws {MessagingError} `option-invalid` when no file matches, a file cannot be imported, or no matching file exports a controller
 *
 * @example
 * ```ts
 * const controllers = await findControllers('*.controller.js', import.meta.dirname);
 * const server = await createServer({ controllers });
 * ```
 */
export async function findControllers(
  pattern: string,
  from: string = process.cwd(),
): Promise<Constructor[]> {
  for (const [name, value] of Object.entries({ pattern, from }))
    if (typeof value !== 'string') throw invalidOption(name, 'must be a string');
  const wanted = pattern.replace(/^\.\//, '');
  const matcher = compileDestination(wanted);
  // The folders before the first wildcard.
  const [start] = /^(?:[^*?{]*\/)?/.exec(wanted)!;
  const files = await filesBelow(from, start);
  const paths = files.filter((path) => matcher.match(path) !== undefined).sort();
  if (paths.length === 0) throw notFound(`No file matches '${pattern}' below '${from}'.`);
  const found = new Set<Constructor>();
  for (const path of paths) {
    for (const exported of Object.values(await importFile(resolve(from, path)))) {
      if (typeof exported === 'function' && isServed(exported as Constructor)) {
        found.add(exported as Constructor);
      }
    }
  }
  if (found.size === 0)
    throw notFound(`No file that matches '${pattern}' exports a @Controller or @WebSocketHandler.`);
  return [...found];
}

/** The exports of a file. The error names the file, because a module can throw any value. */
async function importFile(path: string): Promise<object> {
  try {
    return (await import(pathToFileURL(path).href)) as object;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : inspect(cause);
    throw new MessagingError('option-invalid', `'${path}' cannot be imported: ${reason}`, {
      cause,
    });
  }
}

/** The paths of all files, with slashes. Folders of installed packages are skipped, because they may contain thousands of files. */
async function filesBelow(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(resolve(root, folder), { withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    },
  );
  const files: string[] = [];
  for (const entry of entries) {
    const path = folder + entry.name;
    if (entry.isFile()) files.push(path);
    else if (entry.isDirectory() && entry.name !== 'node_modules')
      files.push(...(await filesBelow(root, `${path}/`)));
  }
  return files;
}

function notFound(message: string): MessagingError {
  return new MessagingError('option-invalid', message);
}
