// Text of JavaScript as bytes and back. Lone surrogates, which UTF-8 cannot contain, survive as WTF-8 (https://simonsapin.github.io/wtf-8).
import { isUtf8 } from 'node:buffer';
import { asBuffer } from '../../payload/bytes.js';

/** Bytes of a surrogate, and of the character U+FFFD that replaces it in UTF-8. */
const surrogateBytes = 3;
const replacement: Uint8Array = Buffer.from('\ufffd');
/** The first byte of a surrogate. In UTF-8, a byte above 0x9F never follows it. */
const surrogateStart = 0xed;

/** UTF-8, or WTF-8 when the text has lone surrogates. */
export function bytesOf(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  if (text.isWellFormed()) return bytes;
  // Each lone surrogate has become U+FFFD, which has as many bytes.
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i)!;
    if (code > 0xffff) i++;
    if (isSurrogate(code)) writeSurrogate(bytes, at, code);
    at += bytesOfCode(code);
  }
  return bytes;
}

/** Undefined for bytes that are neither UTF-8 nor WTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  const buffer = asBuffer(bytes);
  if (isUtf8(buffer)) return buffer.toString();
  const replaced = withoutSurrogates(buffer);
  if (!isUtf8(replaced)) return undefined;
  const text = replaced.toString();
  const units = Buffer.from(text, 'utf16le');
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i)!;
    if (isSurrogateAt(buffer, at)) units.writeUInt16LE(surrogateAt(buffer, at), 2 * i);
    if (code > 0xffff) i++;
    at += bytesOfCode(code);
  }
  return units.toString('utf16le');
}

/** A copy in which U+FFFD replaces each surrogate. */
function withoutSurrogates(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  let at = copy.indexOf(surrogateStart);
  while (at >= 0) {
    if (isSurrogateAt(copy, at)) copy.set(replacement, at);
    at = copy.indexOf(surrogateStart, at + 1);
  }
  return copy;
}

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff;
}

function isSurrogateAt(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== surrogateStart || at + surrogateBytes > bytes.length) return false;
  return bytes[at + 1]! >= 0xa0 && bytes[at + 1]! <= 0xbf && (bytes[at + 2]! & 0xc0) === 0x80;
}

function surrogateAt(bytes: Uint8Array, at: number): number {
  return 0xd000 | ((bytes[at + 1]! & 0x3f) << 6) | (bytes[at + 2]! & 0x3f);
}

function writeSurrogate(bytes: Uint8Array, at: number, code: number): void {
  bytes[at] = surrogateStart;
  bytes[at + 1] = 0x80 | ((code >> 6) & 0x3f);
  bytes[at + 2] = 0x80 | (code & 0x3f);
}

/** @see RFC 3629 section 3 */
function bytesOfCode(code: number): number {
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}
