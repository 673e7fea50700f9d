// Promises with a time limit.
import { testClock } from 'signalbox/testing';
import { describe, expect, it } from 'vitest';
import { settledInTime } from '../../src/message/promise.js';

describe('settledInTime', () => {
  it('settles as the promise, and leaves no timer', async () => {
    const clock = testClock();
    await expect(settledInTime(Promise.resolve(1), clock, 100)).resolves.toBe(1);
    await expect(settledInTime(Promise.reject(new Error('no')), clock, 100)).rejects.toThrow('no');
    expect(clock.timers).toEqual([]);
  });

  it('rejects after the timeout, and drops a later error', async () => {
    const clock = testClock();
    let fail!: (error: Error) => void;
    const pending = settledInTime(new Promise((_resolve, reject) => (fail = reject)), clock, 100);
    const advanced = clock.advance(100);
    await expect(pending).rejects.toMatchObject({ code: 'handler-timeout' });
    await advanced;
    fail(new Error('late'));
  });

  it('waits for any time with a timeout of 0', async () => {
    const clock = testClock();
    void settledInTime(new Promise(() => {}), clock, 0);
    expect(clock.timers).toEqual([]);
  });
});
