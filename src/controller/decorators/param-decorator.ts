// createParamDecorator: creates an argument decorator from a function.
import type { Invocation } from '../../dispatch/invocation.js';
import { ownDefinition, ownMethod, reportUncalled } from '../definition.js';
import type { ArgumentResolver, Parameter } from '../parameter.js';

/** Marks argument decorators, to detect one that is used as a type without being applied. */
const mark = Symbol.for('signalbox.argument');

/**
 * Creates a decorator for parameters of handlers (Spring: HandlerMethodArgumentResolver). The resolver receives the
 * invocation, the parameter and the arguments of the decorator.
 *
 * @param resolver returns the argument or a promise of it; an error fails the call like an error of the handler
 * @param check runs at start for each use; returns a sentence with the mistake and its fix, or undefined
 *
 * @example
 * ```ts
 * const Tenant = createParamDecorator((invocation) => invocation.session.attributes.get('tenant'));
 * const Cookie = createParamDecorator((invocation, parameter, name: string) => cookieOf(invocation, name));
 *
 * // In a controller:
 * @MessageMapping('/order')
 * order(@Tenant() tenant: string, @Cookie('theme') theme: string) {}
 * ```
 */
export function createParamDecorator<A extends readonly unknown[] = []>(
  resolver: (invocation: Invocation, parameter: Parameter, ...given: A) => unknown,
  check?: (parameter: Parameter, ...given: A) => string | undefined,
): (...given: A) => ParameterDecorator {
  const decorator = (...given: A): ParameterDecorator => {
    reportUncalled(given, '@Session()');
    return (target, key, index) => {
      // The target of a constructor's parameter is the class itself.
      if (key === undefined) {
        ownDefinition(target).mistakes.push(
          `, parameter ${index} of its constructor: argument decorators work only on parameters of handlers; use @inject() of inversify.`,
        );
        return;
      }
      const rules = ownMethod(target, key).arguments;
      const rule = {
        resolve:
          given.length === 0
            ? (resolver as unknown as ArgumentResolver)
            : (invocation: Invocation, parameter: Parameter) =>
                resolver(invocation, parameter, ...given),
        check: check && ((parameter: Parameter) => check(parameter, ...given)),
      };
      rules.set(index, [...(rules.get(index) ?? []), rule]);
    };
  };
  return Object.assign(decorator, { [mark]: true });
}

export function isParamDecorator(value: unknown): boolean {
  return typeof value === 'function' && mark in value;
}
