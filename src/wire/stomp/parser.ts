// Octets to raw frames, wherever the octets were cut. Every octet is looked at once.
import { isUtf8 } from 'node:buffer';
import { MessagingError } from '../../message/error.js';
import { asBuffer } from '../../payload/bytes.js';
import type { DecoderLimits } from '../codec.js';
import { beforeConnect, precedesVersion, type Dialect } from './dialect.js';
import { unescaped } from './escaping.js';
import { Gathering } from './gathering.js';
import { noBody, type RawFrame } from './raw-frame.js';

const nul = 0x00;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const firstBeyondAscii = 0x80;

type Stage = 'command' | 'headers' | 'body';

/** Knows the shape of frames and no command's meaning, so that it reads servers as well as clients. */
export class Parser {
  /** The rules for the frames that follow. */
  dialect: Dialect = beforeConnect;
  #chunk = Buffer.alloc(0);
  /** The first octet of the chunk that was not looked at. */
  #at = 0;
  #stage: Stage = 'command';
  /** The line or body whose end has not come. */
  readonly #gathered = new Gathering();
  /** All octets of that line, or-ed: tells whether it is ASCII. */
  #seen = 0;

  /** Octets of the frame before the line or body at hand. */
  #size = 0;
  #command = '';
  #headers = new Map<string, string>();
  #headerCount = 0;
  #lineLimit: number;
  #crlf = false;
  #letters: Dialect['escaping']['letters'];
  #bodyLength: number | undefined;

  constructor(private readonly limits: DecoderLimits) {
    this.#lineLimit = limits.headerSize;
  }

  /** Takes the next octets; `next` must have come to the end of those before. They may not change afterwards. */
  feed(chunk: Uint8Array): void {
    this.#chunk = asBuffer(chunk);
    this.#at = 0;
  }

  /**
   * The next frame, or `eol` for line ends that no frame follows in this chunk; undefined when more octets are needed.
   *
   * @throws MessagingError when the octets are no frame (`frame-malformed`, `header-malformed`, `escape-illegal`,
   *   `text-invalid`, `content-length-invalid`) or exceed a limit (`frame-too-large`); nothing can be read after that
   */
  next(): RawFrame | 'eol' | undefined {
    let eol: 'eol' | undefined;
    while (this.#stage !== 'body') {
      const line = this.#readLine();
      if (line === undefined) return eol;
      if (this.#stage === 'headers') {
        this.#header(line);
      } else if (withoutReturn(line) === '') {
        this.#size = 0;
        eol = 'eol';
      } else {
        this.#begin(line);
      }
    }
    return this.#readBody();
  }

  /** A header of the frame that was last begun, also where the frame is broken further on. */
  header(name: string): string | undefined {
    return this.#headers.get(name);
  }

