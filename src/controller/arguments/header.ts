// The decorator for one header of the message.
import { MessagingError } from '../../message/error.js';
import { createParamDecorator } from '../decorators/param-decorator.js';
import { checkConversion, convert } from './conversion.js';

export interface HeaderOptions {
  /** True: a missing header fails with `argument-missing`. False: the argument is undefined. @default true */
  readonly required?: boolean;
  /** The argument if the header is missing; it is not converted. @default none */
  readonly default?: unknown;
}

/**
 * One header of the client's message (Spring: `@Header`). It is converted if the parameter is a `number` or `boolean`. Other
 * types except `string` are reported at start.
 *
 * @throws {MessagingError} `argument-missing` when the header is missing; `argument-invalid` when it cannot be converted
 *
 * @example
 * @MessageMapping('/list')
 * list(@Header('limit', { default: 20 }) limit: number) {}
 */
export const Header = createParamDecorator(
  (invocation, parameter, name: string, options?: HeaderOptions) => {
    const text = invocation.message.headers.get(name);
    if (text !== undefined) return convert(text, parameter, `header '${name}'`);
    if (options?.default !== undefined) return options.default;
    if (options?.required === false) return undefined;
    throw new MessagingError('argument-missing', `The header '${name}' is missing.`);
  },
  (parameter) => checkConversion(parameter),
);
