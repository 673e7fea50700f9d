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

/**
 * The place of the last member of this name, as `JSON.parse` takes the last, or undefined when none is written so. The text has
 * been parsed before: what is no JSON is none of its cases.
 *
 * @param name with its quotes, as it has to be written
 */
export function memberOf(object: Buffer, name: Buffer): Place | undefined {
  let place: Place | undefined;
  let depth = 0;
  /** The string that was read last: before a colon it is a name. */
  let from = 0;
  let to = 0;
  let start = -1;
  for (let at = 0; at < object.length; at++) {
    const octet = object[at];
    if (octet === quote) {
      from = at;
      at = endOfString(object, at);
      to = at + 1;
    } else if (octet === colon) {
      if (depth === 1 && isEqual(object, from, to, name)) start = at + 1;
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
function endOfString(text: Buffer, opening: number): number {
  let at = opening + 1;
  while (text[at] !== quote) at += text[at] === backslash ? 2 : 1;
  return at;
}

function isEqual(text: Buffer, from: number, to: number, name: Buffer): boolean {
  return to - from === name.length && text.compare(name, 0, name.length, from, to) === 0;
}

function trimmed(text: Buffer, from: number, to: number): Place {
  let start = from;
  let end = to;
  while (text[start]! <= 0x20) start++;
  while (text[end - 1]! <= 0x20) end--;
  return { start, end };
}
