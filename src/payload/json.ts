// The converter for JSON (RFC 8259), the format of objects.
import { isUtf8 } from 'node:buffer';
import { isMap, isNativeError, isSet } from 'node:util/types';
import { asBuffer, bytesOf, decodeText } from './bytes.js';
import type { PayloadConverter } from './converter.js';

export const json: PayloadConverter = {
  name: 'json',
  mediaTypes: ['application/json', 'application/*+json'],
  untyped: true,
  /** Without a content type: parsed as JSON for object parameters; for untyped ones parsed if possible, otherwise text. */
  read(body, media, type) {
    if (type.kind === 'bytes' || (type.kind === 'text' && media === undefined)) return undefined;
    const source = decodeText(body, media);
    if (media === undefined && type.kind === 'any') return { value: parseOrText(source) };
    const value: unknown = JSON.parse(source);
    if (type.kind === 'text' && typeof value !== 'string')
      throw new TypeError('The JSON value is not a string.');
    return { value };
  },
  /**
   * Bytes are left to their converter, and without a content type strings to the text converter. A Map is written as an object, a
   * Set and an array of numbers as an array, bytes inside of other values in base64.
   *
   * @throws {TypeError} for errors, Maps whose keys become equal, cycles, bigints, and objects of the platform that have no JSON form
   */
  write(value, contentType) {
    if (contentType === undefined && typeof value === 'string') return undefined;
    const plain = isPlain(value, 0);
    if (!plain && bytesOf(value) !== undefined) return undefined;
    // With a replacer function JSON.stringify is several times slower.
    const encoded: string | undefined = JSON.stringify(value, plain ? undefined : replace);
    if (encoded === undefined) return undefined;
    const body = Buffer.from(encoded);
    rememberJson(body);
    return { body, contentType: contentType ?? 'application/json' };
  },
};

function parseOrText(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return source;
  }
}

/**
 * The last bytes that are known to be valid JSON: written here, read from a frame of JSON, or checked before. The list is short,
 * because the bytes are encoded soon afterwards, and listed bytes stay in memory.
 */
const recent: (Uint8Array | undefined)[] = Array.from({ length: 16 });
let latest = 0;

/** Records that these bytes, which must not change, are valid JSON. */
export function rememberJson(body: Uint8Array): void {
  latest = (latest + 1) % recent.length;
  recent[latest] = body;
}

/** True when the bytes are valid JSON in UTF-8. */
export function isJsonText(body: Uint8Array): boolean {
  if (recent.includes(body)) return true;
  if (!isUtf8(body)) return false;
  try {
    JSON.parse(asBuffer(body).toString());
  } catch {
    return false;
  }
  rememberJson(body);
  return true;
}

/** Deeper values take the slower path, in which JSON.stringify finds cycles. */
const maxDepth = 32;

/** True when JSON.stringify writes the whole value correctly without `replace`. */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth > maxDepth) return false;
  // Its result may be a Map or an error; that of a Date is text.
  if ('toJSON' in value) return Object.getPrototypeOf(value) === Date.prototype;
  if (Array.isArray(value)) {
    for (const item of value) if (!isPlain(item, depth + 1)) return false;
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null && !isOfApplication(value)) return false;
  for (const key in value)
    if (!isPlain((value as Record<string, unknown>)[key], depth + 1)) return false;
  return true;
}

/** True for instances of most classes of the application. */
function isOfApplication(value: object): boolean {
  return Object.prototype.toString.call(value) === '[object Object]' && !(value instanceof Error);
}

/** @param value the result of `toJSON` if the member has this method */
function replace(this: unknown, key: string, value: unknown): unknown {
  // Buffers have a `toJSON` that lists their bytes.
  const bytes = bytesOf((this as Record<string, unknown>)[key]) ?? bytesOf(value);
  if (bytes !== undefined) return bytes.toString('base64');
  if (typeof value !== 'object' || value === null) return value;
  if (isMap(value)) return objectOf(value, key);
  if (isSet(value)) return [...value];
  // A typed array of numbers: the bytes of other views were written above.
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>);
  if (value instanceof Error || isNativeError(value))
    throw unwritable(key, 'of type Error', 'throw it, or return the data that clients may see');
  if (Object.keys(value).length === 0 && !hasJsonForm(value))
    throw unwritable(key, `of type ${kindOf(value)}`, 'return the data that it contains');
  return value;
}

function objectOf(map: ReadonlyMap<unknown, unknown>, key: string): object {
  for (const name of map.keys()) {
    if (typeof name !== 'string' && typeof name !== 'number')
      throw unwritable(key, 'a Map with keys that are not text', 'return an array of its entries');
    if (typeof name === 'number' && map.has(String(name)))
      throw unwritable(key, 'a Map with equal texts as keys', 'return an array of its entries');
  }
  return Object.fromEntries(map as ReadonlyMap<PropertyKey, unknown>);
}

/** The kinds of objects that JSON.stringify writes with their contents; each may be empty. */
const jsonKinds = new Set(['Object', 'Array', 'Arguments', 'Boolean', 'Number', 'String']);

function hasJsonForm(value: object): boolean {
  return jsonKinds.has(kindOf(value));
}

/** The name of a type, such as `RegExp`, `Promise` or `Blob`. */
function kindOf(value: object): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

function unwritable(key: string, kind: string, fix: string): TypeError {
  const place = key === '' ? 'The value' : `The member ${JSON.stringify(key)}`;
  return new TypeError(`${place} is ${kind}, which has no JSON form; ${fix}.`);
}
