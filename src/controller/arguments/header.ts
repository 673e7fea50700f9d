// The decorator for one header of the message.
import { MessagingError } from '../../message/error.js';
import { createParamDecorator } from '../decorators/param-decorator.js';
import { checkConversion, convert, isNamedType, type TextType } from './conversion.js';

export interface HeaderOptions {
  /** True: a missing header fails with `argument-missing`. False: the argument is undefined. @default true */
  readonly required?: boolean;
  /** The argument if the header is missing; it is not converted. @default none */
  readonly default?: unknown;
}

/**
 * One header of the client's message (Spring: `@Header`), converted to the type of the parameter: `string`, `number`, `boolean`,
 * `bigint` or `Date`. Name the type if it is another one, a union or has a default value, and if the compiler records no types
 * (esbuild, tsx). An unknown or unsupported type is reported at start.
 *
 * @param type `String`, `Number`, `Boolean`, `BigInt`, `Date`, `uuid`, `oneOf()`, `listOf()` or a `TextConverter`.
 *   @default the type of the parameter
 * @throws {MessagingError} `argument-missing` when the header is missing; `argument-invalid` when it cannot be converted
 *
 * @example
 * @MessageMapping('/list')
 * list(@Header('limit', Number, { required: false }) limit: number | undefined) {}
 */
export function Header(name: string, options?: HeaderOptions): ParameterDecorator;
export function Header(name: string, type: TextType, options?: HeaderOptions): ParameterDecorator;
export function Header(
  name: string,
  typeOrOptions: TextType | HeaderOptions = {},
  options: HeaderOptions = {},
): ParameterDecorator {
  return isNamedType(typeOrOptions)
    ? header(name, typeOrOptions, options)
    : header(name, undefined, typeOrOptions);
}

const header = createParamDecorator(
  (invocation, parameter, name: string, type: TextType | undefined, options: HeaderOptions) => {
    const text = invocation.message.headers.get(name);
    if (text !== undefined) return convert(text, type, parameter, `header '${name}'`);
    if (options.default !== undefined) return options.default;
    if (options.required === false) return undefined;
    throw new MessagingError('argument-missing', `The header '${name}' is missing.`);
  },
  (parameter, name, type) => checkConversion(type, parameter, `@Header('${name}', Number)`),
);
