// STOMP 1.0 lets blanks stand around header names and values (`login: guest`); later versions do not.
import { MessagingError } from '../../message/error.js';
import type { Headers } from '../../message/message.js';

const space = 0x20;
const tab = 0x09;

/** @throws `header-malformed` when a name is nothing but blanks */
export function trimmedHeaders(headers: Headers): Headers {
  const trimmed = new Map<string, string>();
  for (const [name, value] of headers) {
    const bare = trimmedBlanks(name);
    if (bare === '') throw new MessagingError('header-malformed');
    if (!trimmed.has(bare)) trimmed.set(bare, trimmedBlanks(value));
  }
  return trimmed;
}

/** Leaves a CR, which `trim` would take: in STOMP 1.0 it belongs to the header. */
export function trimmedBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === space || code === tab;
}
