// Converts the text of headers and destination variables to the type of the parameter.
import { inspect } from 'node:util';
import { MessagingError } from '../../message/error.js';
import { isPromise } from '../../message/promise.js';
import type { Parameter } from '../parameter.js';

/**
 * Converts the text of a header or of a destination variable (Spring: `Converter<String, T>`).
 *
 * @example
 * ```ts
 * const color: TextConverter = {
 *   expected: 'a color such as #ff8000',
 *   read: (text) => (/^#[0-9a-f]{6}$/.test(text) ? Number.parseInt(text.slice(1), 16) : undefined),
 * };
 * ```
 */
export interface TextConverter {
  /** Describes a valid text. The problem for an invalid text contains this description after `must be`. */
  readonly expected: string;
  /** Returns the value or a promise of it; undefined if the text is not valid. @param text without white space at both ends */
  read(text: string): unknown;
}

/** The type of a header or of a destination variable, as the decorator names it. */
export type TextType =
  | StringConstructor
  | NumberConstructor
  | BooleanConstructor
  | BigIntConstructor
  | DateConstructor
  | TextConverter;

const string: TextConverter = { expected: 'a text', read: (text) => text };

const converters = new Map<unknown, TextConverter>([
  [String, string],
  [Number, { expected: 'a decimal number such as 12 or -3.5', read: toNumber }],
  [Boolean, { expected: 'true or false', read: (text) => booleans.get(text.toLowerCase()) }],
  [BigInt, { expected: 'a whole number', read: toBigInt }],
  [Date, { expected: 'a date such as 2026-11-27 or 2026-11-27T10:00:00Z', read: toDate }],
]);

/** The texts that Spring's `StringToBooleanConverter` accepts. */
const booleans = new Map([
  ...['true', 'on', 'yes', '1'].map((text) => [text, true] as const),
  ...['false', 'off', 'no', '0'].map((text) => [text, false] as const),
]);

/**
 * A UUID, converted to lower case.
 *
 * @example
 * ```ts
 * @MessageMapping('/orders/{id}/cancel')
 * cancel(@DestinationVariable('id', uuid) id: string) {}
 * ```
 */
export const uuid: TextConverter = {
  expected: 'a UUID',
  read: (text) =>
    /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text) ? text.toLowerCase() : undefined,
};

/**
 * One of the values of an enum, of another object, or of a list.
 *
 * @throws {MessagingError} `controller-invalid` when there are no values, or a value is not a text or a number
 *
 * @example
 * ```ts
 * @MessageMapping('/orders')
 * list(@Header('order', oneOf(['asc', 'desc'])) order: 'asc' | 'desc', @Header('color', oneOf(Color)) color: Color) {}
 * ```
 */
export function oneOf(
  values: Readonly<Record<string, string | number>> | readonly (string | number)[],
): TextConverter {
  const list = Array.isArray(values) ? (values as readonly unknown[]) : membersOf(values);
  if (list.length === 0 || !list.every(isTextOrNumber))
    throw new MessagingError(
      'controller-invalid',
      `oneOf(): ${inspect(values)} must contain texts or numbers; look for a circular import.`,
    );
  const byText = new Map(list.map((value) => [String(value), value]));
  return {
    expected: `one of ${[...byText.keys()].join(', ')}`,
    read: (text) => byText.get(text),
  };
}

/**
 * A list, separated by commas. An empty text is an empty list.
 *
 * @param item the type of the items
 * @throws {MessagingError} `controller-invalid` for a type that text cannot be converted to
 *
 * @example
 * ```ts
 * @MessageMapping('/orders/find')
 * find(@Header('ids', listOf(Number)) ids: number[]) {}
 * ```
 */
export function listOf(item: TextType): TextConverter {
  const converter = converterOf(item);
  if (converter === undefined)
    throw new MessagingError('controller-invalid', `listOf(): ${unsupported(item)}`);
  return {
    expected: `a list separated by commas, and each item ${converter.expected}`,
    read(text) {
      if (text === '') return [];
      const items = inOrder(text.split(','), (each) => converter.read(each.trim()));
      return isPromise(items) ? items.then(allOrNone) : allOrNone(items);
    },
  };
}

/** Undefined if one of the items is undefined. */
function allOrNone(items: unknown[]): unknown[] | undefined {
  return items.includes(undefined) ? undefined : items;
}

/**
 * The values of the texts, or a promise of them if one of them is a promise. Texts are converted one after another: a client cannot
 * start many conversions at once, and after an error no promise remains.
 */
