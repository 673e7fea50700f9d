// The way in of one JSON client: octets to client frames.
import { isUtf8 } from 'node:buffer';
import { MessagingError } from '../../message/error.js';
import type { ClientFrame, ConnectFrame, Heartbeat, Malformed } from '../../message/frame.js';
import { noHeaders } from '../../message/message.js';
import { asBuffer } from '../../payload/bytes.js';
import type { Decoder, DecoderLimits } from '../codec.js';
import { Gathering } from '../gathering.js';
import { readClientFrame } from './client-frame.js';
import type { Fields } from './field.js';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** As in STOMP, a line's end alone is a sign of life. */
const blankLine: Heartbeat = { kind: 'heartbeat' };

/** What a client that begins with another frame is taken to have said before it. */
const implicitConnect: ConnectFrame = {
  kind: 'connect',
  implicit: true,
  heartbeat: [0, 0],
  headers: noHeaders,
};

export class JsonDecoder implements Decoder {
  readonly version = '1';
  #connected = false;
  /** The input broke: nothing is read after that. */
  #broken = false;
  /** The line whose end has not come. */
  readonly #gathered = new Gathering();

  constructor(
    private readonly limits: DecoderLimits,
    /** Whether a chunk is one object, rather than any part of lines that are. */
    private readonly messages: boolean,
  ) {}

  *push(chunk: Uint8Array): Iterable<ClientFrame | Heartbeat | Malformed> {
    const octets = asBuffer(chunk);
    for (const unit of this.messages ? [octets] : this.#lines(octets)) {
      if (this.#broken) return;
      if (isBlank(unit)) yield blankLine;
      else yield* this.#read(unit);
    }
  }

  *#lines(chunk: Buffer): Iterable<Buffer> {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      yield this.#line(chunk, start, end);
      start = end + 1;
    }
    this.#gathered.append(chunk, start, chunk.length);
    // Too large already: it is refused before its end has come.
    if (this.#gathered.length > this.limits.maxFrameBytes) yield this.#gathered.finish(chunk, 0, 0);
  }

  #line(chunk: Buffer, start: number, end: number): Buffer {
    if (this.#gathered.length === 0) return chunk.subarray(start, end);
    return this.#gathered.finish(chunk, start, end);
  }

  *#read(octets: Buffer): Iterable<ClientFrame | Heartbeat | Malformed> {
    let fields: Fields = {};
    try {
      if (octets.length > this.limits.maxFrameBytes) throw new MessagingError('frame-too-large');
      fields = objectOf(octets);
      const frame = readClientFrame(fields, octets, this.limits);
      if (frame.kind !== 'heartbeat' && !this.#connected) {
        this.#connected = true;
        if (frame.kind !== 'connect') yield implicitConnect;
      }
      yield frame;
    } catch (error) {
      if (!(error instanceof MessagingError)) throw error;
      this.#broken = true;
      yield malformed(error, fields['receipt']);
    }
  }
}

function isBlank(unit: Buffer): boolean {
  return unit.every((octet) => octet === lineFeed || octet === carriageReturn);
}

function objectOf(octets: Buffer): Fields {
  // Decoding alone would put replacement characters where octets are wrong.
  if (!isUtf8(octets)) throw new MessagingError('text-invalid');
  let value: unknown;
  try {
    value = JSON.parse(octets.toString());
  } catch {
    throw new MessagingError('frame-malformed', 'The frame is not valid JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MessagingError('frame-malformed', 'A frame is a JSON object.');
  }
  return value as Fields;
}

function malformed({ code, message, detail }: MessagingError, receipt: unknown): Malformed {
  return {
    kind: 'malformed',
    code,
    message,
    detail,
    receipt: typeof receipt === 'string' ? receipt : undefined,
  };
}
