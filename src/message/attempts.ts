// Steps of which each is taken, whatever became of those before.

export class Attempts {
  readonly #failures: unknown[] = [];

  async make(step: () => void | Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.#failures.push(error);
    }
  }

  /** Throws the first failure, where there was one. */
  conclude(): void {
    if (this.#failures.length > 0) throw this.#failures[0];
  }
}
