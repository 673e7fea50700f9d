// Writes values as JSON text: also those that JSON.stringify would write as `{}`.
import { bytesOf } from './bytes.js';

/** Deeper values take the slower way, where JSON.stringify finds cycles. */
const maxDepth = 32;

/**
 * The JSON text of a value; undefined for functions, symbols and undefined. A Map is written as an object, a Set and an array of
 * numbers as an array, bytes inside of other values in base64.
 *
 * @throws {TypeError} for errors, cycles, bigints, and objects of the platform that have no JSON form
 */
export function jsonTextOf(value: unknown): string | undefined {
  // A replacer function makes JSON.stringify several times slower.
  const text: unknown = isPlain(value, 0) ? JSON.stringify(value) : JSON.stringify(value, replace);
  return text as string | undefined;
}

/** True when JSON.stringify writes the whole value as it is meant, without `replace`. */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth > maxDepth) return false;
  if (Array.isArray(value)) {
    for (const item of value) if (!isPlain(item, depth + 1)) return false;
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Date.prototype) return true;
  if (prototype !== Object.prototype && prototype !== null && !isOfApplication(value)) return false;
  for (const key in value)
    if (!isPlain((value as Record<string, unknown>)[key], depth + 1)) return false;
  return true;
}

/** True for instances of most classes of the application. */
function isOfApplication(value: object): boolean {
  return (
    Object.prototype.toString.call(value) === '[object Object]' &&
    !(value instanceof Error) &&
    !('toJSON' in value)
  );
}

/** @param value the result of `toJSON` if the member has this method */
function replace(this: unknown, key: string, value: unknown): unknown {
  // Buffers have a `toJSON` that lists their bytes.
  const bytes = bytesOf((this as Record<string, unknown>)[key]);
  if (bytes !== undefined) return bytes.toString('base64');
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Map) return objectOf(value, key);
  if (value instanceof Set) return [...value];
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>);
  if (value instanceof Error)
    throw unwritable(key, 'of type Error', 'throw it, or return the data that clients may see');
  if (Object.keys(value).length === 0 && !hasJsonForm(value))
    throw unwritable(key, `of type ${kindOf(value)}`, 'return the data that it contains');
  return value;
}

function objectOf(map: ReadonlyMap<unknown, unknown>, key: string): object {
  for (const name of map.keys()) {
    if (typeof name !== 'string' && typeof name !== 'number')
      throw unwritable(key, 'a Map with keys that are not text', 'return an array of its entries');
  }
  return Object.fromEntries(map as ReadonlyMap<PropertyKey, unknown>);
}

/** The kinds of objects that JSON.stringify writes with their contents; each may be empty. */
const jsonKinds = new Set(['Object', 'Array', 'Arguments', 'Boolean', 'Number', 'String']);

function hasJsonForm(value: object): boolean {
  return jsonKinds.has(kindOf(value));
}

/** As `RegExp`, `Promise` or `Blob`. */
function kindOf(value: object): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

function unwritable(key: string, kind: string, fix: string): TypeError {
  const place = key === '' ? 'The value' : `The member ${JSON.stringify(key)}`;
  return new TypeError(`${place} is ${kind}, which has no JSON form; ${fix}.`);
}
