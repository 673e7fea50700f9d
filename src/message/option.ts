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
 * @throws `option-invalid` for a name that is unknown, and a value of another kind than its default
 */
export function withDefaults<T extends object>(
  path: string,
  defaults: T,
  given: Partial<T> = {},
): T {
  checkShape(path, given, defaults);
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(said) };
}

/** A value of the kind that each option is, such as its default; undefined where that may be any. */
export type Shape<T> = Readonly<Record<keyof T, unknown>>;

const kinds = {
  array: 'a list',
  boolean: 'true or false',
  function: 'a function',
  number: 'a number',
  object: 'an object',
  string: 'a text',
};

/** @throws `option-invalid` for a name that is unknown, with the known one that may have been meant, and for another kind of value */
export function checkShape<T extends object>(path: string, given: object, shape: Shape<T>): void {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(shape, name)) {
      const known = nearest(name, Object.keys(shape));
      throw invalidOption(
        `${path}${name}`,
        `is unknown; the nearest known one is '${path}${known}'`,
      );
    }
    const kind = kindOf(shape[name as keyof T]);
    if (value !== undefined && kind !== 'undefined' && kindOf(value) !== kind)
      throw invalidOption(`${path}${name}`, `must be ${kinds[kind as keyof typeof kinds]}`);
  }
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
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
