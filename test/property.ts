// How many cases each property is tried with: enough in every run of the tests, and as many as one likes in `npm run fuzz`.
import type { Parameters } from 'fast-check';

const { PROPERTY_RUNS = '5000', PROPERTY_SEED } = process.env;

/** Whether `npm run fuzz` asked, which wants to hear how much was done. */
export const fuzzing = PROPERTY_SEED !== undefined;

export const cases: Parameters<unknown> = {
  numRuns: Number(PROPERTY_RUNS),
  ...(PROPERTY_SEED === undefined ? {} : { seed: Number(PROPERTY_SEED) }),
};
