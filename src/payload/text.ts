// Text: UTF-8 and nothing else.
import { isUtf8 } from 'node:buffer';
import { asBuffer } from './bytes.js';
import type { PayloadConverter } from './converter.js';
import { isJson, isUnicode, mediaTypeOf, type MediaType } from './media-type.js';

export const text: PayloadConverter = {
  name: 'text',
  read(body, media, type) {
    const wanted = type.kind === 'text' || (type.kind === 'any' && media !== undefined);
    const mine = media === undefined || media.name === 'text/plain';
    return wanted && mine ? { value: decodeText(body, media) } : undefined;
  },
  /** A string that is to be JSON is left to the JSON converter, which quotes it. */
  write(value, contentType = 'text/plain;charset=UTF-8') {
    if (typeof value !== 'string') return undefined;
    const media = mediaTypeOf(contentType);
    return isJson(media) || !isUnicode(media)
      ? undefined
      : { body: Buffer.from(value), contentType };
  },
};

/** Throws where the octets are no UTF-8, or are said to be something else. */
export function decodeText(body: Uint8Array, media: MediaType | undefined): string {
  if (media !== undefined && !isUnicode(media)) throw new TypeError('The charset is not UTF-8.');
  // Decoding alone would put replacement characters where octets are wrong.
  if (!isUtf8(body)) throw new TypeError('The text is not valid UTF-8.');
  return asBuffer(body).toString();
}
