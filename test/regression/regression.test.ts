// Inputs that have found faults, each with its correct answer, on real servers over all protocols and transports.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runsOf, WrongAnswer, type Run } from './case.js';
import { cases } from './cases.js';
import { knownFailures } from './known-failures.js';
import { notCases, partsWithoutCases } from './not-cases.js';
import { entriesFor, ProcessEnded, UncaughtExceptions, verdictOn, wrongAnswerOf } from './run.js';

/** Number of entries for each letter of the list of faults. */
const entries = { A: 7, B: 7, C: 12, D: 13, E: 2, F: 7, G: 4, H: 2 };

const runs = cases.flatMap(runsOf);
const faults = new Map<string, Run[]>();
for (const run of runs) faults.set(run.case.fault, [...(faults.get(run.case.fault) ?? []), run]);

const uncaught = new UncaughtExceptions();
beforeAll(() => uncaught.start());
afterAll(() => uncaught.stop());

for (const [fault, ofFault] of faults) {
  describe(`Fault ${fault}`, () => {
    it.each(ofFault.map((run) => [`${run.case.title} [${run.key}]`, run] as const))(
      '%s',
      async (_, run) => {
        const verdict = verdictOn(run.key, await wrongAnswerOf(run, uncaught), knownFailures);
        if (verdict !== undefined) throw verdict;
      },
    );
  });
}

describe('the list of known failures', () => {
  const list = { wrong: ['A1/case/json', 'B2'], ending: ['B1/case'] };
  const wrong = new WrongAnswer('It is wrong.');
  const ended = new ProcessEnded(new Error('It is not caught.'));

  it('accepts the failure of a listed run only', () => {
    expect(verdictOn('A1/case/json/tcp', wrong, list)).toBeUndefined();
    expect(verdictOn('B2/case', wrong, list)).toBeUndefined();
    expect(verdictOn('A1/case/stomp-1.2/tcp', wrong, list)).toBe(wrong);
    expect(verdictOn('B21/case', wrong, list)).toBe(wrong);
  });

  it('accepts that a run passes only if it is not listed', () => {
    expect(verdictOn('A1/case/stomp-1.2/tcp', undefined, list)).toBeUndefined();
    expect(verdictOn('A1/case/json/tcp', undefined, list)).toEqual(
      new Error("A1/case/json/tcp passes: remove 'A1/case/json' from known-failures.ts."),
    );
  });

  it('accepts that a run ends the process only if it is listed as such', () => {
    expect(verdictOn('B1/case/json/tcp', ended, list)).toBeUndefined();
    expect(verdictOn('A1/case/json/tcp', ended, list)).toBe(ended);
    expect(verdictOn('B1/case/json/tcp', wrong, list)).toEqual(
      new Error(
        "B1/case/json/tcp no longer ends the process: move 'B1/case' in known-failures.ts.",
      ),
    );
  });

  it('has no entry without a run, and one entry at most for a run', () => {
    const all = [...knownFailures.ending, ...knownFailures.wrong];
    const covered = new Set(runs.flatMap(({ key }) => entriesFor(all, key)));
    expect(all.filter((entry) => !covered.has(entry))).toEqual([]);
    const twice = runs.filter(({ key }) => entriesFor(all, key).length > 1);
    expect(twice.map(({ key }) => key)).toEqual([]);
  });
});

describe('the cases', () => {
  it('have different names', () => {
    const keys = cases.map(({ fault, name }) => `${fault}/${name}`);
    expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
  });

  it('cover every entry of the list of faults, unless a reason is given', () => {
    const all = Object.entries(entries).flatMap(([letter, count]) =>
      Array.from({ length: count }, (_, i) => `${letter}${i + 1}`),
    );
    const covered = all.filter((entry) => faults.has(entry) !== Object.hasOwn(notCases, entry));
    expect(covered).toEqual(all);
    expect(Object.keys(partsWithoutCases).filter((entry) => !faults.has(entry))).toEqual([]);
  });
});
