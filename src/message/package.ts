// Imports of packages that the application may not have installed.
import { MessagingError } from './error.js';

/**
 * Returns the result of `load`, which imports the packages.
 *
 * @throws {MessagingError} `package-missing` when one of the packages is not installed, with the command that installs it
 */
export async function importFrom<T>(
  packages: readonly string[],
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const missing = packages.find((name) => isMissing(cause, name));
    if (missing === undefined) throw cause;
    throw new MessagingError(
      'package-missing',
      `signalbox needs the package ${missing}: npm install ${missing}`,
      { cause },
    );
  }
}

/** The error of a package that is missing further below names that package. */
function isMissing(error: unknown, name: string): boolean {
  if (!(error instanceof Error)) return false;
  const { code, message } = error as NodeJS.ErrnoException;
  return /^(?:ERR_)?MODULE_NOT_FOUND$/.test(code ?? '') && message.includes(` '${name}'`);
}
