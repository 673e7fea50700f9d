// The decorator for a variable of the destination.
import { MessagingError } from '../../message/error.js';
import { createParamDecorator } from '../decorators/param-decorator.js';
import { checkConversion, convert } from './conversion.js';

/**
 * The value of a `{variable}` of the pattern in the message's destination (Spring: `@DestinationVariable`). It is converted if
 * the parameter is a `number` or `boolean`. Other types, and names that the pattern does not declare, are reported at start.
 *
 * @throws {MessagingError} `argument-invalid` when the text cannot be converted; `argument-missing` in an exception handler
 *   when the pattern of the failed route does not declare the variable
 *
 * @example
 * @MessageMapping('/rooms/{room}/say')
 * say(@DestinationVariable('room') room: string, text: string) {}
 */
export const DestinationVariable = createParamDecorator(
  (invocation, parameter, name: string) => {
    const text = invocation.variables.get(name);
    if (text === undefined)
      throw new MessagingError('argument-missing', `The destination has no variable '${name}'.`);
    return convert(text, parameter, `variable '${name}' of the destination`);
  },
  (parameter, name) =>
    parameter.variables.includes(name)
      ? checkConversion(parameter)
      : `no pattern declares {${name}}; ${declared(parameter.variables)}.`,
);

function declared(variables: readonly string[]): string {
  return variables.length === 0
    ? 'no variables are declared'
    : `the declared variables are ${variables.map((name) => `{${name}}`).join(', ')}`;
}
