// The arguments of decorators that take a type, options or both, and the mistakes in them.
import { shapeMistake, type Shape } from '../../message/option.js';
import { createParamDecorator } from '../decorators/param-decorator.js';

export interface TypeAndOptions<Options> {
  /** True when the decorator names a type, which may be undefined. */
  readonly named: boolean;
  readonly type: unknown;
  readonly options: Options;
  /** A sentence about options that are not valid. */
  readonly mistake: string | undefined;
}

/**
 * Separates `(type, options)` from `(options)`. An undefined argument is a type, because a circular import gives undefined.
 *
 * @param isType true for an object that is a type; functions are always types
 */
export function typeAndOptions<Options extends object>(
  given: readonly unknown[],
  isType: (value: object) => boolean,
  shape: Shape<Options>,
): TypeAndOptions<Options> {
  const [first, second] = given;
  const hasOptionsOnly =
    given.length === 0 || (typeof first === 'object' && first !== null && !isType(first));
  const [type, options = {}] = hasOptionsOnly ? [undefined, first] : [first, second];
  return {
    named: !hasOptionsOnly,
    type,
    options: options as Options,
    mistake: shapeMistake(options, shape),
  };
}

/** A decorator with a mistake, which is reported at start. */
export const mistaken = createParamDecorator(
  (_invocation, _parameter, _mistake: string) => undefined,
  (_parameter, mistake: string) => mistake,
);
