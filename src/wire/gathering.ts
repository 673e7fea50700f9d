// Octets that arrive in pieces, gathered in linear time and in no more than twice their memory.

const nothing: Buffer = Buffer.alloc(0);

export class Gathering {
  #octets: Buffer = nothing;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(octets: Buffer, start: number, end: number): void {
    const length = this.#length + end - start;
    if (length > this.#octets.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#octets.length));
      this.#octets.copy(larger, 0, 0, this.#length);
      this.#octets = larger;
    }
    octets.copy(this.#octets, this.#length, start, end);
    this.#length = length;
  }

  /** All of them, in memory of just their size; nothing is gathered afterwards. */
  take(): Buffer {
    const octets = this.#octets;
    const whole =
      this.#length === octets.length ? octets : Buffer.from(octets.subarray(0, this.#length));
    this.#octets = nothing;
    this.#length = 0;
    return whole;
  }
}
