// Activity: the server is idle when no work is in progress, and none begins within a turn.
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
  it('is idle one turn after all work has ended', async () => {
    expect(await idleAfter((activity) => activity.end())).toBe(false);
    const ended = await idleAfter((activity, turn) => {
      activity.end();
      turn();
    });
    expect(ended).toBe(true);
  });

  it('is not idle when work begins in that turn', async () => {
    const begun = await idleAfter((activity, turn) => {
      activity.end();
      activity.begin();
      turn();
    });
    expect(begun).toBe(false);
  });

  it('is not idle during a turn of work', async () => {
    const clock = manualClock();
    const activity = new Activity(clock);
    let ended = false;
    let idle = false;
    void activity.turn().then(() => (ended = true));
    void activity.idle().then(() => (idle = true));

    await Promise.resolve();
    expect(ended).toBe(false);
    clock.turn();
    await new Promise(setImmediate);
    expect({ ended, idle }).toEqual({ ended: true, idle: false });
    clock.turn();
    await Promise.resolve();
    expect(idle).toBe(true);
  });
});
