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

/** What the decorators of a class ask for. */
interface Checks {
  /** Whether it has any class-validator decorator. */
  readonly constrained: boolean;
  /** Whether nothing of it has to be waited for. */
  readonly atOnce: boolean;
}

let loading: Promise<Libraries> | undefined;
let loaded: Libraries | undefined;
const known = new WeakMap<Constructor, Checks>();

/**
 * Converts and checks; keys that the class does not constrain are dropped (`whitelist`). A class without any class-validator
 * decorator is converted only, and keeps every key. At once where neither libraries nor validators have to be waited for.
 *
 * @throws `payload-invalid` with the fields at fault; also for whatever a constructor or a validator throws
 */
export function toInstance(plain: unknown, type: Constructor): object | Promise<object> {
  const excess = isPlainObject(plain) ? excessOf(plain, 1) : 'must be an object';
  if (excess !== undefined) throw payloadInvalid([{ path: '', message: excess }]);
  if (loaded !== undefined) return instanceOf(plain, type, loaded);
  return load().then((libraries) => instanceOf(plain, type, libraries));
}

function instanceOf(
  plain: unknown,
  type: Constructor,
  { transformer, validator }: Libraries,
): object | Promise<object> {
  const { constrained, atOnce } = checksOf(type, validator);
  const options = { whitelist: true, validationError: { target: false } };
  let instance: object;
  let errors: readonly ValidationError[];
  try {
    instance = transformer.plainToInstance(type as new () => object, plain);
    if (!constrained) return instance;
    if (!atOnce) return checked(instance, validator.validate(instance, options));
    errors = validator.validateSync(instance, options);
  } catch (cause) {
    throw payloadInvalid([], cause);
  }
  if (errors.length > 0) throw payloadInvalid(problemsOf(errors));
  return instance;
}

async function checked(
  instance: object,
  checking: Promise<readonly ValidationError[]>,
): Promise<object> {
  let errors: readonly ValidationError[];
  try {
    errors = await checking;
  } catch (cause) {
    throw payloadInvalid([], cause);
  }
  if (errors.length > 0) throw payloadInvalid(problemsOf(errors));
  return instance;
}

/** Both cost a tenth of a second to import, so only an application that uses classes pays it. */
function load(): Promise<Libraries> {
  return (loading ??= Promise.all([import('class-transformer'), import('class-validator')]).then(
    ([transformer, validator]) => (loaded = { transformer, validator }),
  ));
}

function checksOf(type: Constructor, validator: Libraries['validator']): Checks {
  let checks = known.get(type);
  if (checks === undefined) known.set(type, (checks = look(type, validator)));
  return checks;
}

function look(type: Constructor, validator: Libraries['validator']): Checks {
  const storage = validator.getMetadataStorage();
  const constraints = storage.getTargetValidationMetadatas(type, '', false, false);
  // Which class a nested value has, and what its validators are, only the value tells.
  const atOnce = constraints.every(
    ({ type: kind, constraintCls }) =>
      kind === validator.ValidationTypes.CUSTOM_VALIDATION &&
      storage.getTargetValidatorConstraints(constraintCls).every((each) => !each.async),
  );
  return { constrained: constraints.length > 0, atOnce };
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
