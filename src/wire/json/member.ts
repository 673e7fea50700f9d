// Finds the place of a member's value in the text of a JSON object.

// Not imported: V8 folds the constants of a file, but loads imported ones in each round of a loop.
const backslash = 0x5c;
const closingBrace = 0x7d;
const closingBracket = 0x5d;
const colon = 0x3a;
const comma = 0x2c;
const openingBrace = 0x7b;
const openingBracket = 0x5b;
const quote = 0x22;

export interface Place {
  readonly start: number;
  readonly end: number;
}

/** Additional length of a character that is written as an escape, `\u0061`. */
const escapeExcess = 5;

/**
 * The place of the last member with this name, which `JSON.parse` uses; undefined when there is none.
 *
 * @param object a text that `JSON.parse` has accepted
 * @param name consists of letters, which have no short escapes
 */
export function memberOf(object: Buffer, name: string): Place | undefined {
  let place: Place | undefined;
  let depth = 0;
  /** The string that was read last; if a colon follows, it is a name. */
  let from = 0;
  let to = 0;
  let start = -1;
  for (let at = 0; at < object.length; at++) {
    const byte = object[at];
    if (byte === quote) {
      from = at + 1;
      to = at = endOfString(object, from);
    } else if (byte === colon) {
      if (depth === 1 && isNamed(object, from, to, name)) start = at + 1;
    } else if (byte === openingBrace || byte === openingBracket) {
      depth++;
    } else if (byte === comma || byte === closingBrace || byte === closingBracket) {
      if (depth === 1 && start >= 0) {
        place = trimmed(object, start, at);
        start = -1;
      }
      if (byte !== comma) depth--;
    }
  }
  return place;
}

/** The index of the quote that ends the string. */
function endOfString(text: Buffer, start: number): number {
  let at = start;
  while (text[at] !== quote) at += text[at] === backslash ? 2 : 1;
  return at;
}

function isNamed(text: Buffer, from: number, to: number, name: string): boolean {
  const excess = to - from - name.length;
  if (excess === 0) return isWritten(text, from, name);
  if (excess < escapeExcess || excess % escapeExcess !== 0) return false;
  return JSON.parse(text.toString('utf8', from - 1, to + 1)) === name;
}

function isWritten(text: Buffer, from: number, name: string): boolean {
  for (let at = 0; at < name.length; at++)
    if (text[from + at] !== name.charCodeAt(at)) return false;
  return true;
}

function trimmed(text: Buffer, from: number, to: number): Place {
  let start = from;
  let end = to;
  while (text[start]! <= 0x20) start++;
  while (text[end - 1]! <= 0x20) end--;
  return { start, end };
}
