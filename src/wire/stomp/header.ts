// Header lines of STOMP: escapes, white space around names and values, and content-length.
import { MessagingError } from '../../message/error.js';
import type { Message } from '../../message/message.js';

// Not imported: V8 folds the constants of a file, but loads imported ones in each round of a loop.
const backslash = 0x5c;
const carriageReturn = 0x0d;
const colon = 0x3a;
const lineFeed = 0x0a;
const nul = 0x00;
const space = 0x20;
const tab = 0x09;
const zero = 0x30;

/** The replacement of each special character. Text with a special character that is not listed cannot be written. */
type Replacements = ReadonlyMap<string, string>;

/** The character for each letter after a backslash. */
export type EscapeLetters = ReadonlyMap<string, string>;

/** The escaping rules of a STOMP version. */
export interface Escaping {
  /**
   * True when white space around a name belongs to the name. False when clients of the version trim names, so that it would be
   * lost.
   */
  readonly keepsBlanks: boolean;
  readonly names: Replacements;
  readonly values: Replacements;
  /** Undefined where a backslash is an ordinary character. */
  readonly letters: EscapeLetters | undefined;
}

/** STOMP 1.0, and CONNECT, STOMP and CONNECTED in every version, as in Spring and stompjs. */
export const verbatim: Escaping = {
  keepsBlanks: false,
  names: new Map([['\\', '\\']]),
  values: new Map([
    ['\\', '\\'],
    [':', ':'],
  ]),
  letters: undefined,
};

const letters11 = new Map([
  ['\\', '\\'],
  ['c', ':'],
  ['n', '\n'],
]);
const letters12 = new Map([...letters11, ['r', '\r']]);

/**
 * STOMP 1.1 has no escape for CR. CR is removed from values, because clients read CR LF as the end of a line. A header with CR in
 * its name is omitted, because a name without CR is another name.
 */
export const escaping11 = escapingWith(letters11, [['\r', '']]);
export const escaping12 = escapingWith(letters12, []);

function escapingWith(
  letters: EscapeLetters,
  removed: readonly (readonly [string, string])[],
): Escaping {
  const escapes = Array.from(letters, ([letter, character]) => [character, `\\${letter}`] as const);
  const names = new Map(escapes);
  return { keepsBlanks: true, names, values: new Map([...escapes, ...removed]), letters };
}

/** A whole header line; empty when the name or the value cannot be written. */
export function headerLine(name: string, value: string, escaping: Escaping): string {
  const { keepsBlanks, names, values } = escaping;
  if (!keepsBlanks && trimBlanks(name) !== name) return '';
  const escapedName = escapeText(name, names);
  const escapedValue = escapeText(value, values);
  return escapedName === undefined || escapedName === '' || escapedValue === undefined
    ? ''
    : `${escapedName}:${escapedValue}\n`;
}

/** A required header line: CR and LF that cannot be written are removed from the value. */
export function requiredHeaderLine(name: string, value: string, { values }: Escaping): string {
  const escaped = escapeText(value, values) ?? escapeText(value.replaceAll(/[\r\n]/g, ''), values);
  return escaped === undefined ? '' : `${name}:${escaped}\n`;
}

type AllHeaders = Pick<Message, 'headers' | 'repeatedHeaders'>;

/** All headers except `content-length`, which `contentLengthLine` writes. The values of a repeated header follow each other. */
export function headerLines({ headers, repeatedHeaders }: AllHeaders, escaping: Escaping): string {
  let lines = '';
  for (const [name, value] of headers) {
    if (name === 'content-length') continue;
    lines += headerLine(name, value, escaping);
    const further = repeatedHeaders?.get(name);
    if (further !== undefined)
      for (const each of further) lines += headerLine(name, each, escaping);
  }
  return lines;
}

/** The `content-length` line, or nothing for an empty body. Precedes user headers, because the first of repeated headers counts. */
export function contentLengthLine(body: Uint8Array): string {
  return body.length === 0 ? '' : `content-length:${body.length}\n`;
}

/** The text without escapes; undefined for an illegal escape sequence. */
export function unescapeText(text: string, letters: EscapeLetters): string | undefined {
  let at = text.indexOf('\\');
  let plain = '';
  let from = 0;
  while (at >= 0) {
    const character = letters.get(text.charAt(at + 1));
    if (character === undefined) return undefined;
    plain += text.slice(from, at) + character;
    from = at + 2;
    at = text.indexOf('\\', from);
  }
  return plain + text.slice(from);
}

function escapeText(text: string, replacements: Replacements): string | undefined {
  let escaped = '';
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (!isSpecial(text.charCodeAt(at))) continue;
    const replacement = replacements.get(text.charAt(at));
    if (replacement === undefined) return undefined;
    escaped += text.slice(from, at) + replacement;
    from = at + 1;
  }
  return from === 0 ? text : escaped + text.slice(from);
}

/** Starts with a comparison that decides for most characters: characters above the backslash are not special. */
function isSpecial(code: number): boolean {
  return (
    code <= backslash &&
    (code === backslash ||
      code === colon ||
      code === carriageReturn ||
      code === lineFeed ||
      code === nul)
  );
}

/**
 * The headers without spaces and tabs around names and values, which STOMP 1.0 allows (`login: guest`).
 * @throws {MessagingError} `header-malformed` when a name has no other characters
 */
export function trimHeaders({ headers, repeatedHeaders }: AllHeaders): HeaderDraft {
  const trimmed: HeaderDraft = { headers: new Map(), repeatedHeaders: undefined };
  for (const [name, value] of headers) {
    const trimmedName = trimBlanks(name);
    if (trimmedName === '') throw new MessagingError('header-malformed');
    if (trimmed.headers.has(trimmedName)) repeatHeader(trimmed, trimmedName, trimBlanks(value));
    else trimmed.headers.set(trimmedName, trimBlanks(value));
    for (const further of repeatedHeaders?.get(name) ?? [])
      repeatHeader(trimmed, trimmedName, trimBlanks(further));
  }
  return trimmed;
}

/** Collects the headers of a frame. */
export interface HeaderDraft {
  readonly headers: Map<string, string>;
  repeatedHeaders: Map<string, string[]> | undefined;
}

/** Adds a further value of a header (STOMP 1.2, "Repeated Header Entries"). */
export function repeatHeader(draft: HeaderDraft, name: string, value: string): void {
  const repeated = (draft.repeatedHeaders ??= new Map());
  const further = repeated.get(name);
  if (further === undefined) repeated.set(name, [value]);
  else further.push(value);
}

/** Removes spaces and tabs at both ends. Keeps a CR, unlike `trim`: in STOMP 1.0 it belongs to the header. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === space || code === tab;
}

/**
 * The number in a content-length header. Spaces and tabs around it are allowed, because STOMP 1.0 clients write them.
 * @throws {MessagingError} `content-length-invalid`
 */
export function parseContentLength(value: string): number {
  const digits = trimBlanks(value);
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
  return new MessagingError('content-length-invalid', 'The content-length is not a number.');
}
