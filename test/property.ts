// The number of cases of a property test: 1,000 by default, 5,000 in `npm run test:all`, any number in `npm run fuzz`.
import type { Parameters } from 'fast-check';

const { PROPERTY_RUNS = '1000', PROPERTY_SEED } = process.env;

/** True in `npm run fuzz`, which prints the number of steps. */
export const fuzzing = PROPERTY_SEED !== undefined;

export const cases: Parameters<unknown> = {
  numRuns: Number(PROPERTY_RUNS),
  ...(PROPERTY_SEED === undefined ? {} : { seed: Number(PROPERTY_SEED) }),
};
