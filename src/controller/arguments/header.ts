// The decorator for one header of the message.
import { inspect } from 'node:util';
import { MessagingError } from '../../message/error.js';
import { valuesOf } from '../../message/message.js';
import type { Shape } from '../../message/option.js';
import type { Parameter } from '../parameter.js';
import { createParamDecorator } from '../decorators/param-decorator.js';
import {
  checkConversion,
  convert,
  inOrder,
  isConverter,
  unsupported,
  type TextType,
} from './conversion.js';
import { reportUncalled } from '../definition.js';
import { mistaken, typeAndOptions } from './given.js';

/** Options of `@Header`. */
export interface HeaderOptions {
  /** True: a missing header fails with `argument-missing`. False: the argument is undefined. @default true */
  readonly required?: boolean;
  /** The argument if the header is missing; it is not converted. @default none */
  readonly default?: unknown;
  /**
   * True: the argument is a list of all values of a repeated header, in the order sent. Each value is converted to the named type,
   * by default to text. @default false: the first value
   */
  readonly all?: boolean;
}

/**
 * One header of the client's message (Spring: `@Header`): its first value, or with `all` a list of its values. It is converted to
 * the type of the parameter: `string`, `number`, `boolean`, `bigint` or `Date`. Name the type if it is another one, a union or has
 * a default value, and if the compiler records no types (esbuild, tsx). An unknown or unsupported type is reported at start.
 *
 * @param type `String`, `Number`, `Boolean`, `BigInt`, `Date`, `uuid`, `oneOf()`, `listOf()` or a `TextConverter`.
 *   @default the type of the parameter
 * @throws {MessagingError} `argument-missing` when the header is missing; `argument-invalid` when it cannot be converted
 *
 * @example
 * ```ts
 * @MessageMapping('/list')
 * list(@Header('limit', Number, { required: false }) limit: number | undefined, @Header('tag', { all: true }) tags: string[]) {}
 * ```
 */
export function Header(name: string, options?: HeaderOptions): ParameterDecorator;
export function Header(name: string, type: TextType, options?: HeaderOptions): ParameterDecorator;
export function Header(name: string, ...given: readonly unknown[]): ParameterDecorator {
  reportUncalled([name, ...given], "@Header('limit')");
  const { named, type, options, mistake } = typeAndOptions(given, isConverter, optionsShape);
  if (mistake !== undefined) return mistaken(mistake);
  if (typeof name !== 'string' || name === '')
    return mistaken(
      `the name of its header is ${inspect(name)}; name one, as in @Header('limit').`,
    );
  if (named && type === undefined) return mistaken(unsupported(type));
  return header(name, type as TextType | undefined, options);
}

const optionsShape: Shape<HeaderOptions> = { required: true, default: undefined, all: true };

const header = createParamDecorator(
  (invocation, parameter, name: string, type: TextType | undefined, options: HeaderOptions) => {
    const text = invocation.message.headers.get(name);
    const source = `header '${name}'`;
    if (text !== undefined && options.all === true)
      return inOrder(valuesOf(invocation.message, name), (each) =>
        convert(each, type ?? String, parameter, source),
      );
    if (text !== undefined) return convert(text, type, parameter, source);
    if (options.default !== undefined) return options.default;
    if (options.required === false) return undefined;
    throw new MessagingError('argument-missing', `The header '${name}' is missing.`);
  },
  (parameter, name, type, options) =>
    options.all === true
      ? (checkList(parameter) ?? checkConversion(type ?? String, parameter, ''))
      : checkConversion(type, parameter, `@Header('${name}', Number)`),
);

/** The mistake if the parameter cannot be a list. Compilers record `Object` for a union, and nothing without decorator metadata. */
function checkList({ type }: Parameter): string | undefined {
  return type === undefined || type === Array || type === Object
    ? undefined
    : 'with { all: true } its type must be a list.';
}
