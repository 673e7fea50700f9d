// The cases of a conformance suite, which any test framework can run.
import { nearest } from '../../message/nearest.js';

/** One case of a conformance suite. */
export interface ConformanceCase {
  /** The end of a sentence that begins with the implementation, such as `delivers a message to its sender too`. */
  readonly name: string;
  /** The reason why the implementation fails the case. `run` then rejects if the implementation passes. */
  readonly exception: string | undefined;
  /** Rejects when the implementation fails the case. */
  readonly run: () => Promise<void>;
}

/** The cases that an implementation fails: the reason by the name of the case. */
export type Exceptions = Readonly<Record<string, string>>;

/** The check of each case, by its name. */
export type Checks<S> = Readonly<Record<string, (subject: S) => void | Promise<void>>>;

/** @throws {Error} for an exception to a case that does not exist */
export function casesOf<S>(
  checks: Checks<S>,
  subject: S,
  exceptions: Exceptions,
): readonly ConformanceCase[] {
  const names = Object.keys(checks);
  const unknown = Object.keys(exceptions).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const close = nearest(unknown, names);
    throw new Error(
      `No case is called "${unknown}"${close === undefined ? '' : `; the nearest is "${close}"`}.`,
    );
  }
  return Object.entries(checks).map(([name, check]) => ({
    name,
    exception: exceptions[name],
    run: async () => {
      if (exceptions[name] === undefined) return check(subject);
      if (await passes(() => check(subject)))
        throw new Error(`The case "${name}" passes. Remove its exception.`);
    },
  }));
}

async function passes(check: () => void | Promise<void>): Promise<boolean> {
  try {
    await check();
    return true;
  } catch {
    return false;
  }
}
