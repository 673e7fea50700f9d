// A list of messages against one that is sorted anew each time: whatever comes back when, the oldest is the next.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MessageList, type QueuedMessage } from '../../../src/broker/embedded/message-list.js';
import { cases } from '../../property.js';
import { message } from './consuming.js';

/** Some are added, some taken, some of those put back, and those with one remainder taken out. */
const step = fc.oneof(
  fc.record({ add: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ take: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ putBack: fc.array(fc.nat(99), { maxLength: 9 }) }),
  fc.record({ extract: fc.integer({ min: 2, max: 9 }) }),
);

function queued(sequence: number): QueuedMessage {
  return {
    sequence,
    id: `m${sequence}`,
    message: message('/q'),
    size: sequence,
    expires: Infinity,
    retained: false,
    deliveries: 0,
    storedAs: undefined,
  };
}

it('gives the oldest of those that wait', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const list = new MessageList();
      let waiting: QueuedMessage[] = [];
      let taken: QueuedMessage[] = [];
      let sequence = 0;
      for (const each of steps) {
        if ('add' in each) {
          for (let i = 0; i < each.add; i++) {
            const added = queued(++sequence);
            list.add(added);
            waiting.push(added);
          }
        } else if ('take' in each) {
          for (let i = 0; i < each.take; i++) {
            const oldest = waiting.shift();
            expect(list.take()).toBe(oldest);
            if (oldest !== undefined) taken.push(oldest);
          }
        } else if ('putBack' in each) {
          const back = taken.filter((_, i) => each.putBack.includes(i));
          taken = taken.filter((_, i) => !each.putBack.includes(i));
          list.putBack(back.toReversed());
          waiting = [...waiting, ...back].toSorted((a, b) => a.sequence - b.sequence);
        } else {
          const matches = (one: QueuedMessage) => one.sequence % each.extract === 0;
          expect(list.extract(matches)).toEqual(waiting.filter((one) => matches(one)));
          waiting = waiting.filter((one) => !matches(one));
        }
        expect(list.length).toBe(waiting.length);
        expect(list.octets).toBe(waiting.reduce((sum, { size }) => sum + size, 0));
      }
    }),
    { ...cases, numRuns: Math.ceil(Number(cases.numRuns) / 10) },
  );
});
