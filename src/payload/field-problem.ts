// Descriptions of invalid fields that never repeat the client's values.
import { MessagingError, type FieldProblem } from '../message/error.js';

/** The most problems in one error: a list of ten thousand invalid items must not cause an answer ten times its size. */
const fieldLimit = 20;
const pathLimit = 200;
const wordCharacter = /[\p{L}\p{N}_]/u;

/** @param received the client's value of the field; a message that repeats it is replaced */
export function fieldProblem(
  path: readonly PropertyKey[],
  message: string,
  received: unknown,
): FieldProblem {
  const text = path.map(String).join('.').slice(0, pathLimit);
  return { path: text, message: repeats(message, received) ? 'is not valid' : message };
}

/** Returns the error instead of throwing it, so that the compiler sees the caller's `throw`. */
export function payloadInvalid(fields: readonly FieldProblem[], cause?: unknown): MessagingError {
  return new MessagingError('payload-invalid', undefined, {
    fields: fields.slice(0, fieldLimit),
    cause,
  });
}

function repeats(message: string, received: unknown): boolean {
  switch (typeof received) {
    case 'string':
    case 'number':
    case 'bigint':
      return hasWord(message, String(received));
    case 'object':
      return received !== null && Object.keys(received).some((key) => message.includes(`"${key}"`));
    default:
      return false;
  }
}

function hasWord(message: string, word: string): boolean {
  if (word === '') return false;
  for (let at = message.indexOf(word); at >= 0; at = message.indexOf(word, at + 1)) {
    const before = message[at - 1] ?? ' ';
    const after = message[at + word.length] ?? ' ';
    if (!wordCharacter.test(before) && !wordCharacter.test(after)) return true;
  }
  return false;
}
