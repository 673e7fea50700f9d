// Handles the rejections of asynchronous validators that class-validator loses: those of one member when another member's throws.
import { isPromise } from '../message/promise.js';
import type { ClassLibraries } from './class-libraries.js';

type Constraint = ReturnType<
  ReturnType<ClassLibraries['validator']['getMetadataStorage']>['getTargetValidatorConstraints']
>[number];
type Validator = Constraint['instance'];

const guarded = new WeakSet<Constraint>();
const guards = new WeakMap<Validator, Validator>();

/**
 * Marks the promises of a validator as handled, because an unhandled rejection ends the process. class-validator still awaits them
 * and receives their errors, and so does the application when it validates by itself.
 */
export function handleRejections(constraint: Constraint): void {
  if (guarded.has(constraint)) return;
  guarded.add(constraint);
  const prototype = Object.getPrototypeOf(constraint) as object;
  // A getter, because the instance may come from a container.
  Object.defineProperty(constraint, 'instance', {
    get: () => guardOf(Reflect.get(prototype, 'instance', constraint) as Validator),
  });
}

function guardOf(validator: Validator): Validator {
  let guard = guards.get(validator);
  if (guard === undefined) guards.set(validator, (guard = createGuard(validator)));
  return guard;
}

function createGuard(validator: Validator): Validator {
  const guard: Validator = {
    validate(value, details) {
      const verdict = validator.validate(value, details);
      if (isPromise(verdict)) Promise.resolve(verdict).catch(() => {});
      return verdict;
    },
  };
  if (typeof validator.defaultMessage === 'function')
    guard.defaultMessage = (details) => validator.defaultMessage!(details);
  return guard;
}
