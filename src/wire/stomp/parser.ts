// Parses chunks of bytes into raw frames, also frames that continue in the next chunk. Each byte is read once.
import { isUtf8 } from 'node:buffer';
import { MessagingError } from '../../message/error.js';
import { tooLarge, type DecoderLimits } from '../codec.js';
import { bodyOf, ByteCollector } from '../received-bytes.js';
import { beforeConnect, negotiationCommands, type Dialect } from './dialect.js';
import {
  parseContentLength,
  repeatHeader,
  trimBlanks,
  unescapeText,
  type EscapeLetters,
  type HeaderDraft,
} from './header.js';
import type { RawFrame } from './raw-frame.js';

// Not imported: V8 folds the constants of a file, but loads imported ones in each round of a loop.
const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const nul = 0x00;

const firstBeyondAscii = 0x80;

const nothing: Buffer = Buffer.alloc(0);
/** Bytes that are decoded together: enough for most heads, and few, because a stored header keeps all of them in memory. */
const windowSize = 256;

/** This many line ends count as one heart-beat, because reading them takes as long as a small frame. */
const maxLineEnds = 64;

/** A frame whose command has been read. */
interface Draft extends HeaderDraft {
  readonly command: string;
  readonly crlf: boolean;
  readonly letters: EscapeLetters | undefined;
  /** True when a `content-length` with blanks around its name counts. */
  readonly trims: boolean;
  readonly lineLimit: 'maxHeaderBytes' | 'maxConnectHeaderBytes';
  headerCount: number;
  bodyLength: number | undefined;
}

/** Reads only the syntax of frames and ignores the meaning of commands, so it also parses frames of servers. */
export class Parser {
  /** The rules for the frames that follow. */
  dialect: Dialect = beforeConnect;
  #chunk = nothing;
  /** Index of the first byte of the chunk that has not been read. */
  #at = 0;
  /** The decoded part of the chunk, which begins at `windowStart`; one character for each byte. */
  #window = '';
  #windowStart = 0;
  /** The beginning of a line whose end has not arrived; one character for each byte. */
  #partial = '';
  /** Bitwise OR of all bytes of that line: below 0x80 when it is ASCII. */
  #seen = 0;
  /** Collects a body that arrives in several chunks; undefined until there is one. */
  #partialBody: ByteCollector | undefined;
  /** Bytes of the frame before the current line or body. */
  #size = 0;
  #draft: Draft | undefined;
  #inBody = false;

  /** @param commandsWithBody other frames have no body; undefined when every frame may have one */
  constructor(
    private readonly limits: DecoderLimits,
    private readonly commandsWithBody?: ReadonlySet<string>,
  ) {}

