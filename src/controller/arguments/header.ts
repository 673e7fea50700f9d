// The decorator for one header of the message.
import { MessagingError } from '../../message/error.js';
import { valuesOf } from '../../message/message.js';
import type { Parameter } from '../parameter.js';
import { createParamDecorator } from '../decorators/param-decorator.js';
import { checkConversion, convert } from './conversion.js';

export interface HeaderOptions {
  /** True: a missing header fails with `argument-missing`. False: the argument is undefined. @default true */
  readonly required?: boolean;
  /** The argument if the header is missing; it is not converted. @default none */
  readonly default?: unknown;
  /** True: the argument is a list of all values of a repeated header, in the order sent. @default false: the first value */
  readonly all?: boolean;
}

/**
 * One header of the client's message (Spring: `@Header`): its first value, or with `all` a list of all values. The value
 * is converted if the parameter is a `number` or `boolean`. Other types except `string` are reported at start.
 *
 * @throws {MessagingError} `argument-missing` when the header is missing; `argument-invalid` when it cannot be converted
 *
 * @example
 * @MessageMapping('/list')
 * list(@Header('limit', { default: 20 }) limit: number, @Header('tag', { all: true }) tags: string[]) {}
 */
export const Header = createParamDecorator(
  (invocation, parameter, name: string, options?: HeaderOptions) => {
    const text = invocation.message.headers.get(name);
    if (text !== undefined && options?.all === true) return valuesOf(invocation.message, name);
    if (text !== undefined) return convert(text, parameter, `header '${name}'`);
    if (options?.default !== undefined) return options.default;
    if (options?.required === false) return undefined;
    throw new MessagingError('argument-missing', `The header '${name}' is missing.`);
  },
  (parameter, _name: string, options?: HeaderOptions) =>
    options?.all === true ? checkList(parameter) : checkConversion(parameter),
);

/** A finding if the parameter cannot be a list. Compilers record `Object` for a union, and nothing without decorator metadata. */
function checkList({ type }: Parameter): string | undefined {
  return type === undefined || type === Array || type === Object
    ? undefined
    : 'with { all: true } its type must be string[].';
}
