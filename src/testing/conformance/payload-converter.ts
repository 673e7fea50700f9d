// What a payload converter promises.
import { deepEqual, equal, notEqual, ok, throws } from 'node:assert/strict';
import type { PayloadConverter } from '../../payload/converter.js';
import { mediaTypeOf } from '../../payload/media-type.js';
import type { PayloadType } from '../../payload/payload-type.js';
import { casesOf, type Checks, type ConformanceCase, type Exceptions } from './conformance-case.js';

export interface ConverterSubject {
  readonly converter: PayloadConverter;
  /** What a handler has to want to get the values below; `{ kind: 'any' }` by default. */
  readonly type?: PayloadType;
  /** Values that it writes and reads. */
  readonly values: readonly unknown[];
  /** Values that are not its business, or that nothing can write. */
  readonly foreignValues: readonly unknown[];
  /** A content type of its own that is not the one it chooses. */
  readonly contentType: string;
  /** Content types that are not its business. */
  readonly foreignContentTypes: readonly string[];
  /** Octets that its content type forbids. */
  readonly malformed: readonly Uint8Array[];
}

/** @throws Error for an exception to a case that does not exist */
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

  'reads what it has written'({ converter, values, type = any }) {
    for (const value of values) {
      const { body, contentType } = written(converter, value);
      deepEqual(read(converter, body, contentType, type), value);
    }
  },

  'writes under the content type that was asked for'(subject) {
    const { converter, values, contentType, type = any } = subject;
    for (const value of values) {
      const result = converter.write(value, contentType);
      equal(result?.contentType, contentType);
      deepEqual(read(converter, result!.body, contentType, type), value);
    }
  },

  'writes equal values as equal octets'({ converter, values }) {
    for (const value of values)
      deepEqual(written(converter, value).body, written(converter, value).body);
  },

  "leaves others' content types alone"(subject) {
    const { converter, values, foreignContentTypes, type = any } = subject;
    const { body } = written(converter, values[0]);
    for (const contentType of foreignContentTypes) {
      equal(converter.read(body, mediaTypeOf(contentType), type), undefined, contentType);
      equal(converter.write(values[0], contentType), undefined, contentType);
    }
  },

  "leaves others' values alone, or says that nothing can write them"({ converter, foreignValues }) {
    for (const value of foreignValues)
      equal(writtenOrRefused(converter, value), undefined, `It wrote ${String(value)}.`);
  },

  'refuses malformed octets'({ converter, values, malformed, type = any }) {
    const { contentType } = written(converter, values[0]);
    for (const body of malformed) throws(() => read(converter, body, contentType, type));
  },

  'changes no octets that it reads'({ converter, values, type = any }) {
    for (const value of values) {
      const { body, contentType } = written(converter, value);
      const before = Uint8Array.from(body);
      read(converter, body, contentType, type);
      deepEqual(Uint8Array.from(body), before);
    }
  },
};

function written(converter: PayloadConverter, value: unknown) {
  const result = converter.write(value, undefined);
  ok(result, 'It does not write one of its own values.');
  return result;
}

function writtenOrRefused(converter: PayloadConverter, value: unknown) {
  try {
    return converter.write(value, undefined);
  } catch {
    return undefined;
  }
}

function read(
  converter: PayloadConverter,
  body: Uint8Array,
  contentType: string,
  type: PayloadType,
): unknown {
  const result = converter.read(body, mediaTypeOf(contentType), type);
  ok(result, `It does not read ${contentType}.`);
  return result.value;
}
