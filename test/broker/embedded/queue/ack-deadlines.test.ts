// Deadlines of acknowledgements: they stand still while the client is busy, and cost no timer while nothing is due.
import { expect, it } from 'vitest';
import { AckDeadlines } from '../../../../src/broker/embedded/queue/ack-deadlines.js';
import { manualClock } from '../../../manual-clock.js';

function deadlines(within = 800) {
  const clock = manualClock();
  const missed: string[][] = [];
  const state = { busy: false };
  const subject = new AckDeadlines({
    clock,
    ackTimeout: within,
    busy: () => state.busy,
    missed: (acks) => void missed.push([...acks]),
  });
  return { clock, missed, state, subject };
}

it('names what was not settled in time, together', () => {
  const { clock, missed, subject } = deadlines();
  subject.add('1');
  subject.add('2');
  clock.advance(300);
  subject.add('3');
  subject.delete('2');
  clock.advance(500);
  expect(missed).toEqual([['1']]);
  clock.advance(300);
  expect(missed).toEqual([['1'], ['3']]);
  expect(clock.timers).toBe(0);
});

it('is never early, whenever the others were added', () => {
  const { clock, missed, subject } = deadlines();
  subject.add('1');
  clock.advance(99);
  subject.add('2');
  clock.advance(799);
  expect(missed).toEqual([['1']]);
  clock.advance(100);
  expect(missed).toEqual([['1'], ['2']]);
});

it('stands still while the client is busy', () => {
  const { clock, missed, state, subject } = deadlines();
  subject.add('1');
  clock.advance(400);
  state.busy = true;
  clock.advance(10_000);
  expect(missed).toEqual([]);
  state.busy = false;
  clock.advance(400);
  expect(missed).toEqual([['1']]);
});

it('runs no timer without a limit, and none when all is settled', () => {
  const without = deadlines(0);
  without.subject.add('1');
  expect(without.clock.timers).toBe(0);
  const { clock, subject } = deadlines();
  subject.add('1');
  subject.add('2');
  subject.delete('1');
  expect(clock.timers).toBe(1);
  subject.clear();
  expect(clock.timers).toBe(0);
});
