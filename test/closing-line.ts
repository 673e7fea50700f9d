// A reporter that adds one plain line to the end of a run: `123 passed, 0 failed`.
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

export function closingLine(): Reporter {
  return {
    onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]) {
      let failed = unhandledErrors.length;
      let passed = 0;
      let skipped = 0;
      for (const module of modules) {
        // A file or a suite that broke outside its tests counts as one that failed.
        failed += module.errors().length;
        for (const suite of module.children.allSuites()) failed += suite.errors().length;
        for (const test of module.children.allTests()) {
          const { state } = test.result();
          if (state === 'passed') passed++;
          else if (state === 'failed') failed++;
          else skipped++;
        }
      }
      console.log(
        `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`,
      );
    },
  };
}
