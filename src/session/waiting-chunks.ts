// The received chunks of a session that are not decoded: small ones are copied, because they keep much more memory than their bytes.

/** Chunks of up to this many bytes are copied. A copy takes less time than the smallest frame. */
const smallBytes = 2048;
/** Bytes of the buffers that small chunks are copied into. */
export const blockBytes = 16_384;
/** A list of chunks, and of other items between them. Taking an item does not shift the list, which would copy a long one. */
export class WaitingChunks<Item extends object> {
  /** Chunks and other items; for a copied chunk, its length. The places before the head are empty. */
  readonly #items: (Uint8Array | Item | number | undefined)[] = [];
  #head = 0;
  /** The bytes of the copied chunks, in order. A chunk that does not fit into the rest of a block begins the next one. */
  readonly #blocks: Buffer[] = [];
  /** Bytes written to the last block. */
  #written = blockBytes;
  /** Bytes read from the first block. */
  #read = 0;
  get empty(): boolean {
    return this.#head >= this.#items.length;
  }

  add(item: Item): void {
    this.#items.push(item);
  }

  /** Adds a chunk, which is not empty. Returns true if it was copied. */
  addChunk(chunk: Uint8Array): boolean {
    const copied = chunk.length <= smallBytes;
    if (copied) this.#copy(chunk);
    this.#items.push(copied ? chunk.length : chunk);
    return copied;
  }

  /** Removes and returns the oldest item. */
  take(): Uint8Array | Item | undefined {
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    return typeof item === 'number' ? this.#takeCopy(item) : item;
  }

  #copy(chunk: Uint8Array): void {
    if (this.#written + chunk.length > blockBytes) {
      this.#blocks.push(Buffer.allocUnsafeSlow(blockBytes));
      this.#written = 0;
    }
    this.#blocks.at(-1)!.set(chunk, this.#written);
    this.#written += chunk.length;
  }

  #takeCopy(length: number): Buffer {
    if (this.#read + length > blockBytes) {
      this.#blocks.shift();
      this.#read = 0;
    }
    const start = this.#read;
    this.#read += length;
    return this.#blocks[0]!.subarray(start, this.#read);
  }
}
