// The conformance suite for payload converters.
import { deepEqual, equal, notEqual, ok, throws } from 'node:assert/strict';
import { acceptsMediaType, type PayloadConverter } from '../../payload/converter.js';
import { mediaTypeOf } from '../../payload/media-type.js';
import type { PayloadType } from '../../payload/payload-type.js';
import { casesOf, type Checks, type ConformanceCase, type Exceptions } from './conformance-case.js';

/** The converter under test, with values for its format. */
export interface ConverterSubject {
  /** The converter. */
  readonly converter: PayloadConverter;
  /** The type that a handler expects to get the values below. @default `{ kind: 'any' }` */
  readonly type?: PayloadType;
  /** Values that it writes and reads. */
  readonly values: readonly unknown[];
  /** Values that it does not write. */
  readonly foreignValues: readonly unknown[];
  /** A content type that it writes on request, different from its default content type. */
  readonly contentType: string;
  /** Content types that it neither reads nor writes. */
  readonly foreignContentTypes: readonly string[];
  /** Bytes that are not valid in its content type. */
  readonly malformed: readonly Uint8Array[];
}

/**
 * The cases of the suite for payload converters, for any test framework.
 *
 * @param exceptions cases that the converter fails, each with its reason
 * @throws {Error} when an exception names a case that does not exist
 * @example
 * ```ts
 * const subject: ConverterSubject = {
 *   converter: csvConverter,
 *   values: [[['a', 'b']]],
 *   foreignValues: [1],
 *   contentType: 'text/csv;charset=utf-8',
 *   foreignContentTypes: ['application/json'],
 *   malformed: [],
 * };
 * for (const { name, run } of converterConformance(subject)) it(name, run);
 * ```
 */
export function converterConformance(
  subject: ConverterSubject,
  exceptions: Exceptions = {},
): readonly ConformanceCase[] {
  return casesOf(checks, subject, exceptions);
}

const any: PayloadType = { kind: 'any' };

const checks: Checks<ConverterSubject> = {
  'has a name'({ converter }) {
    notEqual(converter.name, '');
  },

  'declares the media types that it writes'(subject) {
    const { converter, values } = subject;
    const contentTypes = values.map((value) => write(subject, value).contentType);
    for (const contentType of [...contentTypes, subject.contentType])
      ok(accepts(converter, contentType), `Its mediaTypes do not include ${contentType}.`);
  },

  'reads its own output'(subject) {
    for (const value of subject.values) {
      const { body, contentType } = write(subject, value);
      deepEqual(read(subject, body, contentType), value);
    }
  },

  'writes the requested content type'(subject) {
    const { converter, values, contentType } = subject;
    for (const value of values) {
      const result = converter.write(value, contentType);
      equal(result?.contentType, contentType);
      deepEqual(read(subject, result!.body, contentType), value);
    }
  },

  'writes equal values as equal bytes'(subject) {
    for (const value of subject.values)
      deepEqual(write(subject, value).body, write(subject, value).body);
  },

  'ignores other content types'(subject) {
    const { converter, values, foreignContentTypes, type = any } = subject;
    const { body } = write(subject, values[0]);
    for (const contentType of foreignContentTypes) {
      // The server does not call it for media types that it does not declare.
      if (!accepts(converter, contentType)) continue;
      equal(converter.read(body, mediaTypeOf(contentType), type), undefined, contentType);
      equal(converter.write(values[0], contentType), undefined, contentType);
    }
  },

  'ignores or rejects other values'(subject) {
    for (const value of subject.foreignValues)
      equal(writeOrIgnore(subject, value), undefined, `It wrote ${String(value)}.`);
  },

  'rejects malformed bytes'(subject) {
    const { contentType } = write(subject, subject.values[0]);
    for (const body of subject.malformed) throws(() => read(subject, body, contentType));
  },

  'does not change the bytes that it reads'(subject) {
    for (const value of subject.values) {
      const { body, contentType } = write(subject, value);
      const before = Uint8Array.from(body);
      read(subject, body, contentType);
      deepEqual(Uint8Array.from(body), before);
    }
  },
};

function accepts(converter: PayloadConverter, contentType: string): boolean {
  return acceptsMediaType(converter, mediaTypeOf(contentType).name);
}

function write(subject: ConverterSubject, value: unknown) {
  const result = tryWrite(subject, value);
  ok(result, 'It does not write one of its own values.');
  return result;
}

function writeOrIgnore(subject: ConverterSubject, value: unknown) {
  try {
    return tryWrite(subject, value);
  } catch {
    return undefined;
  }
}

/** Reads without a content type if the converter is used for messages without one. */
function tryWrite({ converter, contentType }: ConverterSubject, value: unknown) {
  return converter.write(value, converter.untyped === true ? undefined : contentType);
}

function read(
  { converter, type = any }: ConverterSubject,
  body: Uint8Array,
  contentType: string,
): unknown {
  const result = converter.read(body, mediaTypeOf(contentType), type);
  ok(result, `It does not read ${contentType}.`);
  return result.value;
}
