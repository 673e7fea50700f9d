// The converter for text in UTF-8.
import { isUtf8 } from 'node:buffer';
import { asBuffer } from './bytes.js';
import type { PayloadConverter } from './converter.js';
import { isJson, isUnicode, mediaTypeOf, type MediaType } from './media-type.js';

export const text: PayloadConverter = {
  name: 'text',
  /** Reads text/plain only, but writes strings under any content type, as `text/html`. */
  mediaTypes: ['text/plain', '*'],
  untyped: true,
  read(body, media, type) {
    const readable =
      media === undefined
        ? type.kind === 'text'
        : media.name === 'text/plain' && (type.kind === 'text' || type.kind === 'any');
    return readable ? { value: decodeText(body, media) } : undefined;
  },
  write(value, contentType = 'text/plain;charset=UTF-8') {
    if (typeof value !== 'string') return undefined;
    const media = mediaTypeOf(contentType);
    return isJson(media) || !isUnicode(media)
      ? undefined
      : { body: Buffer.from(value), contentType };
  },
};

/** @throws {TypeError} when the bytes are not UTF-8, or the content type names another charset */
export function decodeText(body: Uint8Array, media: MediaType | undefined): string {
  if (media !== undefined && !isUnicode(media)) throw new TypeError('The charset is not UTF-8.');
  const decoded = asBuffer(body).toString();
  // Decoding replaces invalid bytes by U+FFFD, so most texts need no second look at their bytes.
  if (decoded.includes('\uFFFD') && !isUtf8(body))
    throw new TypeError('The text is not valid UTF-8.');
  return decoded;
}
