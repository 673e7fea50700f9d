// The converter for raw bytes.
import type { PayloadConverter } from './converter.js';

export const bytes: PayloadConverter = {
  name: 'bytes',
  mediaTypes: ['application/octet-stream', '*'],
  untyped: true,
  /** A handler that expects bytes gets them whatever the content type is. */
  read: (body, media, type) =>
    type.kind === 'bytes' || (type.kind === 'any' && media?.name === 'application/octet-stream')
      ? { value: asBuffer(body) }
      : undefined,
  write: (value, contentType = 'application/octet-stream') =>
    value instanceof Uint8Array ? { body: value, contentType } : undefined,
};

/** A Buffer over the same memory. */
export function asBuffer(body: Uint8Array): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}
