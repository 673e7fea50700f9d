// Octets to raw frames, wherever the octets were cut. Every octet is looked at once.
import { isUtf8 } from 'node:buffer';
import { MessagingError } from '../../message/error.js';
import { asBuffer } from '../../payload/bytes.js';
import { bodyOf } from '../body.js';
import type { DecoderLimits } from '../codec.js';
import { Gathering } from '../gathering.js';
import { contentLength } from './content-length.js';
import { beforeConnect, precedesVersion, type Dialect } from './dialect.js';
import { unescaped, type Letters } from './escaping.js';
import type { RawFrame } from './raw-frame.js';

const nul = 0x00;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const firstBeyondAscii = 0x80;

const nothing: Buffer = Buffer.alloc(0);
/** Octets that are made text at once: most whole heads, and little that a kept header keeps alive. */
const windowSize = 256;

/** A frame whose command was read. */
interface Draft {
  readonly command: string;
  readonly headers: Map<string, string>;
  readonly crlf: boolean;
  readonly letters: Letters | undefined;
  readonly lineLimit: number;
  headerCount: number;
  bodyLength: number | undefined;
}

/** Knows the shape of frames and no command's meaning, so that it reads servers as well as clients. */
export class Parser {
  /** The rules for the frames that follow. */
  dialect: Dialect = beforeConnect;
  #chunk = nothing;
  /** The first octet of the chunk that was not looked at. */
  #at = 0;
  /** The chunk from `windowStart` on, as far as it was made text: an octet a character. */
  #window = '';
  #windowStart = 0;
  /** The line whose end has not come, an octet a character. */
  #partial = '';
  /** All octets of that line, or-ed: tells whether it is ASCII. */
  #seen = 0;
  /** The body whose end has not come. */
  readonly #gathered = new Gathering();
  /** Octets of the frame before the line or body at hand. */
  #size = 0;
  #draft: Draft | undefined;
  #inBody = false;

  constructor(private readonly limits: DecoderLimits) {}

  /** Takes the next octets, which never change; what `next` was not asked for of those before is lost. */
  feed(chunk: Uint8Array): void {
    this.#look(asBuffer(chunk));
  }

  /**
   * The next frame, or `eol` for line ends that no frame follows in this chunk; undefined when more
   * octets are needed.
   *
   * @throws MessagingError when the octets are no frame (`frame-malformed`, `header-malformed`,
   *   `escape-illegal`, `text-invalid`, `content-length-invalid`) or exceed a limit
   *   (`frame-too-large`); nothing can be read after that
   */
  next(): RawFrame | 'eol' | undefined {
    let eol: 'eol' | undefined;
    while (!this.#inBody) {
      const line = this.#readLine();
      if (line === undefined) return eol;
      if (this.#draft !== undefined) {
        this.#header(this.#draft, line);
      } else if (withoutReturn(line) !== '') {
        this.#draft = this.#begin(line);
      } else {
        this.#size = 0;
        eol = 'eol';
      }
    }
    return this.#readBody(this.#draft!);
  }

  /** A header of the frame that is being read: what can be said of one that turned out to be broken. */
  header(name: string): string | undefined {
    return this.#draft?.headers.get(name);
  }

