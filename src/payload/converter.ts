// The contract between bytes and values, and the choice of a converter by content type.
import { inspect } from 'node:util';
import { isUint8Array } from 'node:util/types';
import { MessagingError } from '../message/error.js';
import type { Message } from '../message/message.js';
import { invalidOption } from '../message/option.js';
import { isPromise, refusedPromise } from '../message/promise.js';
import { defaultClassRules, type ClassRules } from './class-rules.js';
import { checkClass, prepareClasses, toInstance } from './class-validation.js';
import { mediaTypeOf, type MediaType } from './media-type.js';
import { isBuiltIn, type PayloadType } from './payload-type.js';
import { parseWithSchema, requireFewValues } from './standard-schema.js';

export type { UnknownProperties } from './class-rules.js';
export type { MediaType } from './media-type.js';
export type { Constructor, PayloadType } from './payload-type.js';

/** A value as bytes. */
export interface WrittenPayload {
  /** Must not change afterwards. Bytes of the value itself are copied. */
  readonly body: Uint8Array;
  /** The content type of the bytes. */
  readonly contentType: string;
}

/**
 * Reads and writes one format (Spring: MessageConverter). A method may return undefined: the server then tries the next converter
 * for the content type. A thrown error becomes `payload-unreadable` or `payload-unwritable`. The methods must not be asynchronous:
 * a promise, or any other result without a value, fails the frame as an error of a handler does.
 *
 * @example
 * ```ts
 * const csv: PayloadConverter = {
 *   name: 'csv',
 *   mediaTypes: ['text/csv'],
 *   read: (body) => ({ value: parseCsv(body) }),
 *   write: (value, contentType = 'text/csv') => ({ body: formatCsv(value), contentType }),
 * };
 * ```
 */
export interface PayloadConverter {
  /** Name of the format, for error texts. */
  readonly name: string;
  /** The media types that it reads and writes, in lower case: `text/csv`, `text/*`, `application/*+json`, or `*` for all. */
  readonly mediaTypes: readonly string[];
  /** True: it is also used if a message or value has no content type. @default false */
  readonly untyped?: boolean;
  /**
   * Returns the value of a body, before a class or schema is applied to it. Unknown properties may be removed from it, so it must
   * be new for each message.
   *
   * @param media the message's content type; undefined if it has none
   * @param type the type that the handler expects
   */
  read(
    body: Uint8Array,
    media: MediaType | undefined,
    type: PayloadType,
  ): { readonly value: unknown } | undefined;
  /** Returns the bytes of a value. @param contentType requested by the publisher; undefined if it requested none */
  write(value: unknown, contentType: string | undefined): WrittenPayload | undefined;
}

/** Reads the payloads of messages, as argument decorators use it. */
export interface PayloadReader {
  /**
   * Returns the value, or a promise of it.
   *
   * @throws {MessagingError} `payload-unreadable`, `payload-invalid`
   */
  read(message: Message, type: PayloadType): unknown;
  /** Returns sentences about mistakes in the decorators of a payload class, each with its fix. Called at start. */
  checkType(type: PayloadType): readonly string[];
}

/** A content type, and the converters that accept it. */
interface Format {
  readonly media: MediaType | undefined;
  readonly converters: readonly PayloadConverter[];
}

/** The converters of a server. The result of the first converter that accepts the content type and returns one is used. */
export class Payloads implements PayloadReader {
  readonly #converters: readonly PayloadConverter[];
  readonly #classRules: ClassRules;
  /** The format of each media type that is declared without a wildcard. */
  readonly #declared = new Map<string, Format>();
  /** The format of messages and values without a content type. */
  readonly #untyped: Format;

  /**
   * @param converters in the order in which they are tried
   * @param classRules how payloads are converted to classes
   * @throws {MessagingError} `option-invalid` when a converter declares no valid media type
   */
  constructor(converters: readonly PayloadConverter[], classRules: ClassRules = defaultClassRules) {
    for (const converter of converters) checkMediaTypes(converter);
    this.#classRules = classRules;
    this.#converters = converters;
    this.#untyped = { media: undefined, converters: converters.filter(({ untyped }) => untyped) };
    for (const name of new Set(converters.flatMap(({ mediaTypes }) => mediaTypes)))
      if (!name.includes('*'))
        this.#declared.set(name, { media: mediaTypeOf(name), converters: this.#accepting(name) });
  }

