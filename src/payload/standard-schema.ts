// Validation by Standard Schema (version 1), the common interface of schema libraries.
import type { FieldProblem } from '../message/error.js';
import { isPromise } from '../message/promise.js';
import {
  fieldLimit,
  causeOf,
  fieldProblem,
  invalid,
  payloadInvalid,
  repeatsWord,
  tooManyObjects,
  tooManyValues,
} from './field-problem.js';

/** A schema of zod, valibot, arktype or another library. @see https://standardschema.dev */
export interface StandardSchema<Output = unknown> {
  /** The properties of the Standard Schema specification, version 1. */
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    validate(value: unknown): SchemaResult<Output> | Promise<SchemaResult<Output>>;
  };
}

/** The result of a validation: a value or issues. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One problem that a schema has found. */
export interface SchemaIssue {
  /** Describes the problem. */
  readonly message: string;
  /** The place of the problem in the value; absent for the value itself. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** True for schemas; those of some libraries are functions. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  const standard = (value as Partial<StandardSchema>)['~standard'];
  return standard?.version === 1 && typeof standard.validate === 'function';
}

/**
 * Returns the output of the schema for a value: a promise for asynchronous schemas.
 *
 * @throws {MessagingError} `payload-invalid` with the invalid fields; also when the schema throws, or its result is not that of a
 *   Standard Schema
 */
export function parseWithSchema(value: unknown, schema: StandardSchema): unknown {
  let result: SchemaResult<unknown> | PromiseLike<SchemaResult<unknown>>;
  try {
    result = schema['~standard'].validate(value);
  } catch (thrown) {
    throw payloadInvalid([], causeOf(thrown));
  }
  return isPromise(result) ? parseAsync(value, result) : parsed(value, result);
}

async function parseAsync(
  value: unknown,
  promise: PromiseLike<SchemaResult<unknown>>,
): Promise<unknown> {
  let result: SchemaResult<unknown>;
  try {
    result = await promise;
  } catch (thrown) {
    throw payloadInvalid([], causeOf(thrown));
  }
  return parsed(value, result);
}

function parsed(value: unknown, result: SchemaResult<unknown>): unknown {
  let problems: readonly FieldProblem[];
  try {
    if (result.issues === undefined && 'value' in result) return result.value;
    if (!Array.isArray(result.issues)) throw new TypeError('It has neither a value nor issues.');
    problems = result.issues
      .slice(0, fieldLimit)
      .map((issue: SchemaIssue) => problemOf(issue, value));
  } catch (cause) {
    throw payloadInvalid([], new TypeError("The schema's result is malformed.", { cause }));
  }
  throw payloadInvalid(problems);
}

/** A rule for several fields reports one field, and its message may repeat the value of another field. */
function problemOf({ path = [], message }: SchemaIssue, value: unknown): FieldProblem {
  if (typeof message !== 'string') throw new TypeError('The message of an issue is not a text.');
  const keys = path.map((segment) => (typeof segment === 'object' ? segment.key : segment));
  const problem = fieldProblem(keys, message, keys.reduce(memberOf, value));
  return repeatsWord(problem.message, value) ? { ...problem, message: invalid } : problem;
}

/** An issue for a number or text takes a tenth of the time of an issue for an object. */
const valuesPerObject = 10;

/**
 * Limits the objects and the other values that a schema checks; an array in an array counts as an object.
 *
 * @throws {MessagingError} `payload-invalid`
 */
export function requireFewValues(value: unknown, maxObjects: number): void {
  const maxValues = maxObjects * valuesPerObject;
  // Without recursion, because the depth is not limited.
  const pending: unknown[] = [value];
  let objects = 0;
  let values = 0;
  while (pending.length > 0) {
    const container = pending.pop();
    if (typeof container !== 'object' || container === null) continue;
    const inArray = Array.isArray(container);
    for (const member of Object.values(container)) {
      if (typeof member !== 'object' || member === null) {
        if (++values > maxValues) throw tooManyValues(maxValues);
        continue;
      }
      if ((inArray || !Array.isArray(member)) && ++objects > maxObjects)
        throw tooManyObjects(maxObjects);
      pending.push(member);
    }
  }
}

function memberOf(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? Reflect.get(value, key)
    : undefined;
}
