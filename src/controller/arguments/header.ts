// One header of the message.
import { MessagingError } from '../../message/error.js';
import { createParamDecorator } from '../decorators/argument.js';
import { checkConversion, convert } from './conversion.js';

export interface HeaderOptions {
  /** Whether an absent header fails with `argument-missing`, or gives undefined. Default true. */
  readonly required?: boolean;
  /** Given as it is where the header is absent, which then never fails. */
  readonly default?: unknown;
}

/**
 * A header that the client sent (Spring: `@Header`); a parameter of type `number` or `boolean` gets it converted. Other types
 * than these and `string` are refused at start.
 *
 * @throws `argument-missing`, `argument-invalid`
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
