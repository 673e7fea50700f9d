// Activity: the server is idle when no work is in progress and no work begins within a turn.
import { describe, expect, it } from 'vitest';
import { Activity } from '../../src/session/activity.js';
import { testClock } from 'signalbox/testing';

async function idleAfter(
  steps: (activity: Activity, turn: () => Promise<void>) => void | Promise<void>,
): Promise<boolean> {
  const clock = testClock();
  const activity = new Activity(clock);
  let idle = false;
  activity.begin();
  void activity.idle().then(() => (idle = true));
  await steps(activity, () => clock.advance(0));
  await Promise.resolve();
  return idle;
}

describe('activity', () => {
  it('is idle one turn after all work has ended', async () => {
    expect(await idleAfter((activity) => activity.end())).toBe(false);
    const ended = await idleAfter(async (activity, turn) => {
      activity.end();
      await turn();
    });
    expect(ended).toBe(true);
  });

  it('is not idle when work begins in that turn', async () => {
    const begun = await idleAfter(async (activity, turn) => {
      activity.end();
      activity.begin();
      await turn();
    });
    expect(begun).toBe(false);
  });
});
