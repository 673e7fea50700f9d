// What the kit throws: a sentence that says what is wrong, at the line of the test.
import type { ClientProblem } from './client-problem.js';

/** An expectation that cannot come true, or a use of the kit that makes no sense. */
export class TestFailure extends Error {
  override readonly name = 'TestFailure';
  /** What the server said, where it refused what the test asked for. */
  readonly problem: ClientProblem | undefined;

  constructor(message: string, problem?: ClientProblem) {
    super(message);
    this.problem = problem;
  }
}

/** Where a test called the kit; asked for at the call, since afterwards nobody knows. */
export interface Site {
  readonly stack?: string;
}

/** The way to the method of the kit that the test has called. */
export function siteOf<T extends object>(called: T, method: keyof T): Site {
  const site: Site = {};
  Error.captureStackTrace(site, Reflect.get(called, method) as () => unknown);
  return site;
}

export function failure(message: string, site: Site, problem?: ClientProblem): TestFailure {
  const failed = new TestFailure(message, problem);
  const way = site.stack?.split('\n').slice(1).join('\n') ?? '';
  failed.stack = `${failed.name}: ${message}\n${way}`;
  return failed;
}
