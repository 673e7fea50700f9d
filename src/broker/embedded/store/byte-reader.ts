// Reads numbers and byte strings from the bytes of a LevelDB file.

export class ByteReader {
  #at = 0;

  constructor(private readonly bytes: Buffer) {}

  get isAtEnd(): boolean {
    return this.#at >= this.bytes.length;
  }

  /** @throws {Error} when fewer bytes are left */
  take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.bytes.length) throw new Error('it ends too early');
    const taken = this.bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  /** A number of seven bits per byte, least significant first. @throws {Error} when it has no end */
  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.#at++];
      if (byte === undefined) throw new Error('it ends too early');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  /** Bytes after their length. @throws {Error} when fewer bytes are left */
  prefixed(): Buffer {
    return this.take(this.varint());
  }
}