  #begin(line: string): void {
    const bare = withoutReturn(line);
    const early = precedesVersion(bare);
    this.#crlf = early || this.dialect.crlf;
    this.#command = this.#crlf ? bare : line;
    this.#letters = early ? undefined : this.dialect.escaping.letters;
    this.#lineLimit = early ? this.limits.connectHeaderSize : this.limits.headerSize;
    this.#stage = 'headers';
  }

  #header(whole: string): void {
    const line = this.#crlf ? withoutReturn(whole) : whole;
    if (line === '') return this.#beginBody();
    if (++this.#headerCount > this.limits.headerCount) {
      throw new MessagingError('frame-too-large', 'The frame has more headers than the server accepts.');
    }
    const colon = line.indexOf(':');
    if (colon <= 0) throw new MessagingError('header-malformed');
    const name = this.#unescaped(line.slice(0, colon));
    const value = this.#unescaped(line.slice(colon + 1));
    // STOMP 1.2, "Repeated Header Entries": the first counts.
    if (name === 'content-length') this.#bodyLength ??= lengthOf(value);
    else if (!this.#headers.has(name)) this.#headers.set(name, value);
  }

  #beginBody(): void {
    this.#stage = 'body';
    // Refused before an octet of the body is kept.
    this.#checkSize(this.#bodyLength ?? 0);
  }

  /** The next line without its LF; undefined when its end has not come. */
  #readLine(): string | undefined {
    // What is left of the frame before: it must not be taken for a part of this one.
    if (this.#stage === 'command' && this.#headers.size > 0) this.#headers = new Map();
    const chunk = this.#chunk;
    const start = this.#at;
    const stop = chunk.length;
    let seen = this.#seen;
    let end = start;
    for (; end < stop; end++) {
      const octet = chunk[end]!;
      if (octet === lineFeed) break;
      if (octet === nul) throw new MessagingError('frame-malformed', 'The frame ends before its headers do.');
      seen |= octet;
    }
    const length = this.#gathered.length + end - start;
    if (length > this.#lineLimit) {
      throw new MessagingError('frame-too-large', 'A header is longer than the server accepts.');
    }
    this.#checkSize(length);
    if (end === stop) {
      this.#gathered.append(chunk, start, end);
      this.#seen = seen;
      this.#at = end;
      return undefined;
    }
    this.#at = end + 1;
    this.#size += length + 1;
    this.#seen = 0;
    if (this.#gathered.length === 0) return textOf(chunk, start, end, seen);
    this.#gathered.append(chunk, start, end);
    return textOf(this.#gathered.take(), 0, length, seen);
  }

  #readBody(): RawFrame | undefined {
    const chunk = this.#chunk;
    const start = this.#at;
    const end = this.#bodyEnd();
    const present = end === undefined ? chunk.length : end;
    this.#checkSize(this.#gathered.length + present - start);
    if (end === undefined) {
      this.#gathered.append(chunk, start, present);
      this.#at = present;
      return undefined;
    }
    if (chunk[end] !== nul) throw new MessagingError('content-length-invalid');
    this.#at = end + 1;
    return this.#finish(this.#gathered.length === 0 ? bodyOf(chunk, start, end) : this.#gatheredBody(end));
  }

  /** Where in the chunk the NUL after the body has to stand; undefined when that octet has not come. */
  #bodyEnd(): number | undefined {
    if (this.#bodyLength === undefined) {
      const end = this.#chunk.indexOf(nul, this.#at);
      return end < 0 ? undefined : end;
    }
    const end = this.#at + this.#bodyLength - this.#gathered.length;
    return end < this.#chunk.length ? end : undefined;
  }

  #gatheredBody(end: number): Uint8Array {
    this.#gathered.append(this.#chunk, this.#at, end);
    return this.#gathered.take();
  }

  #finish(body: Uint8Array): RawFrame {
    const frame = { command: this.#command, headers: this.#headers, body };
    this.#stage = 'command';
    this.#size = 0;
    this.#headers = new Map();
    this.#headerCount = 0;
    this.#lineLimit = this.limits.headerSize;
    this.#bodyLength = undefined;
    return frame;
  }

  #unescaped(text: string): string {
    const plain = unescaped(text, this.#letters);
    if (plain === undefined) throw new MessagingError('escape-illegal');
    return plain;
  }

  /** With these octets, and the one that has to end them, the frame must not be too large. */
  #checkSize(octets: number): void {
    if (this.#size + octets >= this.limits.frameSize) throw new MessagingError('frame-too-large');
  }
}

function withoutReturn(line: string): string {
  return line.charCodeAt(line.length - 1) === carriageReturn ? line.slice(0, -1) : line;
}

function textOf(octets: Buffer, start: number, end: number, seen: number): string {
  if (seen < firstBeyondAscii) return octets.toString('latin1', start, end);
  // Decoding alone would put replacement characters where octets are wrong.
  if (!isUtf8(octets.subarray(start, end))) throw new MessagingError('text-invalid');
  return octets.toString('utf8', start, end);
}

/** Blanks around the number are tolerated, as STOMP 1.0 clients write them. */
function lengthOf(value: string): number {
  const digits = value.trim();
  if (!/^\d+$/.test(digits)) throw new MessagingError('content-length-invalid', 'The content-length is no number.');
  return Number(digits);
}

/**
 * A view costs nothing but keeps the memory of the whole chunk for as long as somebody keeps the message, and a read of a
 * socket holds up to 64 KB: a body that is only a small part of it gets memory of its own.
 */
function bodyOf(chunk: Buffer, start: number, end: number): Uint8Array {
  if (start === end) return noBody;
  const view = chunk.subarray(start, end);
  return view.length * 4 < chunk.buffer.byteLength ? Buffer.from(view) : view;
}
