// `npm run fuzz [-- runs [seed]]`: runs every property test with a million cases, or with `runs`. The seed repeats a run.
import { fileURLToPath } from 'node:url';
import { runInForeground } from './launch/child.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const [runs = '1000000', seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2);

if ([runs, seed].every((each) => /^\d+$/.test(each))) {
  console.log(`Each property is tried with ${runs} cases, from seed ${seed}.`);
  process.env['PROPERTY_RUNS'] = runs;
  process.env['PROPERTY_SEED'] = seed;
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '.property.', '--testTimeout=0'];
  process.exitCode = await runInForeground(root, vitest);
} else {
  console.error(
    'Pass the number of cases and the seed as whole numbers: npm run fuzz -- 1000000 42',
  );
  process.exitCode = 1;
}
