// What a variable of the pattern stands for.
import { MessagingError } from '../../message/error.js';
import { createParamDecorator } from '../decorators/argument.js';
import { checkConversion, convert } from './conversion.js';

/**
 * The part of the destination that a `{name}` of the pattern took (Spring: `@DestinationVariable`); a parameter of type
 * `number` or `boolean` gets it converted. A name that no pattern declares is refused at start, and so are other types.
 *
 * @throws `argument-invalid`; `argument-missing` in an exception handler, where the failed route has no such variable
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
    ? 'there are no variables'
    : `there are ${variables.map((name) => `{${name}}`).join(', ')}`;
}
