// Activity: idle when nothing is under way, and still nothing a turn later.
import { describe, expect, it } from 'vitest';
import { Activity } from '../../src/session/activity.js';
import { manualClock } from '../manual-clock.js';

async function idleAfter(steps: (activity: Activity, turn: () => void) => void): Promise<boolean> {
  const clock = manualClock();
  const activity = new Activity(clock);
  let idle = false;
  activity.begin();
  void activity.idle().then(() => (idle = true));
  steps(activity, () => clock.turn());
  await Promise.resolve();
  return idle;
}

describe('activity', () => {
  it('is over when all that began has ended, a turn later', async () => {
    expect(await idleAfter((activity) => activity.end())).toBe(false);
    const ended = await idleAfter((activity, turn) => {
      activity.end();
      turn();
    });
    expect(ended).toBe(true);
  });

  it('is not over when something begins in that turn', async () => {
    const begun = await idleAfter((activity, turn) => {
      activity.end();
      activity.begin();
      turn();
    });
    expect(begun).toBe(false);
  });
});
