// JSON (RFC 8259): what objects travel as.
import { isUtf8 } from 'node:buffer';
import { asBuffer } from './bytes.js';
import type { PayloadConverter } from './converter.js';
import { isJson, mediaTypeOf } from './media-type.js';
import { decodeText } from './text.js';

export const json: PayloadConverter = {
  name: 'json',
  /**
   * Where no content type is said, whoever wants an object or anything gets JSON; whoever wants anything gets the text where
   * it is no JSON.
   */
  read(body, media, type) {
    if (type.kind === 'bytes') return undefined;
    if (media === undefined ? type.kind === 'text' : !isJson(media)) return undefined;
    const source = decodeText(body, media);
    if (media === undefined && type.kind === 'any') return { value: parsedOr(source) };
    const value: unknown = JSON.parse(source);
    if (type.kind === 'text' && typeof value !== 'string')
      throw new TypeError('The JSON is no string.');
    return { value };
  },
  write(value, contentType = 'application/json') {
    if (!isJson(mediaTypeOf(contentType)) || value instanceof Uint8Array) return undefined;
    const encoded = JSON.stringify(value) as string | undefined;
    if (encoded === undefined) return undefined;
    const body = Buffer.from(encoded);
    knowJson(body);
    return { body, contentType };
  },
};

function parsedOr(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return source;
  }
}

/**
 * The latest octets that need no look: what was written here, read in a frame of JSON, or checked before. Few are enough, as octets
 * are put into frames soon after, and few keep little alive.
 */
const recent: (Uint8Array | undefined)[] = Array.from({ length: 16 });
let place = 0;

/** Says that octets, which never change, are valid JSON. */
export function knowJson(octets: Uint8Array): void {
  place = (place + 1) % recent.length;
  recent[place] = octets;
}

/** Whether octets are valid JSON in UTF-8. */
export function isJsonText(octets: Uint8Array): boolean {
  if (recent.includes(octets)) return true;
  if (!isUtf8(octets)) return false;
  try {
    JSON.parse(asBuffer(octets).toString());
  } catch {
    return false;
  }
  knowJson(octets);
  return true;
}
