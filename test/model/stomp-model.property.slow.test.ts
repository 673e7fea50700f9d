// The server against a model of the specification: random frames of several sessions, cut anywhere, and everything agrees.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cases, fuzzing } from '../property.js';
import { Play, World } from './play.js';
import { settings, steps } from './script.js';
import { Stage } from './stage.js';

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
      const stage = await Stage.open(chosen);
      const world = new World(chosen);
      await fc.asyncModelRun(() => ({ model: world, real: stage }), commands);
      played += world.steps;
      expect(await stage.empty()).toEqual({ sessions: 0, timers: 0 });
      await stage.server.close();
    }),
    { ...cases, numRuns: Math.ceil((Number(cases.numRuns) * stepsPerCase) / stepsPerRun) },
  );
  if (fuzzing) console.log(`${played.toLocaleString('en-US')} steps were played.`);
});
