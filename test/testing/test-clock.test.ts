// The test clock: it moves only when it is advanced, and runs timers in order.
import { inspect } from 'node:util';
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

it.each([-1, Number.NaN, Infinity, '5', null, undefined, 1n])(
  'advances only by numbers that are not negative, so it refuses %o',
  async (wrong) => {
    const clock = testClock();
    await expect(clock.advance(wrong as number)).rejects.toThrow(
      new RangeError(
        `The clock cannot advance by ${inspect(wrong)} ms; pass a number of 0 or more.`,
      ),
    );
    expect(clock.now()).toBe(0);
  },
);

it.each([Number.NaN, undefined, null, '7', 1n])(
  'refuses the delay %o, with which Node would call the action immediately',
  async (wrong) => {
    const clock = testClock();
    const after = () => clock.after(wrong as number, () => {});
    expect(after).toThrow(RangeError);
    expect(after).toThrow(
      `The delay of a timer must be a number of milliseconds; it is ${inspect(wrong)}.`,
    );
    expect(clock.timers).toEqual([]);
  },
);

it('limits delays as the system clock does', () => {
  const clock = testClock();
  for (const delay of [Infinity, -5, 3, Infinity, -Infinity]) clock.after(delay, () => {});
  expect(clock.timers).toEqual([0, 0, 3, 2_147_483_647, 2_147_483_647]);
});

it.each<[options: unknown, message: string]>([
  [null, 'The options must be an object, such as { date: ... }.'],
  [{ dat: 5 }, "The option 'dat' is unknown; the nearest known one is 'date'."],
  [{ date: '2020' }, "The option 'date' must be a number."],
  [{ date: new Date(0) }, "The option 'date' must be a number."],
  [
    { date: Number.NaN },
    "The option 'date' must be a time in milliseconds since 1970, unlike NaN.",
  ],
  [{ date: 1e16 }, "The option 'date' must be a time in milliseconds since 1970, unlike"],
])('refuses the options %o', (options, message) => {
  expect(() => testClock(options as { date: number })).toThrow(message);
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
