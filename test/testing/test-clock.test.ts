// The test clock: it moves only when it is advanced, and runs timers in order.
import { testClock } from 'signalbox/testing';
import { afterEach, expect, it, vi } from 'vitest';
import { testServer } from 'signalbox/testing';

afterEach(() => vi.useRealTimers());

it('moves only when it is advanced', async () => {
  const clock = testClock({ date: 1000 });
  expect([clock.now(), clock.date()]).toEqual([0, 1000]);
  await clock.advance(250);
  expect([clock.now(), clock.date()]).toEqual([250, 1250]);
});

it('runs due timers in order, including timers that other timers start', async () => {
  const clock = testClock();
  const fired: [string, number][] = [];
  const fire = (name: string) => () => void fired.push([name, clock.now()]);
  clock.after(30, fire('late'));
  clock.after(10, () => {
    fire('early')();
    clock.after(10, fire('started by a timer'));
    // The clock waits for the effects of a timer.
    void Promise.resolve().then(fire('effect'));
  });
  clock.after(5, fire('cancelled')).cancel();
  clock.after(31, fire('beyond'));
  await clock.advance(30);
  expect(fired).toEqual([
    ['early', 10],
    ['effect', 10],
    ['started by a timer', 20],
    ['late', 30],
  ]);
  expect(clock.timers).toEqual([1]);
});

it('cannot move back', async () => {
  for (const wrong of [-1, Number.NaN])
    await expect(testClock().advance(wrong)).rejects.toThrow('The clock cannot advance by');
});

it('works with the fake timers of a test runner', async () => {
  vi.useFakeTimers();
  const app = await testServer();
  const ann = await app.connect({ heartbeat: [0, 1000] });
  const topic = await ann.subscribe('/topic/any');
  await ann.send('/topic/any', 'hi');
  expect(await topic.next()).toMatchObject({ payload: 'hi' });
  await app.clock.advance(5000);
  expect(ann.heartbeats).toBeGreaterThan(0);
  await app.close();
});
