// The decorator of methods that handle what other methods throw, and the choice among them.
import type { Constructor } from '../../payload/converter.js';
import { ownDefinition, ownMethod, type ErrorType } from '../definition.js';
import type { ArgumentRule } from '../parameter.js';

/**
 * The method takes what handlers of its class throw, argument resolution included (Spring: `@MessageExceptionHandler`). Of
 * several the nearest class to the error's own wins; where none takes the error, its direct cause is tried. A parameter
 * without decorator is the error. The value goes to the sending session's `/user/queue/errors` alone, unless the method has a
 * return rule of its own: Spring would broadcast it, and a class's rules do not count here.
 *
 * @param errors the classes it takes; without any, everything thrown, errors or not
 */
export function MessageExceptionHandler(...errors: readonly ErrorType[]): MethodDecorator {
  return (target, key) => {
    const method = ownMethod(target, key);
    if (method.errors !== undefined) {
      ownDefinition(target.constructor).findings.push(
        `.${String(key)}: it has several @MessageExceptionHandler; leave one that names all classes.`,
      );
    }
    method.errors = errors;
  };
}

/** What a parameter without decorator is in an exception handler: the error. */
export function thrownRule(errors: readonly ErrorType[]): ArgumentRule {
  return {
    resolve: ({ error }) => error,
    check: ({ type }) => {
      if (!isClass(type) || !errors.every(isClass) || fits(type, errors)) return undefined;
      const taken = errors.length === 0 ? 'everything' : errors.map(({ name }) => name).join(', ');
      return `its type is ${type.name}, but without a decorator it is the error, and the handler takes ${taken}; decorate it, or name the class, as in @MessageExceptionHandler(${type.name}).`;
    },
  };
}

function fits(type: Constructor, errors: readonly ErrorType[]): boolean {
  if (errors.length === 0) return type === Error;
  return errors.every((error) => error === type || error.prototype instanceof type);
}

/** Whether a compiler's word tells anything. */
function isClass(type: unknown): type is Constructor {
  return typeof type === 'function' && type !== Object && type !== Function;
}

/** What a handler takes, and the error that it is given: the one thrown, or its cause. */
export interface Recovery<H> {
  readonly handler: H;
  readonly error: unknown;
}

export class ExceptionHandlers<H> {
  readonly #byType = new Map<unknown, H>();
  #rest: H | undefined;

  /** False when another handler takes this class already; undefined stands for everything. */
  add(type: ErrorType | undefined, handler: H): boolean {
    if (type === undefined ? this.#rest !== undefined : this.#byType.has(type)) return false;
    if (type === undefined) this.#rest = handler;
    else this.#byType.set(type, handler);
    return true;
  }

  find(thrown: unknown): Recovery<H> | undefined {
    const direct = this.#nearest(thrown) ?? this.#rest;
    if (direct !== undefined) return { handler: direct, error: thrown };
    if (!(thrown instanceof Error)) return undefined;
    const caused = this.#nearest(thrown.cause);
    return caused && { handler: caused, error: thrown.cause };
  }

  #nearest(thrown: unknown): H | undefined {
    if (typeof thrown !== 'object' || thrown === null) return undefined;
    for (
      let at: unknown = Object.getPrototypeOf(thrown);
      typeof at === 'object' && at !== null;
      at = Object.getPrototypeOf(at)
    ) {
      const handler = this.#byType.get(at.constructor);
      if (handler !== undefined) return handler;
    }
    return undefined;
  }
}
