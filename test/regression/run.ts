// Runs a case, and compares its outcome with the list of known failures.
import { AssertionError } from 'node:assert';
import { WrongAnswer, type Run } from './case.js';
import { Setup, turns } from './setup.js';

/** Milliseconds after which a waiting run has failed. No known failure reaches this timeout. */
const runTimeout = 10_000;

const events = ['uncaughtException', 'unhandledRejection'] as const;
type Listener = (thrown: unknown) => void;

/** Exceptions that no code has caught: each would have ended the process of an application. */
export class UncaughtExceptions {
  #thrown: unknown[] = [];
  #replaced: (readonly [event: (typeof events)[number], listener: Listener])[] = [];
  readonly #keep: Listener = (thrown) => void this.#thrown.push(thrown);

  /** Replaces the listeners of the test runner, which would stop at the first exception. */
  start(): void {
    for (const event of events) {
      for (const listener of process.listeners(event as 'uncaughtException') as Listener[]) {
        this.#replaced.push([event, listener]);
        process.off(event, listener);
      }
      process.on(event, this.#keep);
    }
  }

  stop(): void {
    for (const event of events) process.off(event, this.#keep);
    for (const [event, listener] of this.#replaced) process.on(event, listener);
    this.#replaced = [];
  }

  /** Returns the exceptions since the last call. */
  take(): readonly unknown[] {
    const thrown = this.#thrown;
    this.#thrown = [];
    return thrown;
  }
}

/** An exception that no code has caught would have ended the process of an application. */
export class ProcessEnded extends WrongAnswer {
  constructor(cause: unknown) {
    super('An uncaught exception ended the process.', { cause });
  }
}

/** The wrong answer of the server; undefined if it answered correctly. Rejects if the case itself is broken. */
export async function wrongAnswerOf(
  run: Run,
  uncaught: UncaughtExceptions,
): Promise<AssertionError | undefined> {
  const setup = new Setup(run);
  const wrong = await wrongAnswerIn(async () => {
    await run.case.run(setup);
    await setup.neighborIsServed();
  });
  const unclosed = await wrongAnswerIn(() => setup.close());
  await turns(2);
  const [first] = uncaught.take();
  // More serious than any other outcome.
  if (first !== undefined) return new ProcessEnded(first);
  return wrong ?? unclosed;
}

async function wrongAnswerIn(work: () => Promise<void>): Promise<AssertionError | undefined> {
  try {
    await withTimeout(work());
    return undefined;
  } catch (error) {
    if (error instanceof AssertionError) return error;
    throw error;
  }
}

/** The cases that fail, by their result today. */
export interface KnownFailures {
  /** The server answers wrongly. */
  readonly wrong: readonly string[];
  /** An exception ends the process. */
  readonly ending: readonly string[];
}

/** The entries that cover a run: its fault, its case, its protocol or the run itself. */
export function entriesFor(list: readonly string[], key: string): readonly string[] {
  return list.filter((entry) => key === entry || key.startsWith(`${entry}/`));
}

/** The failure of the test of a run: a new failure, or an entry that must be changed. Undefined if the list matches. */
export function verdictOn(
  key: string,
  outcome: AssertionError | undefined,
  { wrong, ending }: KnownFailures,
): Error | undefined {
  const [entry] = entriesFor([...wrong, ...ending], key);
  if (outcome === undefined)
    return entry === undefined
      ? undefined
      : new Error(`${key} passes: remove '${entry}' from known-failures.ts.`);
  const ends = outcome instanceof ProcessEnded;
  const [known] = entriesFor(ends ? ending : wrong, key);
  if (known !== undefined) return undefined;
  return ends || entry === undefined
    ? outcome
    : new Error(`${key} no longer ends the process: move '${entry}' in known-failures.ts.`, {
        cause: outcome,
      });
}

async function withTimeout(promise: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    const fail = () => reject(new WrongAnswer('The case has waited too long.'));
    timer = setTimeout(fail, runTimeout);
  });
  try {
    await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}
