// Converts plain objects to instances of a class and validates them with its class-validator decorators.
import type { ValidationError } from 'class-validator';
import type { FieldProblem } from '../message/error.js';
import { shapeOf, shapeProblems } from './class-shape.js';
import { fieldProblem, payloadInvalid } from './field-problem.js';
import type { Constructor } from './payload-type.js';

/** class-transformer recurses, and compares each key of an object with all others, so both are limited before it runs. */
const maxDepth = 32;
const maxKeys = 256;

interface Libraries {
  readonly transformer: typeof import('class-transformer');
  readonly validator: typeof import('class-validator');
}

let loading: Promise<Libraries> | undefined;
let loaded: Libraries | undefined;
const options = { whitelist: true, validationError: { target: false } };

/**
 * Converts and validates. Keys without a class-validator decorator are dropped (`whitelist`). If the class has no such decorator,
 * the value is only converted and keeps all keys.
 *
 * @throws {MessagingError} `payload-invalid` with the invalid fields; also when a constructor or a validator throws
 */
export async function toInstance(plain: unknown, type: Constructor): Promise<object> {
  const excess = isPlainObject(plain) ? excessOf(plain, 1) : 'must be an object';
  if (excess !== undefined) throw payloadInvalid([{ path: '', message: excess }]);
  const libraries = loaded ?? (await load());
  let instance: object;
  let problems: readonly FieldProblem[];
  try {
    instance = libraries.transformer.plainToInstance(type as new () => object, plain);
    problems = await validationProblems(instance, type, libraries.validator);
  } catch (cause) {
    throw payloadInvalid([], cause);
  }
  if (problems.length > 0) throw payloadInvalid(problems);
  return instance;
}

/** `validateSync` would ignore validators that return a promise, and only calling them shows which ones do. */
async function validationProblems(
  instance: object,
  type: Constructor,
  validator: Libraries['validator'],
): Promise<readonly FieldProblem[]> {
  if (!shapeOf(type, validator).constrained) return [];
  const errors = await validator.validate(instance, options);
  return errors.length > 0 ? problemsOf(errors) : shapeProblems(instance, validator);
}

/** Importing both takes a tenth of a second, so they are imported when a class is first used. */
function load(): Promise<Libraries> {
  return (loading ??= Promise.all([import('class-transformer'), import('class-validator')]).then(
    ([transformer, validator]) => (loaded = { transformer, validator }),
  ));
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function excessOf(value: object, depth: number): string | undefined {
  if (depth > maxDepth) return `must not be nested deeper than ${maxDepth} levels`;
  const members: unknown[] = Array.isArray(value) ? value : Object.values(value);
  if (!Array.isArray(value) && members.length > maxKeys)
    return `must not have more than ${maxKeys} keys in an object`;
  for (const member of members) {
    if (typeof member !== 'object' || member === null) continue;
    const excess = excessOf(member, depth + 1);
    if (excess !== undefined) return excess;
  }
  return undefined;
}

function problemsOf(
  errors: readonly ValidationError[],
  parentPath: readonly string[] = [],
): FieldProblem[] {
  return errors.flatMap(({ property, constraints = {}, children = [], value }) => {
    // Despite its type, `property` is undefined in an error about an object of a class without decorators.
    const path =
      (property as string | undefined) === undefined ? parentPath : [...parentPath, property];
    const own = Object.values(constraints).map((message) => fieldProblem(path, message, value));
    return [...own, ...problemsOf(children, path)];
  });
}
