// A cache of lookups by destination. Clients choose the keys, so it is bounded in number and size.

/** Destinations of one generation; the cache keeps two generations. */
const maxGeneration = 4096;
/** Longer destinations are not cached. */
const maxCharacters = 256;

/** Drops destinations that were not used during a whole generation. */
export class DestinationCache<T> {
  #young = new Map<string, T>();
  #old = new Map<string, T>();

  get(destination: string): T | undefined {
    const young = this.#young.get(destination);
    if (young !== undefined) return young;
    const old = this.#old.get(destination);
    if (old !== undefined) this.set(destination, old);
    return old;
  }

  set(destination: string, value: T): void {
    if (destination.length > maxCharacters) return;
    if (this.#young.size === maxGeneration) {
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
