// Where in the text of a JSON object the value of one of its members stands.

export interface Place {
  readonly start: number;
  readonly end: number;
}

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openingBracket = 0x5b;
const backslash = 0x5c;
const closingBracket = 0x5d;
const openingBrace = 0x7b;
const closingBrace = 0x7d;

/** How much longer a character is that is written as an escape, `\u0061`. */
const escapeExcess = 5;

/**
 * The place of the last member of this name, as `JSON.parse` takes the last; undefined when there is none. The text has been parsed
 * before: what is no JSON is none of its cases.
 *
 * @param name of letters, which have no shorter escapes
 */
export function memberOf(object: Buffer, name: string): Place | undefined {
  let place: Place | undefined;
  let depth = 0;
  /** The string that was read last: before a colon it is a name. */
  let from = 0;
  let to = 0;
  let start = -1;
  for (let at = 0; at < object.length; at++) {
    const octet = object[at];
    if (octet === quote) {
      from = at + 1;
      to = at = endOfString(object, from);
    } else if (octet === colon) {
      if (depth === 1 && isNamed(object, from, to, name)) start = at + 1;
    } else if (octet === openingBrace || octet === openingBracket) {
      depth++;
    } else if (octet === comma || octet === closingBrace || octet === closingBracket) {
      if (depth === 1 && start >= 0) {
        place = trimmed(object, start, at);
        start = -1;
      }
      if (octet !== comma) depth--;
    }
  }
  return place;
}

/** The place of the quote that ends the string. */
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
