// The decorator for a variable of the destination.
import { MessagingError } from '../../message/error.js';
import { createParamDecorator } from '../decorators/param-decorator.js';
import { checkConversion, convert, unsupported, type TextType } from './conversion.js';

/**
 * The value of a `{variable}` of the pattern in the message's destination (Spring: `@DestinationVariable`), converted to the type
 * of the parameter, as for `@Header`. Names that the pattern does not declare are reported at start.
 *
 * @param type as for `@Header`. @default the type of the parameter
 * @throws {MessagingError} `argument-invalid` when the text cannot be converted; `argument-missing` in an exception handler
 *   when the pattern of the failed route does not declare the variable
 *
 * @example
 * ```ts
 * @MessageMapping('/rooms/{room}/say')
 * say(@DestinationVariable('room') room: string, text: string) {}
 * ```
 */
export const DestinationVariable = createParamDecorator(
  (invocation, parameter, name: string, type?: TextType) => {
    const text = invocation.variables.get(name);
    if (text === undefined)
      throw new MessagingError('argument-missing', `The destination has no variable '${name}'.`);
    return convert(text, type, parameter, `variable '${name}' of the destination`);
  },
  (parameter, ...given: [name: string, type?: TextType]) => {
    const [name, type] = given;
    if (!parameter.variables.includes(name))
      return `no pattern declares {${name}}; ${declared(parameter.variables)}.`;
    return given.length > 1 && type === undefined
      ? unsupported(type)
      : checkConversion(type, parameter, `@DestinationVariable('${name}', Number)`);
  },
);

function declared(variables: readonly string[]): string {
  return variables.length === 0
    ? 'no variables are declared'
    : `the declared variables are ${variables.map((name) => `{${name}}`).join(', ')}`;
}
