// Text of JavaScript as bytes and back. Lone surrogates, which UTF-8 cannot contain, survive as WTF-8 (https://simonsapin.github.io/wtf-8).
import { isUtf8 } from 'node:buffer';
import { asBuffer } from '../../payload/bytes.js';

const surrogateUnits = /([\ud800-\udfff])/u;
/** The bytes of a surrogate, as characters of Latin-1. In UTF-8, 0xED is never followed by a byte above 0x9F. */
const surrogateBytes = /(\xed[\xa0-\xbf][\x80-\xbf])/;

/** UTF-8, or WTF-8 when the text has lone surrogates. */
export function bytesOf(text: string): Uint8Array {
  if (text.isWellFormed()) return Buffer.from(text);
  // With parentheses in the pattern, every second part is a match.
  const parts = text.split(surrogateUnits);
  return Buffer.concat(parts.map((part, i) => (i % 2 === 0 ? Buffer.from(part) : surrogate(part))));
}

/** Undefined for bytes that are neither UTF-8 nor WTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  const buffer = asBuffer(bytes);
  if (isUtf8(bytes)) return buffer.toString();
  let text = '';
  for (const [i, part] of buffer.toString('latin1').split(surrogateBytes).entries()) {
    const piece = Buffer.from(part, 'latin1');
    if (i % 2 === 1) text += unitOf(piece);
    else if (isUtf8(piece)) text += piece.toString();
    else return undefined;
  }
  return text;
}

function surrogate(unit: string): Buffer {
  const code = unit.charCodeAt(0);
  return Buffer.of(0xed, 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
}

function unitOf(bytes: Buffer): string {
  return String.fromCharCode(0xd000 | ((bytes[1]! & 0x3f) << 6) | (bytes[2]! & 0x3f));
}
