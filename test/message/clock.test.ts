// The system clock, where it differs from the timers of Node.
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/message/clock.js';

describe('the clock', () => {
  it('does not fire immediately for a delay that timers do not support', async () => {
    let fired = false;
    const timer = systemClock.after(2 ** 40, () => (fired = true));
    await new Promise((resolve) => setTimeout(resolve, 10));
    timer.cancel();
    expect(fired).toBe(false);
  });

  it('fires once, unless it was cancelled', async () => {
    const fired: string[] = [];
    systemClock.after(1, () => void fired.push('one'));
    systemClock.after(1, () => void fired.push('two')).cancel();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(fired).toEqual(['one']);
  });

  it('calls the action of soon() at the end of the turn', async () => {
    const fired: string[] = [];
    systemClock.soon(() => void fired.push('soon'));
    fired.push('now');
    await new Promise((resolve) => setImmediate(resolve));
    expect(fired).toEqual(['now', 'soon']);
  });

  it('only grows', () => {
    const before = systemClock.now();
    expect(systemClock.now()).toBeGreaterThanOrEqual(before);
    expect(systemClock.date()).toBeGreaterThan(1_700_000_000_000);
  });
});
