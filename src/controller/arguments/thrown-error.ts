// The argument of an exception handler's parameter without decorator: the error.
import type { Constructor } from '../../payload/payload-type.js';
import type { ErrorType } from '../definition.js';
import type { ArgumentRule } from '../parameter.js';

/** @param errors the classes that the exception handler takes; empty for all */
export function thrownErrorRule(errors: readonly ErrorType[]): ArgumentRule {
  return {
    resolve: ({ error }) => error,
    check: ({ type }) => {
      if (!isClass(type) || !errors.every(isClass) || accepts(type, errors)) return undefined;
      const handled =
        errors.length === 0 ? 'all errors' : errors.map(({ name }) => name).join(', ');
      return `its type is ${type.name}, but a parameter without decorator receives the error, and the handler takes ${handled}; decorate the parameter, or name the class, as in @MessageExceptionHandler(${type.name}).`;
    },
  };
}

function accepts(type: Constructor, errors: readonly ErrorType[]): boolean {
  if (errors.length === 0) return type === Error;
  return errors.every((error) => error === type || error.prototype instanceof type);
}

/** False for the types that compilers record for interfaces, unions and type-only imports. */
function isClass(type: unknown): type is Constructor {
  return typeof type === 'function' && type !== Object && type !== Function;
}
