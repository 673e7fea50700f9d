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

  /** All of them and these, in memory of just their size; nothing is gathered afterwards. */
  finish(octets: Buffer, start: number, end: number): Buffer {
    const whole = Buffer.allocUnsafe(this.#length + end - start);
    this.#octets.copy(whole, 0, 0, this.#length);
    octets.copy(whole, this.#length, start, end);
    this.#octets = nothing;
    this.#length = 0;
    return whole;
  }
}
