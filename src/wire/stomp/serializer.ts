// Raw frames to octets.
import type { Headers } from '../../message/message.js';
import { precedesVersion, type Dialect } from './dialect.js';
import { headerLine, verbatim, type Escaping } from './escaping.js';
import type { RawFrame } from './raw-frame.js';

/** The octets of a frame; a header that the dialect cannot say is left out. */
export function serialize({ command, headers, body }: RawFrame, dialect: Dialect): Buffer {
  const escaping = precedesVersion(command) ? verbatim : dialect.escaping;
  return frameOctets(`${command}\n${lengthLine(body)}${headerLines(headers, escaping)}`, body);
}

/** All headers but `content-length`, which the body decides. */
export function headerLines(headers: Headers, escaping: Escaping): string {
  let lines = '';
  for (const [name, value] of headers)
    if (name !== 'content-length') lines += headerLine(name, value, escaping);
  return lines;
}

/** The `content-length` where there is a body; before the headers of others, because of a repeated header the first counts. */
export function lengthLine(body: Uint8Array): string {
  return body.length === 0 ? '' : `content-length:${body.length}\n`;
}

/** Ready lines, the blank line, the body and the closing NUL. */
export function frameOctets(lines: string, body: Uint8Array): Buffer {
  const head = `${lines}\n`;
  const size = Buffer.byteLength(head);
  const octets = Buffer.allocUnsafe(size + body.length + 1);
  octets.write(head);
  octets.set(body, size);
  octets[octets.length - 1] = 0;
  return octets;
}
