// The memory of kept messages: their bytes for limits, and copies of bodies that would keep a larger buffer in memory.
import type { Headers, Message, RepeatedHeaders } from './message.js';

/** Bytes of a message besides its text: objects, the entry in a list, and memory around a small body. */
export const messageOverhead = 256;

/** Bytes of a header besides its text: the entry in the map, and two strings. A message with 60 empty headers holds 3.4 KB. */
const headerOverhead = 64;

/** Bytes that a kept message counts for limits. */
export function sizeOf({ destination, headers, repeatedHeaders, body }: Message): number {
  const repeated = repeatedHeaders === undefined ? 0 : sizeOfRepeated(repeatedHeaders);
  return messageOverhead + destination.length + sizeOfHeaders(headers) + repeated + body.length;
}

function sizeOfRepeated(repeatedHeaders: RepeatedHeaders): number {
  let size = 0;
  for (const values of repeatedHeaders.values())
    for (const value of values) size += value.length + headerOverhead;
  return size;
}

/** Bytes that kept headers count for limits. */
export function sizeOfHeaders(headers: Headers): number {
  let size = headers.size * headerOverhead;
  for (const [name, value] of headers) size += name.length + value.length;
  return size;
}

/**
 * False when the body is a small part of its buffer. A body is often a view of a buffer of up to 64 KB, which then stays in memory.
 */
export function ownsBody({ body }: Message): boolean {
  return body.buffer.byteLength <= 2 * body.length + messageOverhead;
}

/** The message, with a copy of its body unless it owns its body. For messages that are kept beyond the turn of the event loop. */
export function withOwnBody(message: Message): Message {
  if (ownsBody(message)) return message;
  const { body } = message;
  // Not from Node's pool, because a pooled body keeps 8 KB in memory.
  const own = Buffer.allocUnsafeSlow(body.length);
  own.set(body);
  return { ...message, body: own };
}
