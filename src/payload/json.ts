// JSON (RFC 8259): what objects travel as.
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
    return encoded === undefined ? undefined : { body: Buffer.from(encoded), contentType };
  },
};

function parsedOr(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return source;
  }
}
