// The body of a client's send: a JSON value as the client wrote it, text, or octets in base64.
import { MessagingError } from '../../message/error.js';
import type { Headers, Message } from '../../message/message.js';
import { knowJson } from '../../payload/json.js';
import { isJson, isUnicode, mediaTypeOf } from '../../payload/media-type.js';
import { bodyOf, noBody } from '../body.js';
import type { Source } from './field.js';
import { memberOf } from './member.js';

type Body = Pick<Message, 'headers' | 'body'>;

/** @throws MessagingError `header-invalid` */
export function readBody({ fields, octets }: Source, headers: Headers): Body {
  const { payload, payloadBase64 } = fields;
  if (payload !== undefined && payloadBase64 !== undefined)
    throw invalid('A frame has payload or payloadBase64, not both.');
  if (payload !== undefined) return readPayload(payload, octets, headers);
  if (payloadBase64 === undefined) return { headers, body: noBody };
  return { headers: typed(headers, 'application/octet-stream'), body: decoded(payloadBase64) };
}

function readPayload(payload: unknown, octets: Buffer, headers: Headers): Body {
  const media = mediaTypeOf(headers.get('content-type') ?? 'application/json');
  if (!isUnicode(media))
    throw invalid('The field payload is UTF-8; payloadBase64 takes octets of another charset.');
  if (isJson(media))
    return { headers: typed(headers, 'application/json'), body: writtenPayload(octets) };
  if (typeof payload !== 'string' || !payload.isWellFormed())
    throw invalid(
      'With a content-type that is no JSON the field payload takes a string of Unicode.',
    );
  return { headers, body: Buffer.from(payload) };
}

/** Number by number as the client wrote it: parsing and writing again would lose digits. */
function writtenPayload(octets: Buffer): Uint8Array {
  const { start, end } = memberOf(octets, 'payload')!;
  const body = bodyOf(octets, start, end);
  knowJson(body);
  return body;
}

function decoded(base64: unknown): Uint8Array {
  if (
    typeof base64 !== 'string' ||
    base64.length % 4 !== 0 ||
    !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)
  ) {
    throw invalid('The field payloadBase64 takes base64 (RFC 4648 section 4).');
  }
  return Buffer.from(base64, 'base64');
}

function typed(headers: Headers, contentType: string): Headers {
  return headers.has('content-type')
    ? headers
    : new Map([...headers, ['content-type', contentType]]);
}

function invalid(message: string): MessagingError {
  return new MessagingError('header-invalid', message);
}
