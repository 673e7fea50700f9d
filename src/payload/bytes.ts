// The converter for raw bytes, and bytes as a Buffer or as text.
import { isUtf8 } from 'node:buffer';
import { isAnyArrayBuffer } from 'node:util/types';
import type { PayloadConverter } from './converter.js';
import type { MediaType } from './media-type.js';

export const bytes: PayloadConverter = {
  name: 'bytes',
  mediaTypes: ['application/octet-stream', '*'],
  untyped: true,
  /** A handler that expects bytes receives them for every content type. */
  read: (body, media, type) =>
    type.kind === 'bytes' || (type.kind === 'any' && media?.name === 'application/octet-stream')
      ? { value: asBuffer(body) }
      : undefined,
  write: (value, contentType = 'application/octet-stream') => {
    const body = bytesOf(value);
    return body && { body, contentType };
  },
};

/** A Buffer over the memory of a value that consists of bytes; undefined for other values. */
export function bytesOf(value: unknown): Buffer | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (value instanceof Uint8Array) return asBuffer(value);
  if (isAnyArrayBuffer(value)) return Buffer.from(value);
  if (value instanceof DataView || value instanceof Uint8ClampedArray)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return undefined;
}

/** A Buffer over the same memory. */
export function asBuffer(body: Uint8Array): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** @throws {TypeError} when the bytes are not UTF-8, or the content type names another charset */
export function decodeText(body: Uint8Array, media: MediaType | undefined): string {
  if (media !== undefined && !media.unicode) throw new TypeError('The charset is not UTF-8.');
  const decoded = asBuffer(body).toString();
  // Decoding replaces invalid bytes with U+FFFD, so only texts that contain it are compared with their bytes.
  if (decoded.includes('\uFFFD') && !isUtf8(body))
    throw new TypeError('The text is not valid UTF-8.');
  return decoded;
}
