// How header names and values are written where a line or a colon could not hold them.
import { trimmedBlanks } from './blanks.js';

/** What stands for each special character; one that is not listed cannot be said. */
type Replacements = ReadonlyMap<string, string>;

/** What a letter after a backslash means. */
export type Letters = ReadonlyMap<string, string>;

export interface Escaping {
  /** Whether blanks around a name belong to it; where readers trim them, it would be another name. */
  readonly keepsBlanks: boolean;
  readonly names: Replacements;
  readonly values: Replacements;
  /** Undefined where a backslash is a character as any other. */
  readonly letters: Letters | undefined;
}

/** STOMP 1.0, and CONNECT, STOMP and CONNECTED in every version. */
export const verbatim: Escaping = {
  keepsBlanks: false,
  names: new Map([['\\', '\\']]),
  values: new Map([
    ['\\', '\\'],
    [':', ':'],
  ]),
  letters: undefined,
};

/** For CONNECTED, which some clients unescape: what would need escaping is not said at all. */
export const plainOnly: Escaping = {
  keepsBlanks: false,
  names: new Map(),
  values: new Map(),
  letters: undefined,
};

const letters11 = new Map([
  ['\\', '\\'],
  ['c', ':'],
  ['n', '\n'],
]);
const letters12 = new Map([...letters11, ['r', '\r']]);

/**
 * STOMP 1.1 has no escape for CR: it is removed from values, since clients take CR LF for a line's end. A name would become
 * another one, which may mean something, and is not said.
 */
export const escaping11 = escapedBy(letters11, [['\r', '']]);
export const escaping12 = escapedBy(letters12, []);

function escapedBy(letters: Letters, removed: readonly (readonly [string, string])[]): Escaping {
  const escapes = Array.from(letters, ([letter, character]) => [character, `\\${letter}`] as const);
  const names = new Map(escapes);
  return { keepsBlanks: true, names, values: new Map([...escapes, ...removed]), letters };
}

/** A whole header line; empty when the name or the value cannot be said. */
export function headerLine(name: string, value: string, escaping: Escaping): string {
  const { keepsBlanks, names, values } = escaping;
  if (!keepsBlanks && trimmedBlanks(name) !== name) return '';
  const saidName = escaped(name, names);
  const saidValue = escaped(value, values);
  return saidName === undefined || saidName === '' || saidValue === undefined
    ? ''
    : `${saidName}:${saidValue}\n`;
}

/** A header of the server's own, which has to be said: line ends that cannot be are taken out of it. */
export function ownHeaderLine(name: string, value: string, { values }: Escaping): string {
  const said = escaped(value, values) ?? escaped(value.replaceAll(/[\r\n]/g, ''), values);
  return said === undefined ? '' : `${name}:${said}\n`;
}

/** The text that was escaped; undefined for an illegal escape sequence. */
export function unescaped(text: string, letters: Letters): string | undefined {
  let backslash = text.indexOf('\\');
  let plain = '';
  let from = 0;
  while (backslash >= 0) {
    const character = letters.get(text.charAt(backslash + 1));
    if (character === undefined) return undefined;
    plain += text.slice(from, backslash) + character;
    from = backslash + 2;
    backslash = text.indexOf('\\', from);
  }
  return plain + text.slice(from);
}

function escaped(text: string, replacements: Replacements): string | undefined {
  let said = '';
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (!isSpecial(text.charCodeAt(at))) continue;
    const replacement = replacements.get(text.charAt(at));
    if (replacement === undefined) return undefined;
    said += text.slice(from, at) + replacement;
    from = at + 1;
  }
  return from === 0 ? text : said + text.slice(from);
}

/** Backslash, colon, CR, LF or NUL; most characters are beyond them all. */
function isSpecial(code: number): boolean {
  return (
    code <= 0x5c && (code === 0x5c || code === 0x3a || code === 0x0d || code === 0x0a || code === 0)
  );
}
