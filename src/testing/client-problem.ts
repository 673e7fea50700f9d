// What a client is told when something of its failed.
import type { FieldProblem } from '../message/error.js';

/** What every problem of the server's says, as `docs/reference/errors.md` lists them. */
export interface ProblemWords {
  readonly code: string;
  readonly message: string;
  readonly detail?: string | undefined;
  readonly destination?: string | undefined;
  readonly receipt?: string | undefined;
  readonly fields?: readonly FieldProblem[] | undefined;
}

/** A problem of the server's, or whatever an exception handler of the application's says in its place. */
export interface ClientProblem extends ProblemWords {
  readonly [more: string]: unknown;
}

/** How a session ended. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
}
