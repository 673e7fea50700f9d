// Quotes text of clients in error texts and log lines: shortened, and without characters that change a terminal or forge a line.

/** The most characters of a quoted name or destination. */
const quotedCharacters = 120;

/** The most characters of an error text in the log. */
const loggedCharacters = 500;

/** Control and format characters, such as line ends, escape sequences and changes of the writing direction. */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The text in single quotes, with at most 120 characters. */
export function quote(text: string): string {
  return `'${printable(text, quotedCharacters)}'`;
}

/** An error text for a line of the log, which may contain text of a client; with at most 500 characters. */
export function loggable(text: string): string {
  return printable(text, loggedCharacters);
}

/** The text with at most `limit` characters of the original; invisible characters are written as `\u{1b}`. */
export function printable(text: string, limit: number): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}...` : text;
  return cut
    .toWellFormed()
    .replace(invisible, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}
