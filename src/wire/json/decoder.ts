// Decodes the bytes of one JSON client into client frames.
import { isUtf8 } from 'node:buffer';
import { MessagingError } from '../../message/error.js';
import type {
  ClientFrame,
  ConnectFrame,
  Heartbeat,
  HeartbeatPair,
  Malformed,
} from '../../message/frame.js';
import { noHeaders } from '../../message/message.js';
import { asBuffer } from '../../payload/bytes.js';
import { tooLarge, type Decoder, type DecoderLimits } from '../codec.js';
import { ByteCollector } from '../received-bytes.js';
import { readClientFrame } from './client-frame.js';
import type { Fields } from './field.js';

const carriageReturn = 0x0d;
const lineFeed = 0x0a;

/** An empty line is a heart-beat, as in STOMP. */
const blankLine: Heartbeat = { kind: 'heartbeat' };

/** Inserted when a client begins with another frame than `connect`. */
const implicitConnect: ConnectFrame = Object.freeze<ConnectFrame>({
  kind: 'connect',
  implicit: true,
  heartbeat: Object.freeze<HeartbeatPair>([0, 0]),
  headers: noHeaders,
});

export class JsonDecoder implements Decoder {
  readonly version = '1';
  #connected = false;
  /** True after a malformed frame: nothing after it is read. */
  #broken = false;
  /** The beginning of a line whose end has not arrived. */
  readonly #partial = new ByteCollector();

  constructor(
    private readonly limits: DecoderLimits,
    /** True when a chunk is one object; false when it is a part of a stream of lines. */
    private readonly messages: boolean,
  ) {}

  *push(chunk: Uint8Array): Iterable<ClientFrame | Heartbeat | Malformed> {
    const bytes = asBuffer(chunk);
    for (const unit of this.messages ? [bytes] : this.#lines(bytes)) {
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
    this.#partial.append(chunk, start, chunk.length);
    // Already too large: rejected before its end arrives.
    if (this.#partial.length > this.limits.maxFrameBytes) yield this.#partial.finish(chunk, 0, 0);
  }

  #line(chunk: Buffer, start: number, end: number): Buffer {
    if (this.#partial.length === 0) return chunk.subarray(start, end);
    return this.#partial.finish(chunk, start, end);
  }

  *#read(bytes: Buffer): Iterable<ClientFrame | Heartbeat | Malformed> {
    let fields: Fields = {};
    try {
      const { maxFrameBytes } = this.limits;
      if (bytes.length > maxFrameBytes)
        throw tooLarge('frame', maxFrameBytes, 'bytes', 'maxFrameBytes');
      fields = parseObject(bytes);
      const frame = readClientFrame(fields, bytes, this.limits);
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
  return unit.every((byte) => byte === lineFeed || byte === carriageReturn);
}

function parseObject(bytes: Buffer): Fields {
  // `toString` alone would replace invalid bytes silently.
  if (!isUtf8(bytes)) throw new MessagingError('text-invalid');
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
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
