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

/**
 * The options of a feature that is on or off; undefined when it is off.
 *
 * @param path names the feature in errors
 * @param given false or undefined for off, true for the defaults
 * @throws {MessagingError} `option-invalid` for other values, and as `withDefaults`
 */
export function featureOptions<T extends object>(
  path: string,
  defaults: T,
  given: boolean | Partial<T> | undefined,
): T | undefined {
  if (given === false || given === undefined) return undefined;
  if (given === true) return defaults;
  if (typeof given !== 'object' || given === null)
    throw invalidOption(path, 'must be true, false or an object');
  return withDefaults(`${path}.`, defaults, given);
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

/** Names that are not options of a group, for the hint at an unknown name. */
export interface KnownElsewhere {
  /** Full names of options of other groups, such as `limits.maxFrameBytes`. */
  readonly options: readonly string[];
  /** The fixes for names that users of other frameworks expect. */
  readonly fixes: Readonly<Record<string, string>>;
}

const noneElsewhere: KnownElsewhere = { options: [], fixes: {} };

/**
 * Checks the names and the types of all options.
 *
 * @param path the text before each name, as `limits.`
 * @throws {MessagingError} `option-invalid` for unknown names, and for values of another type
 */
export function checkShape<T extends object>(
  path: string,
  given: object,
  shape: Shape<T>,
  elsewhere: KnownElsewhere = noneElsewhere,
): void {
  requireObject(path, given, Object.keys(shape)[0]!);
  throwTogether(
    Object.entries(given).flatMap(([name, value]) => {
      const mistake = Object.hasOwn(shape, name)
        ? typeMistake(value, shape[name as keyof T])
        : unknownMistake(path, name, Object.keys(shape), elsewhere);
      return mistake === undefined ? [] : [invalidOption(path + name, mistake)];
    }),
  );
}

/**
 * Runs all checks, so that all invalid options are reported together.
 *
 * @throws {MessagingError} the error of the check that failed, or `option-invalid` with the texts of all errors
 */
export function checkAll(checks: Iterable<() => void>): void {
  const errors: MessagingError[] = [];
  for (const check of checks) {
    try {
      check();
    } catch (error) {
      if (!(error instanceof MessagingError)) throw error;
      errors.push(...(error.cause instanceof AggregateError ? error.cause.errors : [error]));
    }
  }
  throwTogether(errors);
}

function throwTogether(errors: readonly MessagingError[]): void {
  if (errors.length === 0) return;
  if (errors.length === 1) throw errors[0]!;
  const texts = errors.map(({ message }) => message);
  throw new MessagingError(
    'option-invalid',
    ['Some options are not valid:', ...texts].join('\n- '),
    {
      cause: new AggregateError(errors),
    },
  );
}

function typeMistake(value: unknown, example: unknown): string | undefined {
  const kind = kindOf(example);
  if (value === undefined || kind === 'undefined' || kindOf(value) === kind) return undefined;
  return `must be ${kinds[kind as keyof typeof kinds]}`;
}

function unknownMistake(
  path: string,
  name: string,
  names: readonly string[],
  { options, fixes }: KnownElsewhere,
): string {
  const nearest = (option: string) => `is unknown; the nearest known one is '${option}'`;
  const inGroup = (last: string) => nearest(options.find((option) => lastName(option) === last)!);
  const lastNames = options.map(lastName);
  if (lastNames.includes(name)) return inGroup(name);
  if (Object.hasOwn(fixes, name)) return `is unknown; ${fixes[name]}`;
  const known = similar(name, names);
  if (known !== undefined) return nearest(path + known);
  // Stricter, because there are many of them.
  const last = similar(name, lastNames, 0.3);
  if (last !== undefined) return inGroup(last);
  return `is unknown; ${names.length > 5 ? 'docs/options.md lists all options' : `the known ones are ${names.join(', ')}`}`;
}

/** Such as `maxFrameBytes` for `limits.maxFrameBytes`. */
function lastName(option: string): string {
  return option.slice(option.lastIndexOf('.') + 1);
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
    // On one line, because the list of mistakes has one line per mistake.
    return (error as MessagingError).message.replaceAll('\n- ', ' ');
  }
}

/** True for an object that is not a list. */
export function isGroup(value: unknown): value is object {
  return kindOf(value) === 'object';
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
}

/**
 * @throws {MessagingError} `option-invalid` unless the value is a function that can be called; a class cannot be called without
 *   `new`
 */
export function requireFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw invalidOption(name, 'must be a function');
  if (Function.prototype.toString.call(value).startsWith('class'))
    throw invalidOption(
      name,
      `must be a function, not the class ${value.name}; pass a function that calls a method of an instance`,
    );
}

/**
 * @param what the kind of object
 * @param methods the names of its methods
 * @throws {MessagingError} `option-invalid` unless the value has these methods
 */
export function requireMethods(
  name: string,
  value: unknown,
  what: string,
  methods: readonly string[],
): void {
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

/** @throws {MessagingError} `option-invalid` unless the value is one of the texts */
export function requireOneOf(name: string, value: string, texts: readonly string[]): void {
  if (texts.includes(value)) return;
  const quoted = texts.map((text) => `'${text}'`);
  throw invalidOption(name, `must be ${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`);
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
