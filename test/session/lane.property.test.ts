// The lane under any delays: order in, and order of what is reported done.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Lane } from '../../src/session/lane.js';
import { cases } from '../property.js';

it('a lane keeps order under any delays, at any concurrency', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(4), { maxLength: 40 }),
      fc.integer({ min: 1, max: 4 }),
      async (delays, concurrency) => {
        const started: number[] = [];
        const done: number[] = [];
        let running = 0;
        const lane = new Lane<number, void>(concurrency, {
          run: async (item) => {
            started.push(item);
            expect(++running).toBeLessThanOrEqual(concurrency);
            for (let i = 0; i < delays[item]!; i++) await Promise.resolve();
            running--;
          },
          done: (item) => void done.push(item),
          overlaps: (item) => item % 3 > 0,
          advanced: () => {},
        });
        delays.forEach((_, item) => lane.push(item));
        await lane.settled();
        const inOrder = delays.map((_, item) => item);
        expect(started).toEqual(inOrder);
        expect(done).toEqual(inOrder);
      },
    ),
    cases,
  );
});
