// One thing that a contract promises, as a case that any test framework can run.
import { nearest } from '../../message/nearest.js';

export interface ConformanceCase {
  /** What is promised, as a sentence without its subject: `stores messages while nobody listens`. */
  readonly name: string;
  /** Why the implementation does otherwise; `run` then resolves only as long as it does. */
  readonly exception: string | undefined;
  /** Rejects with what is not as promised. */
  readonly run: () => Promise<void>;
}

/** By the names of cases, why an implementation does otherwise. */
export type Exceptions = Readonly<Record<string, string>>;

/** By its name, what is looked at for each promise of a contract. */
export type Checks<S> = Readonly<Record<string, (subject: S) => void | Promise<void>>>;

/** Throws for an exception to no case. */
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
      if (await holds(() => check(subject)))
        throw new Error(`"${name}" holds, so its exception can go.`);
    },
  }));
}

async function holds(check: () => void | Promise<void>): Promise<boolean> {
  try {
    await check();
    return true;
  } catch {
    return false;
  }
}
