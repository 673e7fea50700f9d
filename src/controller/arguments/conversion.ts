// Converts the text of headers and destination variables to the type of the parameter.
import { MessagingError } from '../../message/error.js';
import type { Parameter } from '../parameter.js';

/**
 * Converts to `number` or `boolean` if that is the parameter's type, and returns the text otherwise. Compilers do not record
 * unions such as `number | undefined`, so write `n?: number`.
 *
 * @param source names the text in errors, as `header 'x'`
 * @throws {MessagingError} `argument-invalid`
 */
export function convert(text: string, { type }: Parameter, source: string): unknown {
  if (type === Number) return toNumber(text, source);
  if (type === Boolean) return toBoolean(text, source);
  return text;
}

/** A finding if the parameter has a type that text cannot be converted to. */
export function checkConversion({ type }: Parameter): string | undefined {
  const unsupported =
    typeof type === 'function' && ![String, Number, Boolean, Object].includes(type as never);
  return unsupported
    ? `text cannot be converted to ${type.name}; use string, number or boolean, or write a decorator with createParamDecorator().`
    : undefined;
}

function toNumber(text: string, source: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number))
    throw new MessagingError('argument-invalid', `The ${source} is not a number.`);
  return number;
}

function toBoolean(text: string, source: string): boolean {
  if (text !== 'true' && text !== 'false')
    throw new MessagingError('argument-invalid', `The ${source} is neither true nor false.`);
  return text === 'true';
}