  /**
   * Returns the value for a handler: a promise if validators of a class or a schema are asynchronous.
   *
   * @throws {MessagingError} `payload-unreadable` when no converter reads the content type for this type, or the bytes are
   *   malformed; `payload-invalid` when the class or schema rejects the value
   */
  read(message: Message, type: PayloadType): unknown {
    const value = this.#readRaw(message, type);
    switch (type.kind) {
      case 'class':
        return toInstance(value, type.type, this.#classRules);
      case 'schema':
        if (!isBuiltIn(type.schema)) requireFewValues(value, this.#classRules.maxObjects);
        return parseWithSchema(value, type.schema);
      default:
        return value;
    }
  }

  /**
   * Imports what payload classes need, so that `checkType` can check them.
   *
   * @throws {MessagingError} `package-missing` when a package is not installed
   */
  prepare(): Promise<void> {
    return prepareClasses(this.#classRules);
  }

  checkType(type: PayloadType): readonly string[] {
    return type.kind === 'class' ? checkClass(type.type, this.#classRules) : [];
  }

  /** @throws {MessagingError} `payload-unwritable` when no converter can write it: functions, errors, cycles, bigints in JSON */
  write(value: unknown, contentType?: string): WrittenPayload {
    const { converters } = this.#formatOf(contentType);
    try {
      for (const converter of converters) {
        const written = converter.write(value, contentType);
        if (written !== undefined) return withOwnBody(requireBytes(written, converter), value);
      }
    } catch (cause) {
      throw new MessagingError('payload-unwritable', undefined, { cause });
    }
    throw new MessagingError(
      'payload-unwritable',
      'No converter can write the value with this content type.',
    );
  }

  #readRaw({ headers, body }: Message, type: PayloadType): unknown {
    const { media, converters } = this.#formatOf(headers.get('content-type'));
    for (const converter of converters) {
      const read = readWith(converter, body, media, type);
      if (read !== undefined) return requireValue(read, converter);
    }
    throw new MessagingError(
      'payload-unreadable',
      'The payload cannot be read from this content type.',
    );
  }

  #formatOf(contentType: string | undefined): Format {
    if (contentType === undefined) return this.#untyped;
    const declared = this.#declared.get(contentType);
    if (declared !== undefined) return declared;
    const media = mediaTypeOf(contentType);
    // Not cached, because clients choose the content type.
    const converters = this.#declared.get(media.name)?.converters ?? this.#accepting(media.name);
    return { media, converters };
  }

  #accepting(name: string): readonly PayloadConverter[] {
    return this.#converters.filter((converter) => acceptsMediaType(converter, name));
  }
}

/**
 * Not `payload-unreadable`, which blames the client: the application has to fix its converter, so the error must reach the log.
 *
 * @throws {TypeError} when a converter in JavaScript returns something else, such as a promise
 */
function requireValue(read: { readonly value: unknown }, { name }: PayloadConverter): unknown {
  if (typeof read === 'object' && read !== null && 'value' in read) {
    const { value } = read;
    // The first conditions avoid a call for each message.
    const mayBePromise = typeof value === 'object' && value !== null && 'then' in value;
    if (!mayBePromise || !isPromise(value)) return value;
    throw refusedPromise(value, `read() of the converter '${name}'`);
  }
  if (isPromise(read)) throw refusedPromise(read, `read() of the converter '${name}'`);
  throw new TypeError(
    `read() of the converter '${name}' must return { value } or undefined, unlike ${inspect(read, { depth: 0 })}.`,
  );
}

/** @throws {TypeError} when a converter in JavaScript returns something else, such as a text for the body, or a promise */
function requireBytes(written: WrittenPayload, { name }: PayloadConverter): WrittenPayload {
  const { body, contentType } = (written ?? {}) as Partial<WrittenPayload>;
  if (isUint8Array(body) && typeof contentType === 'string') return written;
  if (isPromise(written)) throw refusedPromise(written, `write() of the converter '${name}'`);
  throw new TypeError(
    `write() of the converter '${name}' must return { body: Uint8Array, contentType: string }.`,
  );
}

function readWith(
  converter: PayloadConverter,
  body: Uint8Array,
  media: MediaType | undefined,
  type: PayloadType,
): { readonly value: unknown } | undefined {
  try {
    return converter.read(body, media, type);
  } catch (cause) {
    throw new MessagingError('payload-unreadable', undefined, { cause });
  }
}

/** Copies a body in the memory of the value: the application may reuse its buffer while the message waits for subscribers. */
function withOwnBody(written: WrittenPayload, value: unknown): WrittenPayload {
  const memory = ArrayBuffer.isView(value) ? value.buffer : value;
  return written.body.buffer === memory ? { ...written, body: Buffer.from(written.body) } : written;
}

/** True when the converter declares the media type. @param name in lower case, such as `application/json` */
export function acceptsMediaType({ mediaTypes }: PayloadConverter, name: string): boolean {
  return mediaTypes.some((mediaType) => matches(mediaType, name));
}

const validMediaType = /^(?:\*|[^\s/;*A-Z]+\/(?:\*|(?:\*\+)?[^\s/;*A-Z]+))$/;

function checkMediaTypes({ name, mediaTypes }: PayloadConverter): void {
  // A converter in JavaScript may declare nothing or a text.
  const declared: readonly string[] = Array.isArray(mediaTypes) ? mediaTypes : [];
  if (declared.length > 0 && declared.every((mediaType) => validMediaType.test(mediaType))) return;
  throw invalidOption(
    'converters',
    `must contain converters with mediaTypes such as 'text/csv'; '${name}' has ${JSON.stringify(mediaTypes)}`,
  );
}

/** @param mediaType may contain a wildcard, such as `application/*+json` */
function matches(mediaType: string, name: string): boolean {
  const wildcard = mediaType.indexOf('*');
  if (wildcard < 0) return mediaType === name;
  return (
    name.startsWith(mediaType.slice(0, wildcard)) && name.endsWith(mediaType.slice(wildcard + 1))
  );
}
