// What was found for a destination, remembered: bounded in number and size, as clients choose the keys.

/** Destinations of one generation; two are kept. */
const generationLimit = 4096;
/** Longer destinations are looked up afresh each time. */
const lengthLimit = 256;

/** What was not asked for during a whole generation is forgotten; nothing is ever moved or counted. */
export class DestinationCache<T> {
  #young = new Map<string, T>();
  #old = new Map<string, T>();

  get(destination: string): T | undefined {
    const value = this.#young.get(destination);
    if (value !== undefined) return value;
    const kept = this.#old.get(destination);
    if (kept !== undefined) this.set(destination, kept);
    return kept;
  }

  set(destination: string, value: T): void {
    if (destination.length > lengthLimit) return;
    if (this.#young.size === generationLimit) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(destination, value);
  }

  clear(): void {
    if (this.#young.size > 0) this.#young.clear();
    if (this.#old.size > 0) this.#old = new Map();
  }
}
