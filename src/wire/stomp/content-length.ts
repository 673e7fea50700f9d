// How many octets a body claims to have.
import { MessagingError } from '../../message/error.js';
import { trimmedBlanks } from './blanks.js';

const zero = 0x30;

/**
 * Blanks around the number are tolerated, as STOMP 1.0 clients write them.
 *
 * @throws MessagingError `content-length-invalid`
 */
export function contentLength(value: string): number {
  const digits = trimmedBlanks(value);
  let length = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = digits.charCodeAt(at) - zero;
    if (digit < 0 || digit > 9) throw notANumber();
    length = length * 10 + digit;
  }
  if (digits === '') throw notANumber();
  return length;
}

function notANumber(): MessagingError {
  return new MessagingError('content-length-invalid', 'The content-length is no number.');
}
