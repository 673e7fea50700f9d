// Descriptions of invalid fields that do not repeat the client's values.
import { MessagingError, type FieldProblem } from '../message/error.js';

/** The most problems in one error: a list of ten thousand invalid items must not cause an answer ten times its size. */
export const fieldLimit = 20;
const pathLimit = 200;
/** The longest message of a problem, in characters. Only messages of the application are longer. */
const messageLimit = 500;
/** Members of an array or object that are compared with a message: a long list must not make its 20 problems slow. */
const memberLimit = 5000;
/** Shorter members also occur in ordinary messages, such as 50 in `must contain no more than 50 elements`. */
const minMemberLength = 4;
/** The message that replaces one that repeats the client's value. */
export const invalid = 'is not valid';
const wordCharacter = /[\p{L}\p{N}_]/u;

/**
 * @param message not a text if the application returns something else, such as undefined; it is then replaced
 * @param received the client's value of the field; a message that repeats it, or a member of it, is replaced
 */
export function fieldProblem(
  path: readonly PropertyKey[],
  message: unknown,
  received: unknown,
): FieldProblem {
  const text = path.map(String).join('.').slice(0, pathLimit);
  const isSafe =
    typeof message === 'string' && message.length <= messageLimit && !repeats(message, received);
  return { path: text, message: isSafe ? message : invalid };
}

/** Returns the error instead of throwing it, so that the compiler sees the caller's `throw`. */
export function payloadInvalid(fields: readonly FieldProblem[], cause?: unknown): MessagingError {
  return new MessagingError('payload-invalid', undefined, {
    fields: fields.slice(0, fieldLimit),
    cause,
  });
}

/** The cause of `payload-invalid` for a thrown value. An error without a cause is a mistake of the client and is not logged. */
export function causeOf(thrown: unknown): unknown {
  return thrown === undefined ? new Error('The application has thrown undefined.') : thrown;
}

/** The error for a payload with more objects than `limits.maxPayloadObjects`. */
export function tooManyObjects(maxObjects: number): MessagingError {
  const message = `must not contain more than ${maxObjects} objects (limits.maxPayloadObjects)`;
  return payloadInvalid([{ path: '', message }]);
}

/** The error for a payload with more numbers and texts than a schema may have to check. */
export function tooManyValues(maxValues: number): MessagingError {
  const message = `must not contain more than ${maxValues} values (ten times limits.maxPayloadObjects)`;
  return payloadInvalid([{ path: '', message }]);
}

/** The state of a search for a value in a message. */
interface Search {
  readonly contains: (message: string, text: string) => boolean;
  /** True: also for the keys of objects, which may be quoted. */
  readonly keys: boolean;
  /** Members that may still be compared. */
  left: number;
}

function repeats(message: string, received: unknown): boolean {
  if (typeof received === 'object' && received !== null)
    return repeatsMember(message, received, { contains: hasText, keys: true, left: memberLimit });
  if (typeof received === 'boolean') return hasWord(message, String(received));
  return isScalar(received) && hasText(message, String(received));
}

/** True when the message contains a value of the payload as a word. Messages name the keys that the schema knows. */
export function repeatsWord(message: string, payload: unknown): boolean {
  if (typeof payload !== 'object' || payload === null) return false;
  return repeatsMember(message, payload, { contains: hasWord, keys: false, left: memberLimit });
}

/** Searches the members of an array or object at all depths. */
function repeatsMember(message: string, received: object, search: Search): boolean {
  const isList = Array.isArray(received) || received instanceof Set;
  const entries: Iterable<readonly [unknown, unknown]> =
    received instanceof Map || received instanceof Set
      ? received.entries()
      : Object.entries(received);
  for (const [key, member] of entries) {
    if (--search.left < 0) return true;
    if (search.keys && !isList && message.includes(`"${String(key)}"`)) return true;
    if (typeof member === 'object' && member !== null) {
      if (repeatsMember(message, member, search)) return true;
    } else if (isScalar(member)) {
      const text = String(member);
      if (text.length >= minMemberLength && search.contains(message, text)) return true;
    }
  }
  return false;
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint';
}

/** Short values also occur in ordinary words, so only longer values are searched inside words. */
function hasText(message: string, text: string): boolean {
  return text.length >= minMemberLength ? message.includes(text) : hasWord(message, text);
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
