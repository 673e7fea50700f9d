// Header and variable texts to what the parameter's type asks for.
import { MessagingError } from '../../message/error.js';
import type { Parameter } from '../parameter.js';

/**
 * Numbers for `number`, `true` and `false` for `boolean`, everything else stays text. A union such as `number | undefined` is
 * nothing that a compiler writes down, so its text stays text too: write `n?: number`.
 *
 * @param what names the text in the error, as `header 'x'`
 * @throws `argument-invalid`
 */
export function convert(text: string, { type }: Parameter, what: string): unknown {
  if (type === Number) return numberOf(text, what);
  if (type === Boolean) return booleanOf(text, what);
  return text;
}

/** What is wrong with a parameter that no text can become. */
export function checkConversion({ type }: Parameter): string | undefined {
  const foreign =
    typeof type === 'function' && ![String, Number, Boolean, Object].includes(type as never);
  return foreign
    ? `no text can become a ${type.name}; take a string, number or boolean, or make a decorator of your own by argument().`
    : undefined;
}

function numberOf(text: string, what: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number))
    throw new MessagingError('argument-invalid', `The ${what} is not a number.`);
  return number;
}

function booleanOf(text: string, what: string): boolean {
  if (text !== 'true' && text !== 'false')
    throw new MessagingError('argument-invalid', `The ${what} is neither true nor false.`);
  return text === 'true';
}