  #look(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#at = 0;
    this.#window = '';
    this.#windowStart = 0;
  }

  #begin(line: string): Draft {
    const { limits, dialect } = this;
    const bare = withoutReturn(line);
    const early = precedesVersion(bare);
    const crlf = early || dialect.crlf;
    return {
      command: crlf ? bare : line,
      headers: new Map(),
      crlf,
      letters: early ? undefined : dialect.escaping.letters,
      lineLimit: early ? limits.maxConnectHeaderBytes : limits.maxHeaderBytes,
      headerCount: 0,
      bodyLength: undefined,
    };
  }

  #header(draft: Draft, whole: string): void {
    const line = draft.crlf ? withoutReturn(whole) : whole;
    if (line === '') return this.#beginBody(draft);
    if (++draft.headerCount > this.limits.maxHeaders) {
      throw new MessagingError('frame-too-large', 'The frame has too many headers.');
    }
    const colon = line.indexOf(':');
    if (colon <= 0) throw new MessagingError('header-malformed');
    let name = line.slice(0, colon);
    let value = line.slice(colon + 1);
    if (draft.letters !== undefined && line.includes('\\')) {
      name = plainText(name, draft.letters);
      value = plainText(value, draft.letters);
    }
    // STOMP 1.2, "Repeated Header Entries": the first counts.
    if (name === 'content-length') draft.bodyLength ??= contentLength(value);
    else if (!draft.headers.has(name)) draft.headers.set(name, value);
  }

  #beginBody({ bodyLength }: Draft): void {
    this.#inBody = true;
    // Refused before an octet of the body is kept.
    if (bodyLength !== undefined) this.#checkSize(bodyLength);
  }

  /** The next line without its LF; undefined when its end has not come. */
  #readLine(): string | undefined {
    const chunk = this.#chunk;
    const start = this.#at;
    const stop = chunk.length;
    let seen = this.#seen;
    let end = start;
    for (; end < stop; end++) {
      const octet = chunk[end]!;
      if (octet === lineFeed) break;
      if (octet === nul) throw endedEarly();
      seen |= octet;
    }
    const length = this.#partial.length + end - start;
    this.#checkLine(length);
    const line = this.#partial + this.#characters(start, end);
    if (end === stop) {
      this.#seen = seen;
      this.#partial = line;
      this.#look(nothing);
      return undefined;
    }
    this.#at = end + 1;
    this.#size += length + 1;
    this.#seen = 0;
    this.#partial = '';
    return seen < firstBeyondAscii ? line : textOf(Buffer.from(line, 'latin1'));
  }

  /** An octet a character, which is the text where all are ASCII. */
  #characters(start: number, end: number): string {
    if (end > this.#windowStart + this.#window.length) {
      this.#window = this.#chunk.toString('latin1', start, Math.max(end, start + windowSize));
      this.#windowStart = start;
    }
    return this.#window.slice(start - this.#windowStart, end - this.#windowStart);
  }

  /** The frame, when the octet after its body has come. */
  #readBody({ command, headers, bodyLength }: Draft): RawFrame | undefined {
    const chunk = this.#chunk;
    const start = this.#at;
    const end =
      bodyLength === undefined
        ? chunk.indexOf(nul, start)
        : start + bodyLength - this.#gathered.length;
    const complete = end >= 0 && end < chunk.length;
    const stop = complete ? end : chunk.length;
    this.#checkSize(this.#gathered.length + stop - start);
    if (!complete) return this.#gatherRest(bodyLength);
    if (chunk[end] !== nul) throw new MessagingError('content-length-invalid');
    const body =
      this.#gathered.length > 0
        ? this.#gathered.finish(chunk, start, end)
        : bodyOf(chunk, start, end);
    this.#at = end + 1;
    this.#size = 0;
    this.#draft = undefined;
    this.#inBody = false;
    return { command, headers, body };
  }

  /** Keeps what no frame has used, and nothing else of the chunk: most sessions wait long. */
  #gatherRest(bodyLength: number | undefined): undefined {
    this.#gathered.append(this.#chunk, this.#at, this.#chunk.length, bodyLength);
    this.#look(nothing);
  }

  #checkLine(length: number): void {
    if (length > (this.#draft?.lineLimit ?? this.limits.maxHeaderBytes)) {
      throw new MessagingError('frame-too-large', 'A header of the frame is too long.');
    }
    this.#checkSize(length);
  }

  /** With these octets, and the one that has to end them, the frame must not be too large. */
  #checkSize(octets: number): void {
    if (this.#size + octets >= this.limits.maxFrameBytes)
      throw new MessagingError('frame-too-large');
  }
}

function withoutReturn(line: string): string {
  return line.charCodeAt(line.length - 1) === carriageReturn ? line.slice(0, -1) : line;
}

function endedEarly(): MessagingError {
  return new MessagingError('frame-malformed', 'The frame ends before its headers do.');
}

function textOf(line: Buffer): string {
  // Decoding alone would put replacement characters where octets are wrong.
  if (!isUtf8(line)) throw new MessagingError('text-invalid');
  return line.toString();
}

function plainText(text: string, letters: Letters): string {
  const plain = unescaped(text, letters);
  if (plain === undefined) throw new MessagingError('escape-illegal');
  return plain;
}
