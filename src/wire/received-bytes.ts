// The memory of received bytes: bodies that do not keep large chunks in memory, and frames that are collected from several chunks.

export const noBody: Uint8Array = new Uint8Array(0);

/**
 * The body at this place of a chunk. A view needs no copy, but its chunk (up to 64 KB) stays in memory as long as the message.
 * Therefore small parts of a large chunk are copied.
 */
export function bodyOf(chunk: Buffer, start: number, end: number): Uint8Array {
  if (start === end) return noBody;
  const view = chunk.subarray(start, end);
  const kept = chunk.buffer.byteLength;
  return kept > Buffer.poolSize && view.length * 4 < kept ? Buffer.from(view) : view;
}

const nothing: Buffer = Buffer.alloc(0);

/**
 * Memory for an announced length is reserved only up to this many bytes, because a client must not reserve memory by a header
 * alone.
 */
const maxReservedBytes = 4096;

/** Collects bytes that arrive in parts, in linear time and in at most twice their memory. */
export class ByteCollector {
  #bytes: Buffer = nothing;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** @param expected the final length, when it is known */
  append(chunk: Buffer, start: number, end: number, expected = 0): void {
    const length = this.#length + end - start;
    if (length > this.#bytes.length) {
      const reserved = expected <= maxReservedBytes ? expected : 0;
      const larger = Buffer.allocUnsafe(Math.max(length, reserved, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    chunk.copy(this.#bytes, this.#length, start, end);
    this.#length = length;
  }

  /** The collected bytes followed by the given ones, in a buffer of exactly this size. Empties the collector. */
  finish(chunk: Buffer, start: number, end: number): Buffer {
    const length = this.#length + end - start;
    let whole = this.#bytes;
    if (whole.length !== length) {
      whole = Buffer.allocUnsafe(length);
      this.#bytes.copy(whole, 0, 0, this.#length);
    }
    chunk.copy(whole, this.#length, start, end);
    this.#bytes = nothing;
    this.#length = 0;
    return whole;
  }
}
