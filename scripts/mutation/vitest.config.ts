// Settings of vitest in mutation runs: only the tests of the mutated folder, in one worker without isolation.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import type { Reporter, Vitest } from 'vitest/node';
import project from '../../vitest.config.js';

export default defineConfig({
  root: fileURLToPath(new URL('../../', import.meta.url)),
  oxc: project.oxc,
  resolve: project.resolve,
  test: {
    include: JSON.parse(process.env['MUTATION_TESTS'] ?? '[]'),
    exclude: ['**/*.slow.test.ts'],
    // Stryker ends tests that hang because of a mutant. Its timeout is proportional to their usual time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    isolate: false,
    reporters: ['default', failuresOutsideTests()],
  },
});

/** Reports files that fail outside a test as an error of the run: Stryker counts only failed tests. */
function failuresOutsideTests(): Reporter {
  let vitest: Vitest;
  return {
    onInit: (context) => void (vitest = context),
    onTestModuleEnd(module) {
      for (const failure of [module, ...module.children.allSuites()].flatMap((each) =>
        each.errors(),
      ))
        vitest.state.catchError(new Error(failure.message), `${module.relativeModuleId} failed`);
    },
  };
}
