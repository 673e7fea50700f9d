// A reporter that adds one plain line to the end of a run: `123 passed, 0 failed`.
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

export function closingLine(): Reporter {
  return {
    onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]) {
      const states = modules.flatMap(({ children }) =>
        Array.from(children.allTests(), (test) => test.result().state),
      );
      const count = (state: string) => states.filter((each) => each === state).length;
      // An error outside the tests of a file or a suite counts as one failed test.
      const errors = modules.flatMap((module) =>
        [module, ...module.children.allSuites()].flatMap((each) => each.errors()),
      );
      const failed = unhandledErrors.length + errors.length + count('failed');
      const skipped = states.length - count('passed') - count('failed');
      const more = skipped === 0 ? '' : `, ${skipped} skipped`;
      console.log(`${count('passed')} passed, ${failed} failed${more}`);
    },
  };
}
