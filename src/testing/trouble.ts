// What went wrong with a client, and whether an expectation has looked at it.
import type { ClientProblem, Ending } from './client-problem.js';
import { nearestRoute, showEnding, showProblem } from './explain.js';
import type { Scene } from './scene.js';

export class Trouble {
  readonly #problems: ClientProblem[] = [];
  readonly #unseen = new Set<ClientProblem>();
  #error: ClientProblem | undefined;
  #endSeen = false;

  /** A problem that the session survives; `elsewhere` when the test reads it elsewhere as well. */
  tell(problem: ClientProblem, elsewhere = false): void {
    this.#problems.push(problem);
    if (!elsewhere) this.#unseen.add(problem);
  }

  /** The ERROR that ends the session. */
  fail(error: ClientProblem): void {
    this.#error = error;
  }

  /** A look at the problems. */
  readProblems(): readonly ClientProblem[] {
    this.#unseen.clear();
    return [...this.#problems];
  }

  /** A look at how the session ended, by its ERROR. */
  readError(): ClientProblem | undefined {
    this.#endSeen = true;
    return this.#error;
  }

  /** How it ends is what the test wants. */
  expectEnd(): void {
    this.#endSeen = true;
  }

  /** The problems and the ERROR, without a look. */
  get all(): readonly ClientProblem[] {
    return this.#error === undefined ? this.#problems : [...this.#problems, this.#error];
  }

  /** The last of them, which the test is told of. */
  take(): ClientProblem | undefined {
    const last = this.all.at(-1);
    if (last === undefined) return undefined;
    this.#unseen.delete(last);
    this.#endSeen ||= last === this.#error;
    return last;
  }

  /** The ERROR in brackets; empty where there was none. */
  get cause(): string {
    return this.#error === undefined ? '' : ` (${showProblem(this.#error)})`;
  }

  /** What no expectation looked at, as sentences. */
  looseEnds(label: string, ending: Ending | undefined, scene: Scene): string[] {
    const problems = [...this.#unseen].map(
      (problem) =>
        `${label} was told ${showProblem(problem)}${nearestRoute(scene, problem)} No expectation has read its 'problems'.`,
    );
    if (ending === undefined || this.#endSeen || ending.code === 1000) return problems;
    return [
      ...problems,
      `${label} was ${showEnding(ending)}${this.cause}. No expectation has read its 'closed' or 'error'.`,
    ];
  }
}
