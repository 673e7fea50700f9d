// The fields of a client's JSON object, each checked for its type when it is read.
import { MessagingError } from '../../message/error.js';
import { noHeaders, type Headers } from '../../message/message.js';
import type { DecoderLimits } from '../codec.js';

/** An object as `JSON.parse` gave it; only names that no object inherits are asked for. */
export type Fields = Readonly<Record<string, unknown>>;

export interface Source {
  readonly type: string;
  readonly fields: Fields;
  /** The text of the object, in which a payload stands as the client wrote it. */
  readonly octets: Buffer;
  readonly limits: DecoderLimits;
}

/** @throws `header-missing`, `header-invalid`, `frame-too-large` */
export function required(source: Source, name: string): string {
  const value = text(source, name);
  if (value === undefined)
    throw new MessagingError('header-missing', `${source.type} needs the field ${name}.`);
  return value;
}

/** @throws `header-invalid`, `frame-too-large` */
export function text({ fields, limits }: Source, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  if (!isText(value))
    throw new MessagingError(
      'header-invalid',
      `The field ${name} takes a string of Unicode without NUL.`,
    );
  checkSize(value, limits);
  return value;
}

/** @throws `header-invalid`, `frame-too-large` */
export function headers({ fields, limits }: Source, hidden: ReadonlySet<string>): Headers {
  const given = fields['headers'];
  if (given === undefined) return noHeaders;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw headersInvalid();
  const entries: [string, unknown][] = Object.entries(given);
  if (entries.length > limits.maxHeaders)
    throw new MessagingError('frame-too-large', 'The frame has too many headers.');
  const kept = new Map<string, string>();
  for (const [name, value] of entries) {
    if (name === '' || !isText(name) || !isText(value)) throw headersInvalid();
    checkSize(name + value, limits);
    if (!hidden.has(name)) kept.set(name, value);
  }
  return kept.size === 0 ? noHeaders : kept;
}

/**
 * NUL cannot be said in STOMP, and the names of users' own queues begin with it; half of a surrogate pair cannot be said in UTF-8, and
 * many a reader of JSON takes no frame that holds its escape.
 */
function isText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0') && value.isWellFormed();
}

/** A character is at most three octets, so most texts need not be counted. */
function checkSize(value: string, { maxHeaderBytes }: DecoderLimits): void {
  if (value.length * 3 > maxHeaderBytes && Buffer.byteLength(value) > maxHeaderBytes)
    throw new MessagingError('frame-too-large', 'A field or header of the frame is too long.');
}

function headersInvalid(): MessagingError {
  return new MessagingError(
    'header-invalid',
    'The field headers takes an object of strings of Unicode without NUL.',
  );
}
