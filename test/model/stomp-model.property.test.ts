// The server against a model of the specification: random frames of several sessions, cut anywhere, and everything agrees.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cases } from '../property.js';
import { Play, World } from './play.js';
import { settings, steps } from './script.js';
import { Stage } from './stage.js';

/** Each case of `npm run fuzz` is so many steps, one run with another. */
const stepsPerCase = 4;
const stepsPerRun = 60;

it('says what the model says', { timeout: 0 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      settings,
      fc.commands([steps.map((step) => new Play(step))], { maxCommands: 100, size: 'max' }),
      async (chosen, commands) => {
        const stage = await Stage.open(chosen);
        await fc.asyncModelRun(() => ({ model: new World(chosen), real: stage }), commands);
        expect(await stage.empty()).toEqual({ sessions: 0, timers: 0 });
        await stage.server.close();
      },
    ),
    { ...cases, numRuns: Math.ceil((Number(cases.numRuns) * stepsPerCase) / stepsPerRun) },
  );
});
