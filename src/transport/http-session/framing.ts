// The messages of sessions over HTTP: JSON strings that are framed once for all of these sessions, and read from requests.
import type { EncodedFrame, Framing } from '../../message/encoded-frame.js';
import { MessagingError } from '../../message/error.js';
import { asBuffer } from '../../payload/bytes.js';
import { textOf } from './text.js';

/**
 * The framing of sessions over HTTP: a comma and the message as a JSON string. SockJS and SSE share these bytes, because each response
 * makes its own frame of any number of joined messages: it writes them without the first comma.
 */
export const joinableFraming: Framing = {
  frame: (encoded) => Buffer.from(`,${quotedFrame(encoded)}`),
};

/** @throws {MessagingError} `text-required` for bytes that are not text: these sessions have no binary messages */
export function quotedFrame({ bytes }: EncodedFrame): string {
  const text = textOf(bytes);
  if (text === undefined) throw new MessagingError('text-required');
  return quoted(text);
}

/** Characters that browsers and proxies change and `JSON.stringify` does not escape: controls and lone surrogates. */
const fragile = /[\u200c-\u200f\u2028-\u202f\u2060-\u206f\ufff0-\uffff]/g;

export function quoted(text: string): string {
  return JSON.stringify(text).replace(
    fragile,
    (character) => `\\u${character.charCodeAt(0).toString(16)}`,
  );
}

/** Larger arrays are not kept as texts, which can need 60 times the memory. */
const maxParsedBytes = 16_384;

/** The messages of a client in a JSON array of strings; undefined for anything else. */
export function parseMessages(json: Uint8Array): Iterable<string> | undefined {
  return messagesOf(parseJson(json), json);
}

/** The messages in a parsed array of strings; undefined for any other value. @param json the array before it was parsed */
export function messagesOf(value: unknown, json: Uint8Array): Iterable<string> | undefined {
  const isTexts = Array.isArray(value) && value.every((item) => typeof item === 'string');
  if (!isTexts) return undefined;
  return json.length > maxParsedBytes ? eachText(asBuffer(json)) : value;
}

const quote = 0x22;
const backslash = 0x5c;

/** Parses the strings of a valid array one by one. */
function* eachText(json: Buffer): Generator<string> {
  let start = json.indexOf(quote);
  while (start >= 0) {
    let end = json.indexOf(quote, start + 1);
    while (isEscaped(json, end)) end = json.indexOf(quote, end + 1);
    yield parseJson(json.subarray(start, end + 1)) as string;
    start = json.indexOf(quote, end + 1);
  }
}

/** True after an odd number of backslashes. */
function isEscaped(json: Buffer, at: number): boolean {
  let first = at;
  while (json[first - 1] === backslash) first--;
  return (at - first) % 2 === 1;
}

/** Undefined for bytes that are not JSON. */
export function parseJson(json: Uint8Array): unknown {
  const text = textOf(json);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
