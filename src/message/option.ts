// Options that an application gives: filled up with defaults, and what is wrong with them said by name.
import { MessagingError } from './error.js';
import { nearest } from './nearest.js';

/** @param what must be true of it, as `must be a whole number` */
export function invalidOption(name: string, what: string): MessagingError {
  return new MessagingError('option-invalid', `The option '${name}' ${what}.`);
}

/**
 * The defaults where nothing else is given; undefined is nothing.
 *
 * @param path what stands before each name, as `limits.`
 * @throws `option-invalid` for a name that is unknown
 */
export function withDefaults<T extends object>(
  path: string,
  defaults: T,
  given: Partial<T> = {},
): T {
  refuseUnknown(path, given, Object.keys(defaults));
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(said) };
}

/** @throws `option-invalid`, with the known name that may have been meant */
export function refuseUnknown(path: string, given: object, names: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    throw invalidOption(
      `${path}${name}`,
      `is unknown; the nearest known one is '${path}${nearest(name, names)}'`,
    );
  }
}

/** @throws `option-invalid` for what is no whole number of at least so many */
export function requireCount(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least)
    throw invalidOption(name, `must be a whole number of at least ${least}`);
}

/** @throws `option-invalid` for what cannot begin destinations */
export function requirePrefix(name: string, prefix: string): void {
  if (!/^\/[^*?{}]*[^/*?{}]$/.test(prefix))
    throw invalidOption(
      name,
      `must begin with a slash, end without one and hold no wildcard, unlike '${prefix}'`,
    );
}
