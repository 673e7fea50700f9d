// Makes an argument decorator of a function.
import { ownDefinition, ownMethod } from '../definition.js';
import type { Invocation } from '../../dispatch/invocation.js';
import type { Parameter } from '../parameter.js';

/** Marks decorators, so that one which stands as a type by mistake is told from a class. */
const mark = Symbol.for('signalbox.argument');

/**
 * A decorator for parameters of handlers, filled by `resolver` (Spring: HandlerMethodArgumentResolver). What the decorator is
 * called with follows the invocation and the parameter:
 *
 *     const Tenant = argument((invocation) => invocation.session.attributes.get('tenant'));         // @Tenant() tenant: string
 *     const Cookie = argument((invocation, parameter, name: string) => cookieOf(invocation, name)); // @Cookie('theme') theme: string
 *
 * @param resolver gives the argument or a promise of it; what it throws fails the call as if the handler had
 * @param check runs at start for each use and returns what is wrong with it and how to mend it, or undefined
 */
export function createParamDecorator<A extends readonly unknown[] = []>(
  resolver: (invocation: Invocation, parameter: Parameter, ...given: A) => unknown,
  check?: (parameter: Parameter, ...given: A) => string | undefined,
): (...given: A) => ParameterDecorator {
  const decorator =
    (...given: A): ParameterDecorator =>
    (target, key, index) => {
      // The target of a constructor's parameter is the class itself.
      if (key === undefined) {
        ownDefinition(target).findings.push(
          `, parameter ${index} of its constructor: argument decorators belong on parameters of handlers; use @inject() of inversify.`,
        );
        return;
      }
      const rules = ownMethod(target, key).arguments;
      const rule = {
        resolve: (invocation: Invocation, parameter: Parameter) =>
          resolver(invocation, parameter, ...given),
        check: check && ((parameter: Parameter) => check(parameter, ...given)),
      };
      rules.set(index, [...(rules.get(index) ?? []), rule]);
    };
  return Object.assign(decorator, { [mark]: true });
}

export function isArgumentDecorator(value: unknown): boolean {
  return typeof value === 'function' && mark in value;
}
