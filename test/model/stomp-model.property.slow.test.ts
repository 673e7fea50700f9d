// The server against a model of the specification: random frames of several sessions, cut anywhere, and everything agrees.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cases, fuzzing } from '../property.js';
import { Play, World } from './play.js';
import { settings, steps } from './script.js';
import { RealServer } from './real-server.js';

/** Each case of `npm run fuzz` is so many steps. */
const stepsPerCase = 10;
/** One run with another; measured. */
const stepsPerRun = 80;

it('says what the model says', { timeout: 0 }, async () => {
  const plays = fc.commands([steps.map((step) => new Play(step))], {
    maxCommands: 300,
    size: 'max',
  });
  let played = 0;
  await fc.assert(
    fc.asyncProperty(settings, fc.noBias(plays), async (chosen, commands) => {
      const real = await RealServer.open(chosen);
      const world = new World(chosen);
      await fc.asyncModelRun(() => ({ model: world, real }), commands);
      played += world.steps;
      expect(await real.empty()).toEqual({ sessions: 0, timers: 0 });
      await real.server.close();
    }),
    { ...cases, numRuns: Math.ceil((Number(cases.numRuns) * stepsPerCase) / stepsPerRun) },
  );
  if (fuzzing) console.log(`${played.toLocaleString('en-US')} steps were played.`);
});
