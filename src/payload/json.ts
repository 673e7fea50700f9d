// The converter for JSON (RFC 8259), the format of objects.
import { isUtf8 } from 'node:buffer';
import { asBuffer, bytesOf, decodeText } from './bytes.js';
import type { PayloadConverter } from './converter.js';
import { jsonTextOf } from './json-value.js';

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
  /** Bytes are left to their converter, and without a content type strings to the text converter. */
  write(value, contentType) {
    if (bytesOf(value) !== undefined) return undefined;
    if (contentType === undefined && typeof value === 'string') return undefined;
    const encoded = jsonTextOf(value);
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
 * The last bytes that are known to be valid JSON: written here, read from a frame of JSON, or checked before. A few are enough,
 * because bytes are put into frames soon afterwards, and a few keep little memory alive.
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
