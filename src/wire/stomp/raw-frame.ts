// A STOMP frame as command, headers and body, without the meaning of its command, and its bytes.
import type { Headers } from '../../message/message.js';
import { precedesVersion, type Dialect } from './dialect.js';
import { headerLine, verbatim, type Escaping } from './header.js';

export interface RawFrame {
  readonly command: string;
  /** Without escapes, and without `content-length`, which only delimits the body. */
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** The bytes of a frame. Headers that the dialect cannot represent are omitted. */
export function serialize({ command, headers, body }: RawFrame, dialect: Dialect): Buffer {
  const escaping = precedesVersion(command) ? verbatim : dialect.escaping;
  return frameBytes(
    `${command}\n${contentLengthLine(body)}${headerLines(headers, escaping)}`,
    body,
  );
}

/** All headers except `content-length`, which `contentLengthLine` writes. */
export function headerLines(headers: Headers, escaping: Escaping): string {
  let lines = '';
  for (const [name, value] of headers)
    if (name !== 'content-length') lines += headerLine(name, value, escaping);
  return lines;
}

/** The `content-length` line, or nothing for an empty body. Precedes user headers, because the first of repeated headers counts. */
export function contentLengthLine(body: Uint8Array): string {
  return body.length === 0 ? '' : `content-length:${body.length}\n`;
}

/** Command and header lines, an empty line, the body and the closing NUL. */
export function frameBytes(lines: string, body: Uint8Array): Buffer {
  const head = `${lines}\n`;
  const size = Buffer.byteLength(head);
  const bytes = Buffer.allocUnsafe(size + body.length + 1);
  bytes.write(head);
  bytes.set(body, size);
  bytes[bytes.length - 1] = 0;
  return bytes;
}
