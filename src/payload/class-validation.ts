// Plain objects to instances of an application's class, checked by its class-validator decorators.
import type { ValidationError } from 'class-validator';
import type { FieldProblem } from '../message/error.js';
import { misshapen, shapeOf } from './class-shape.js';
import { fieldProblem, payloadInvalid } from './field-problem.js';
import type { Constructor } from './payload-type.js';

/** class-transformer recurses, and compares each key of an object with all others: both are bounded before it runs. */
const depthLimit = 32;
const keyLimit = 256;

interface Libraries {
  readonly transformer: typeof import('class-transformer');
  readonly validator: typeof import('class-validator');
}

let loading: Promise<Libraries> | undefined;
let loaded: Libraries | undefined;
const options = { whitelist: true, validationError: { target: false } };

/**
 * Converts and checks; keys that the class does not constrain are dropped (`whitelist`). A class without any class-validator
 * decorator is converted only, and keeps every key.
 *
 * @throws `payload-invalid` with the fields at fault; also for whatever a constructor or a validator throws
 */
export async function toInstance(plain: unknown, type: Constructor): Promise<object> {
  const excess = isPlainObject(plain) ? excessOf(plain, 1) : 'must be an object';
  if (excess !== undefined) throw payloadInvalid([{ path: '', message: excess }]);
  const libraries = loaded ?? (await load());
  let instance: object;
  let problems: readonly FieldProblem[];
  try {
    instance = libraries.transformer.plainToInstance(type as new () => object, plain);
    problems = await problemsWith(instance, type, libraries.validator);
  } catch (cause) {
    throw payloadInvalid([], cause);
  }
  if (problems.length > 0) throw payloadInvalid(problems);
  return instance;
}

/** `validateSync` would pass by every validator that answers with a promise, and whether one does, only its answer tells. */
async function problemsWith(
  instance: object,
  type: Constructor,
  validator: Libraries['validator'],
): Promise<readonly FieldProblem[]> {
  if (!shapeOf(type, validator).constrained) return [];
  const errors = await validator.validate(instance, options);
  return errors.length > 0 ? problemsOf(errors) : misshapen(instance, validator);
}

/** Both cost a tenth of a second to import, so only an application that uses classes pays it. */
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
  if (depth > depthLimit) return `must not be nested deeper than ${depthLimit} levels`;
  const members: unknown[] = Array.isArray(value) ? value : Object.values(value);
  if (!Array.isArray(value) && members.length > keyLimit)
    return `must not have more than ${keyLimit} keys in an object`;
  for (const member of members) {
    if (typeof member !== 'object' || member === null) continue;
    const excess = excessOf(member, depth + 1);
    if (excess !== undefined) return excess;
  }
  return undefined;
}

function problemsOf(
  errors: readonly ValidationError[],
  above: readonly string[] = [],
): FieldProblem[] {
  return errors.flatMap(({ property, constraints = {}, children = [], value }) => {
    // An object of no class that is checked has no property at fault, whatever the types say.
    const path = (property as string | undefined) === undefined ? above : [...above, property];
    const own = Object.values(constraints).map((message) => fieldProblem(path, message, value));
    return [...own, ...problemsOf(children, path)];
  });
}