  /** Sets the next chunk, which must not change. Frames of the previous chunk that `next` has not returned are lost. */
  feed(chunk: Uint8Array): void {
    this.#setChunk(
      Buffer.isBuffer(chunk)
        ? chunk
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength),
    );
  }

  /**
   * The next frame; `eol` for 64 line ends, or for fewer at the end of a chunk; undefined when more bytes are needed.
   *
   * @throws {MessagingError} when the bytes are not a frame (`frame-malformed`, `header-malformed`, `escape-illegal`,
   *   `text-invalid`, `content-length-invalid`, `body-unexpected`) or exceed a limit (`frame-too-large`); nothing can be read after that
   */
  next(): RawFrame | 'eol' | undefined {
    let lineEnds = 0;
    while (!this.#inBody) {
      const line = this.#readLine();
      if (line === undefined) return lineEnds > 0 ? 'eol' : undefined;
      if (this.#draft !== undefined) {
        this.#header(this.#draft, line);
      } else if (withoutReturn(line) !== '') {
        this.#draft = this.#begin(line);
      } else {
        this.#size = 0;
        if (++lineEnds === maxLineEnds) return 'eol';
      }
    }
    return this.#readBody(this.#draft!);
  }

  /** A header of the current frame, for the answer to a malformed frame. */
  header(name: string): string | undefined {
    return this.#draft?.headers.get(name);
  }

  #setChunk(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#at = 0;
    this.#window = '';
    this.#windowStart = 0;
  }

  #begin(line: string): Draft {
    const { dialect } = this;
    const bare = withoutReturn(line);
    const early = negotiationCommands.has(bare);
    const crlf = early || dialect.crlf;
    return {
      command: crlf ? bare : line,
      headers: new Map(),
      repeatedHeaders: undefined,
      crlf,
      letters: early ? undefined : dialect.escaping.letters,
      trims: !early && dialect.trims,
      lineLimit: early ? 'maxConnectHeaderBytes' : 'maxHeaderBytes',
      headerCount: 0,
      bodyLength: undefined,
    };
  }

  #header(draft: Draft, whole: string): void {
    const line = draft.crlf ? withoutReturn(whole) : whole;
    if (line === '') return this.#beginBody(draft);
    const { maxHeaders } = this.limits;
    if (++draft.headerCount > maxHeaders)
      throw tooLarge('frame', maxHeaders, 'headers', 'maxHeaders');
    const colon = line.indexOf(':');
    if (colon <= 0) throw new MessagingError('header-malformed');
    let name = line.slice(0, colon);
    let value = line.slice(colon + 1);
    if (draft.letters !== undefined && line.includes('\\')) {
      name = unescaped(name, draft.letters);
      value = unescaped(value, draft.letters);
    }
    // Here, because the length decides where the frame ends; the decoder trims the other headers.
    if ((draft.trims ? trimBlanks(name) : name) === 'content-length')
      draft.bodyLength ??= parseContentLength(value);
    else if (!draft.headers.has(name)) draft.headers.set(name, value);
    else repeatHeader(draft, name, value);
  }

  #beginBody(draft: Draft): void {
    this.#inBody = true;
    const { command, bodyLength } = draft;
    if (bodyLength === undefined) return;
    if (bodyLength > 0 && this.commandsWithBody?.has(command) === false) {
      // Rejected here: otherwise the frame would read the following frames as its body.
      if (!this.dialect.ignoresBodies) throw unexpectedBody();
      draft.bodyLength = undefined;
      return;
    }
    // Rejected before any byte of the body is stored.
    this.#checkSize(bodyLength);
  }

  /** The next line without its LF; undefined when its end has not arrived. */
  #readLine(): string | undefined {
    const chunk = this.#chunk;
    const start = this.#at;
    const stop = chunk.length;
    let seen = this.#seen;
    let end = start;
    for (; end < stop; end++) {
      const byte = chunk[end]!;
      if (byte === lineFeed) break;
      if (byte === nul) throw endedEarly();
      seen |= byte;
    }
    const length = this.#partial.length + end - start;
    this.#checkLine(length);
    const line = this.#partial + this.#characters(start, end);
    if (end === stop) {
      this.#seen = seen;
      this.#partial = line;
      this.#setChunk(nothing);
      return undefined;
    }
    this.#at = end + 1;
    this.#size += length + 1;
    this.#seen = 0;
    this.#partial = '';
    return seen < firstBeyondAscii ? line : textOf(Buffer.from(line, 'latin1'));
  }

  /** One character for each byte, which is the text when all bytes are ASCII. */
  #characters(start: number, end: number): string {
    if (end > this.#windowStart + this.#window.length) {
      this.#window = this.#chunk.toString('latin1', start, Math.max(end, start + windowSize));
      this.#windowStart = start;
    }
    return this.#window.slice(start - this.#windowStart, end - this.#windowStart);
  }

  /** The frame, once the byte after its body has arrived. */
  #readBody({ command, headers, repeatedHeaders, bodyLength }: Draft): RawFrame | undefined {
    const chunk = this.#chunk;
    const start = this.#at;
    const partial = this.#partialBody;
    const collected = partial?.length ?? 0;
    const end =
      bodyLength === undefined ? chunk.indexOf(nul, start) : start + bodyLength - collected;
    const complete = end >= 0 && end < chunk.length;
    const stop = complete ? end : chunk.length;
    this.#checkSize(collected + stop - start);
    if (!complete) return this.#keepPartialBody(bodyLength);
    if (chunk[end] !== nul) throw new MessagingError('content-length-invalid');
    const body =
      partial === undefined || collected === 0
        ? bodyOf(chunk, start, end)
        : partial.finish(chunk, start, end);
    this.#at = end + 1;
    this.#size = 0;
    this.#draft = undefined;
    this.#inBody = false;
    return { command, headers, repeatedHeaders, body };
  }

  /** Copies the unread bytes, so that the chunk is not kept alive while the session waits for more. */
  #keepPartialBody(bodyLength: number | undefined): undefined {
    this.#partialBody ??= new ByteCollector();
    this.#partialBody.append(this.#chunk, this.#at, this.#chunk.length, bodyLength);
    this.#setChunk(nothing);
  }

  #checkLine(length: number): void {
    const option = this.#draft?.lineLimit ?? 'maxHeaderBytes';
    const limit = this.limits[option];
    if (length > limit) throw tooLarge('header', limit, 'bytes', option);
    this.#checkSize(length);
  }

  /** Counts bytes and the one byte that ends them. */
  #checkSize(bytes: number): void {
    const { maxFrameBytes } = this.limits;
    if (this.#size + bytes >= maxFrameBytes)
      throw tooLarge('frame', maxFrameBytes, 'bytes', 'maxFrameBytes');
  }
}

function withoutReturn(line: string): string {
  return line.charCodeAt(line.length - 1) === carriageReturn ? line.slice(0, -1) : line;
}

function endedEarly(): MessagingError {
  return new MessagingError('frame-malformed', 'The frame ends before its headers do.');
}

function unexpectedBody(): MessagingError {
  return new MessagingError(
    'body-unexpected',
    'A frame of this kind has no body, so its content-length must be 0 or absent.',
  );
}

function textOf(line: Buffer): string {
  // `toString` alone would replace invalid bytes silently.
  if (!isUtf8(line)) throw new MessagingError('text-invalid');
  return line.toString();
}

function unescaped(text: string, letters: EscapeLetters): string {
  const plain = unescapeText(text, letters);
  if (plain === undefined) throw new MessagingError('escape-illegal');
  return plain;
}
