// Applies the class or schema of a parameter to a value.
import type { FieldProblem } from '../message/error.js';
import { isPromise } from '../message/promise.js';
import { toInstance } from './class-validation.js';
import { fieldProblem, payloadInvalid } from './field-problem.js';
import type { PayloadType } from './payload-type.js';
import type { SchemaIssue, SchemaResult, StandardSchema } from './standard-schema.js';

/**
 * Returns the value for the handler: an instance of the class, or the output of the schema. It is a promise for classes and for
 * asynchronous schemas.
 *
 * @throws {MessagingError} `payload-invalid` with the invalid fields
 */
export function validate(value: unknown, type: PayloadType): unknown {
  switch (type.kind) {
    case 'class':
      return toInstance(value, type.type);
    case 'schema':
      return parse(value, type.schema);
    default:
      return value;
  }
}

function parse(value: unknown, schema: StandardSchema): unknown {
  let result: SchemaResult<unknown> | PromiseLike<SchemaResult<unknown>>;
  try {
    result = schema['~standard'].validate(value);
  } catch (cause) {
    throw payloadInvalid([], cause);
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
  } catch (cause) {
    throw payloadInvalid([], cause);
  }
  return parsed(value, result);
}

function parsed(value: unknown, result: SchemaResult<unknown>): unknown {
  if (result.issues === undefined) return result.value;
  throw payloadInvalid(result.issues.map((issue) => problemOf(issue, value)));
}

function problemOf({ path = [], message }: SchemaIssue, value: unknown): FieldProblem {
  const keys = path.map((segment) => (typeof segment === 'object' ? segment.key : segment));
  return fieldProblem(keys, message, keys.reduce(memberOf, value));
}

function memberOf(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? Reflect.get(value, key)
    : undefined;
}