export function inOrder(
  texts: readonly string[],
  read: (text: string) => unknown,
): unknown[] | Promise<unknown[]> {
  const values: unknown[] = [];
  for (const text of texts) {
    const value = read(text);
    if (isPromise(value)) return rest(values, value, texts, read);
    values.push(value);
  }
  return values;
}

async function rest(
  values: unknown[],
  pending: PromiseLike<unknown>,
  texts: readonly string[],
  read: (text: string) => unknown,
): Promise<unknown[]> {
  values.push(await pending);
  while (values.length < texts.length) values.push(await read(texts[values.length]!));
  return values;
}

/** True for a converter, also for an incomplete one; false for options. */
export function isConverter(given: object): boolean {
  return 'read' in given;
}

/**
 * Converts to the named type, or to the type of the parameter.
 *
 * @param source names the text in errors, such as `header 'x'`
 * @returns the value, or a promise of it if the converter is asynchronous
 * @throws {MessagingError} `argument-invalid` when the text is not valid
 */
export function convert(
  text: string,
  named: TextType | undefined,
  parameter: Parameter,
  source: string,
): unknown {
  // Defined: unsupported types are reported at start.
  const converter = converterOf(named ?? parameter.type)!;
  if (converter === string) return text;
  const value = converter.read(text.trim());
  return isPromise(value)
    ? value.then((resolved) => requireValid(resolved, converter, source))
    : requireValid(value, converter, source);
}

function requireValid(value: unknown, { expected }: TextConverter, source: string): unknown {
  if (value === undefined)
    throw new MessagingError('argument-invalid', `The ${source} must be ${expected}.`);
  return value;
}

/**
 * The mistake if text cannot be converted to the type, or the type is not known.
 *
 * @param example the decorator with a named type, such as `@Header('x', Number)`
 */
export function checkConversion(
  named: TextType | undefined,
  { type }: Parameter,
  example: string,
): string | undefined {
  if (converterOf(named === undefined ? type : named) !== undefined) return undefined;
  if (named !== undefined) return unsupported(named);
  if (type === Array)
    return `the type of its items is unknown; name it, as in ${example.replace('Number', 'listOf(Number)')}.`;
  if (typeof type === 'function' && type !== Object) return unsupported(type);
  return `its type is unknown; name it, as in ${example}, or String for text. Compilers record no type for a union or for a parameter with only a default value, and esbuild and tsx record none at all.`;
}

function converterOf(type: unknown): TextConverter | undefined {
  const known = converters.get(type);
  if (known !== undefined) return known;
  const { expected, read } = (type ?? {}) as Partial<TextConverter>;
  return typeof expected === 'string' && typeof read === 'function'
    ? (type as TextConverter)
    : undefined;
}

/** The mistake for a type that text cannot be converted to. */
export function unsupported(type: unknown): string {
  const name = (typeof type === 'function' && type.name) || inspect(type, { depth: 0 });
  const reason = type === undefined ? 'look for a circular import, or ' : '';
  return `text cannot be converted to ${name}; ${reason}use String, Number, Boolean, BigInt, Date, uuid, oneOf(), listOf() or a TextConverter.`;
}

/** The values of an enum. An enum of numbers also has members that map each number to its name; they are omitted. */
function membersOf(values: object | undefined): readonly unknown[] {
  return Object.entries(values ?? {})
    .filter(([name]) => Number.isNaN(Number(name)))
    .map(([, value]) => value as unknown);
}

function isTextOrNumber(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

/** Rejects hexadecimal numbers, exponents, and integers that a number cannot represent exactly. */
function toNumber(text: string): number | undefined {
  const number = Number(text);
  const exact = Math.abs(number) <= Number.MAX_SAFE_INTEGER;
  return exact && /^-?\d+(?:\.\d+)?$/.test(text) ? number : undefined;
}

function toBigInt(text: string): bigint | undefined {
  return /^-?\d+$/.test(text) ? BigInt(text) : undefined;
}

const isoDate = /^(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** ISO 8601. A time needs its offset from UTC; a date alone is midnight in UTC. */
function toDate(text: string): Date | undefined {
  const [, day = ''] = isoDate.exec(text) ?? [];
  // JavaScript converts February 30 to March 2.
  if (!isValid(new Date(day)) || new Date(day).toISOString().slice(0, 10) !== day) return undefined;
  const date = new Date(text);
  return isValid(date) ? date : undefined;
}

function isValid(date: Date): boolean {
  return !Number.isNaN(date.getTime());
}
