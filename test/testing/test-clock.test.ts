// The clock of a test: it stands still, and what falls due on the way happens in order.
import { testClock } from 'signalbox/testing';
import { afterEach, expect, it, vi } from 'vitest';
import { testServer } from 'signalbox/testing';

afterEach(() => vi.useRealTimers());

it('stands still until it is moved', async () => {
  const clock = testClock({ date: 1000 });
  expect([clock.now(), clock.date()]).toEqual([0, 1000]);
  await clock.advance(250);
  expect([clock.now(), clock.date()]).toEqual([250, 1250]);
});

it('fires what falls due in order, also what is set on the way', async () => {
  const clock = testClock();
  const fired: [string, number][] = [];
  const fire = (name: string) => () => void fired.push([name, clock.now()]);
  clock.after(30, fire('late'));
  clock.after(10, () => {
    fire('early')();
    clock.after(10, fire('on the way'));
    // What a timer starts goes on before the clock does.
    void Promise.resolve().then(fire('at once'));
  });
  clock.after(5, fire('cancelled')).cancel();
  clock.after(31, fire('beyond'));
  await clock.advance(30);
  expect(fired).toEqual([
    ['early', 10],
    ['at once', 10],
    ['on the way', 20],
    ['late', 30],
  ]);
  expect(clock.timers).toEqual([1]);
});

it('goes forward alone', async () => {
  for (const wrong of [-1, Number.NaN])
    await expect(testClock().advance(wrong)).rejects.toThrow('The clock moves forward alone');
});

it('needs nothing of a runner that puts fakes in the place of timers', async () => {
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
