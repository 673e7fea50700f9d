// Raw frames to octets.
import type { Headers } from '../../message/message.js';
import { precedesVersion, type Dialect } from './dialect.js';
import { headerLine, verbatim, type Escaping } from './escaping.js';
import type { RawFrame } from './raw-frame.js';

/** The octets of a frame; a header that the dialect cannot say is left out. */
export function serialize({ command, headers, body }: RawFrame, dialect: Dialect): Buffer {
  const escaping = precedesVersion(command) ? verbatim : dialect.escaping;
  return frameOctets(`${command}\n${headerLines(headers, escaping)}`, body);
}

/** All headers but `content-length`, which the body decides. */
export function headerLines(headers: Headers, escaping: Escaping): string {
  let lines = '';
  for (const [name, value] of headers)
    if (name !== 'content-length') lines += headerLine(name, value, escaping);
  return lines;
}

/** The `content-length` where there is a body, and the blank line that ends a head. */
export function endOfHead(body: Uint8Array): string {
  return body.length === 0 ? '\n' : `content-length:${body.length}\n\n`;
}

/** Ready lines, the end of the head, the body and the closing NUL. */
export function frameOctets(lines: string, body: Uint8Array): Buffer {
  const head = lines + endOfHead(body);
  const size = Buffer.byteLength(head);
  const octets = Buffer.allocUnsafe(size + body.length + 1);
  octets.write(head);
  octets.set(body, size);
  octets[octets.length - 1] = 0;
  return octets;
}
