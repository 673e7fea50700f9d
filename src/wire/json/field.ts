// Typed access to the fields of a client's JSON object.
import { MessagingError } from '../../message/error.js';
import { noHeaders, type Headers } from '../../message/message.js';
import { tooLarge, type DecoderLimits } from '../codec.js';

/** The result of `JSON.parse`. Read only names that `Object.prototype` does not have. */
export type Fields = Readonly<Record<string, unknown>>;

/** A client's JSON object while it is read. */
export interface Source {
  readonly type: string;
  readonly fields: Fields;
  /** The text of the object, from which the payload is copied unchanged. */
  readonly bytes: Buffer;
  readonly limits: DecoderLimits;
}

/** @throws {MessagingError} `header-missing`, `header-invalid`, `frame-too-large` */
export function required(source: Source, name: string): string {
  const value = text(source, name);
  if (value === undefined)
    throw new MessagingError('header-missing', `${source.type} needs the field ${name}.`);
  return value;
}

/** @throws {MessagingError} `header-invalid`, `frame-too-large` */
export function text(source: Source, name: string): string | undefined {
  const value = source.fields[name];
  if (value === undefined) return undefined;
  if (!isText(value))
    throw new MessagingError(
      'header-invalid',
      `The field ${name} must be a string of Unicode without NUL.`,
    );
  checkSize(value, source);
  return value;
}

/**
 * The object `headers` as a map, without headers that are not passed on.
 * @throws {MessagingError} `header-invalid`, `frame-too-large`
 */
export function headers(source: Source, withheld: RegExp): Headers {
  const given = source.fields['headers'];
  if (given === undefined) return noHeaders;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw headersInvalid();
  const entries: [string, unknown][] = Object.entries(given);
  const { maxHeaders } = source.limits;
  if (entries.length > maxHeaders) throw tooLarge('frame', maxHeaders, 'headers', 'maxHeaders');
  const kept = new Map<string, string>();
  for (const [name, value] of entries) {
    if (name === '' || !isText(name) || !isText(value)) throw headersInvalid();
    checkSize(name + value, source);
    if (!withheld.test(name)) kept.set(name, value);
  }
  return kept.size === 0 ? noHeaders : kept;
}

/**
 * Rejects NUL, which STOMP cannot transmit and which begins the names of user queues, and half surrogate pairs, which UTF-8
 * cannot represent and many JSON parsers reject.
 */
function isText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0') && value.isWellFormed();
}

/** A code unit has at most three bytes in UTF-8, so the bytes of most strings are not counted. */
function checkSize(value: string, { type, limits }: Source): void {
  const option = type === 'connect' ? 'maxConnectHeaderBytes' : 'maxHeaderBytes';
  const limit = limits[option];
  if (value.length * 3 > limit && Buffer.byteLength(value) > limit)
    throw tooLarge('field or header', limit, 'bytes', option);
}

function headersInvalid(): MessagingError {
  return new MessagingError(
    'header-invalid',
    'The field headers must be an object of strings of Unicode without NUL.',
  );
}
