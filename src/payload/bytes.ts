// Octets as they are.
import type { PayloadConverter } from './converter.js';

export const bytes: PayloadConverter = {
  name: 'bytes',
  /** A handler that wants octets gets them whatever they mean. */
  read: (body, media, type) =>
    type.kind === 'bytes' || (type.kind === 'any' && media?.name === 'application/octet-stream')
      ? { value: asBuffer(body) }
      : undefined,
  write: (value, contentType = 'application/octet-stream') =>
    value instanceof Uint8Array ? { body: value, contentType } : undefined,
};

/** The same memory as a Buffer. */
export function asBuffer(body: Uint8Array): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}
