// The messages of a queue that wait: first in, first out, and back in their place.
import { describe, expect, it } from 'vitest';
import {
  MessageList,
  type QueuedMessage,
} from '../../../../src/broker/embedded/queue/message-list.js';
import { publication } from '../consuming.js';

function queued(sequence: number): QueuedMessage {
  return {
    sequence,
    publication: publication('/q'),
    size: 1,
    expires: Infinity,
    retained: false,
    deliveries: 0,
    storedAs: undefined,
    ackDue: 0,
  };
}

function drain(list: MessageList): number[] {
  const sequences: number[] = [];
  for (let next = list.take(); next !== undefined; next = list.take())
    sequences.push(next.sequence);
  return sequences;
}

describe('a list of messages', () => {
  it('gives the oldest first', () => {
    const list = new MessageList();
    for (const n of [1, 2, 3]) list.add(queued(n));
    expect([list.length, drain(list), list.length, list.take()]).toEqual([
      3,
      [1, 2, 3],
      0,
      undefined,
    ]);
  });

  it('takes back in the old order, whoever comes back first', () => {
    const list = new MessageList();
    for (const n of [1, 2, 3, 4, 5]) list.add(queued(n));
    const [one, two, three] = [list.take()!, list.take()!, list.take()!];
    list.putBack([three]);
    list.putBack([one, two]);
    expect(list.length).toBe(5);
    expect(drain(list)).toEqual([1, 2, 3, 4, 5]);
  });

  it('stays right while it gives back the space of what was taken', () => {
    const list = new MessageList();
    const taken: number[] = [];
    for (let n = 1; n <= 5000; n++) {
      list.add(queued(n));
      if (n % 3 !== 0) taken.push(list.take()!.sequence);
    }
    expect([...taken, ...drain(list)]).toEqual(Array.from({ length: 5000 }, (_, i) => i + 1));
  });
});
