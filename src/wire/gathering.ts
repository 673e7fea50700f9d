// Octets that arrive in pieces, gathered in linear time and in no more than twice their memory.

const nothing: Buffer = Buffer.alloc(0);
const littleSize = 4096;

export class Gathering {
  #octets: Buffer = nothing;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** @param expected how many there will be in the end, where that is known */
  append(octets: Buffer, start: number, end: number, expected = 0): void {
    const length = this.#length + end - start;
    if (length > this.#octets.length) {
      // Memory for what did not come yet is given only where it is little.
      const announced = expected <= littleSize ? expected : 0;
      const larger = Buffer.allocUnsafe(Math.max(length, announced, 2 * this.#octets.length));
      this.#octets.copy(larger, 0, 0, this.#length);
      this.#octets = larger;
    }
    octets.copy(this.#octets, this.#length, start, end);
    this.#length = length;
  }

  /** All of them and these, in memory of just their size; nothing is gathered afterwards. */
  finish(octets: Buffer, start: number, end: number): Buffer {
    const length = this.#length + end - start;
    let whole = this.#octets;
    if (whole.length !== length) {
      whole = Buffer.allocUnsafe(length);
      this.#octets.copy(whole, 0, 0, this.#length);
    }
    octets.copy(whole, this.#length, start, end);
    this.#octets = nothing;
    this.#length = 0;
    return whole;
  }
}
