// The converter for text in UTF-8.
import { decodeText } from './bytes.js';
import type { PayloadConverter } from './converter.js';
import { mediaTypeOf } from './media-type.js';

export const text: PayloadConverter = {
  name: 'text',
  /** Reads only text/plain, but writes strings with any content type, such as `text/html`. */
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
    return media.json || !media.unicode ? undefined : { body: Buffer.from(value), contentType };
  },
};
