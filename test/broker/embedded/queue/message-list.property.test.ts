// The message list compared with a list that is sorted after each step, over generated steps.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  MessageList,
  type QueuedMessage,
} from '../../../../src/broker/embedded/queue/message-list.js';
import { cases } from '../../../property.js';
import { publication } from '../../publication.js';

type List = Pick<MessageList, 'length' | 'bytes' | 'add' | 'putBack' | 'take' | 'extract'>;

/** A simple and slow implementation for comparison. */
class SortedList implements List {
  #messages: QueuedMessage[] = [];

  get length(): number {
    return this.#messages.length;
  }

  get bytes(): number {
    return this.#messages.reduce((sum, { size }) => sum + size, 0);
  }

  add(added: QueuedMessage): void {
    this.putBack([added]);
  }

  putBack(messages: readonly QueuedMessage[]): void {
    this.#messages = [...this.#messages, ...messages].toSorted((a, b) => a.sequence - b.sequence);
  }

  take(): QueuedMessage | undefined {
    return this.#messages.shift();
  }

  extract(matches: (queued: QueuedMessage) => boolean): readonly QueuedMessage[] {
    const extracted = this.#messages.filter((each) => matches(each));
    this.#messages = this.#messages.filter((each) => !matches(each));
    return extracted;
  }
}

const few = fc.integer({ min: 1, max: 40 });
const step = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), count: few }),
  fc.record({ kind: fc.constant('take' as const), count: few }),
  fc.record({ kind: fc.constant('put back' as const), which: fc.array(fc.nat(99)) }),
  fc.record({ kind: fc.constant('extract' as const), divisor: fc.integer({ min: 2, max: 9 }) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function queued(sequence: number): QueuedMessage {
  return {
    sequence,
    publication: publication('/q'),
    account: undefined,
    size: sequence,
    expires: Infinity,
    retained: false,
    deliveries: 0,
    storedAs: undefined,
    ackDue: 0,
  };
}

/** The result of each step, and the state of the list after it. */
function played(list: List, steps: readonly Step[]): readonly unknown[] {
  let sequence = 0;
  let taken: QueuedMessage[] = [];
  const times = <T>(count: number, act: () => T) => Array.from({ length: count }, act);
  const play = (each: Step): readonly QueuedMessage[] => {
    switch (each.kind) {
      case 'add':
        times(each.count, () => list.add(queued(++sequence)));
        return [];
      case 'take': {
        const given = times(each.count, () => list.take()).filter((one) => one !== undefined);
        taken.push(...given);
        return given;
      }
      case 'put back': {
        const back = taken.filter((_, i) => each.which.includes(i));
        taken = taken.filter((one) => !back.includes(one));
        list.putBack(back.toReversed());
        return [];
      }
      case 'extract':
        return list.extract((one) => one.sequence % each.divisor === 0);
      default:
        return each satisfies never;
    }
  };
  return steps.map((each) => {
    const given = play(each).map((one) => one.sequence);
    return { given, length: list.length, bytes: list.bytes };
  });
}

it('returns the oldest of the waiting messages', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      expect(played(new MessageList(), steps)).toEqual(played(new SortedList(), steps));
    }),
    { ...cases, numRuns: Math.ceil(Number(cases.numRuns) / 10) },
  );
});
