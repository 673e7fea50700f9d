// Defaults and checks for options of the application.
import { inspect } from 'node:util';
import { MessagingError } from './error.js';
import { quote } from './quote.js';
import { similar } from './nearest.js';

/** @param what the rule, such as `must be a whole number` */
export function invalidOption(name: string, what: string): MessagingError {
  return new MessagingError('option-invalid', `The option '${name}' ${what}.`);
}

/**
 * The options, with the default of each option that is absent or undefined.
 *
 * @param path the text before each name, as `limits.`
 * @throws {MessagingError} `option-invalid` for an unknown name, and for a value of another type than its default
 */
export function withDefaults<T extends object>(
  path: string,
  defaults: T,
  given: Partial<T> = {},
): T {
  checkShape(path, given, defaults);
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(present) };
}

/** A value of the type of each option, such as its default; undefined for any type. */
export type Shape<T> = Readonly<Record<keyof T, unknown>>;

const kinds = {
  array: 'a list',
  boolean: 'true or false',
  function: 'a function',
  number: 'a number',
  object: 'an object',
  string: 'a string',
};

/**
 * @param path the text before each name, as `limits.`
 * @throws {MessagingError} `option-invalid` for an unknown name, and for a value of another type
 */
export function checkShape<T extends object>(path: string, given: object, shape: Shape<T>): void {
  const names = Object.keys(shape);
  requireObject(path, given, names[0]!);
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(shape, name)) {
      const known = similar(name, names);
      throw invalidOption(
        `${path}${name}`,
        known === undefined
          ? `is unknown; ${names.length > 5 ? 'docs/options.md lists all options' : `the known ones are ${names.join(', ')}`}`
          : `is unknown; the nearest known one is '${path}${known}'`,
      );
    }
    const kind = kindOf(shape[name as keyof T]);
    if (value !== undefined && kind !== 'undefined' && kindOf(value) !== kind)
      throw invalidOption(`${path}${name}`, `must be ${kinds[kind as keyof typeof kinds]}`);
  }
}

/** @throws {MessagingError} `option-invalid` unless the options are an object; @param example the name of an option */
export function requireObject(path: string, given: unknown, example: string): void {
  if (kindOf(given) === 'object') return;
  const group = path === '' ? 'The options' : `Each of '${path.slice(0, -1)}'`;
  throw new MessagingError(
    'option-invalid',
    `${group} must be an object, such as { ${example}: ... }.`,
  );
}

/** The text of the error that `checkShape` throws: decorators report their mistakes at start. Undefined for valid options. */
export function shapeMistake<T extends object>(
  given: unknown,
  shape: Shape<T>,
): string | undefined {
  try {
    checkShape('', given as object, shape);
    return undefined;
  } catch (error) {
    return (error as MessagingError).message;
  }
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
}

/**
 * @param what the kind of object
 * @param methods empty for a function
 * @throws {MessagingError} `option-invalid` unless the value is an object with these methods, or a function
 */
export function requireMethods(
  name: string,
  value: unknown,
  what: string,
  methods: readonly string[],
): void {
  if (methods.length === 0 && typeof value !== 'function')
    throw invalidOption(name, `must be ${what}`);
  const given = value as Readonly<Record<string, unknown>> | null | undefined;
  const missing = methods.filter((method) => typeof given?.[method] !== 'function');
  if (missing.length > 0)
    throw invalidOption(name, `must be ${what}; it has no method ${missing.join(', ')}`);
}

/** @throws {MessagingError} `option-invalid` unless the value is a whole number and not smaller than `least` */
export function requireCount(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least)
    throw invalidOption(name, `must be a whole number of at least ${least}`);
}

/** @throws {MessagingError} `option-invalid` for a malformed prefix of destinations */
export function requirePrefix(name: string, prefix: string): void {
  requireTexts(name, [prefix]);
  if (!/^\/[^*?{}\p{Cc}]*[^/*?{}\p{Cc}]$/u.test(prefix))
    throw invalidOption(
      name,
      `must begin with a slash, not end with one, and have no wildcards or control characters; ${quote(prefix)} is not valid`,
    );
}

/** @throws {MessagingError} `option-invalid` unless all values are texts */
function requireTexts(name: string, values: readonly unknown[]): void {
  for (const value of values)
    if (typeof value !== 'string')
      throw invalidOption(name, `must be a list of texts; ${inspect(value)} is not a text`);
}

/** @throws {MessagingError} `option-invalid` unless all values are texts that begin with a slash, as all destinations do */
export function requireDestinations(name: string, values: readonly unknown[]): void {
  requireTexts(name, values);
  for (const value of values as readonly string[])
    if (!value.startsWith('/'))
      throw invalidOption(name, `must begin with a slash; ${quote(value)} does not`);
}

/** A copy of plain data, frozen at all depths. Functions are not copied. */
export function frozenCopy<T>(data: T): T {
  if (typeof data !== 'object' || data === null) return data;
  const copy = Array.isArray(data)
    ? data.map(frozenCopy)
    : Object.fromEntries(Object.entries(data).map(([name, value]) => [name, frozenCopy(value)]));
  return Object.freeze(copy) as T;
}
