// Plain objects to instances of an application's class, checked by its class-validator decorators.
import type { ValidationError } from 'class-validator';
import type { FieldProblem } from '../message/error.js';
import { fieldProblem, payloadInvalid } from './field-problem.js';
import type { Constructor } from './payload-type.js';

/** class-transformer recurses, and compares each key of an object with all others: both are bounded before it runs. */
const depthLimit = 32;
const keyLimit = 256;

interface Libraries {
  readonly transformer: typeof import('class-transformer');
  readonly validator: typeof import('class-validator');
}

let libraries: Promise<Libraries> | undefined;
const constrained = new WeakMap<Constructor, boolean>();

/**
 * Converts and checks; keys that the class does not constrain are dropped (`whitelist`). A class without any class-validator
 * decorator is converted only, and keeps every key.
 *
 * @throws `payload-invalid` with the fields at fault; also for whatever a constructor or a validator throws
 */
export async function toInstance(plain: unknown, type: Constructor): Promise<object> {
  const excess = isPlainObject(plain) ? excessOf(plain, 1) : 'must be an object';
  if (excess !== undefined) throw payloadInvalid([{ path: '', message: excess }]);
  const { transformer, validator } = await (libraries ??= load());
  let errors: readonly ValidationError[] = [];
  let instance: object;
  try {
    instance = transformer.plainToInstance(type as new () => object, plain);
    if (isConstrained(type, validator)) {
      errors = await validator.validate(instance, {
        whitelist: true,
        validationError: { target: false },
      });
    }
  } catch (cause) {
    throw payloadInvalid([], cause);
  }
  if (errors.length > 0) throw payloadInvalid(problemsOf(errors));
  return instance;
}

/** Both cost a tenth of a second to import, so only an application that uses classes pays it. */
async function load(): Promise<Libraries> {
  const [transformer, validator] = await Promise.all([
    import('class-transformer'),
    import('class-validator'),
  ]);
  return { transformer, validator };
}

function isConstrained(type: Constructor, validator: Libraries['validator']): boolean {
  let known = constrained.get(type);
  if (known === undefined) {
    known =
      validator.getMetadataStorage().getTargetValidationMetadatas(type, '', false, false).length >
      0;
    constrained.set(type, known);
  }
  return known;
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
    const path = [...above, property];
    const own = Object.values(constraints).map((message) => fieldProblem(path, message, value));
    return [...own, ...problemsOf(children, path)];
  });
}
