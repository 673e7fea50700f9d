// The list of the waiting messages of a queue: first in, first out, and returned messages in their old places.
import { describe, expect, it } from 'vitest';
import {
  expiryOf,
  MessageList,
  type QueuedMessage,
} from '../../../../src/broker/embedded/queue/message-list.js';
import { publication } from '../../publication.js';

function queued(sequence: number): QueuedMessage {
  return {
    sequence,
    publication: publication('/q'),
    account: undefined,
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
  it('returns the oldest message first', () => {
    const list = new MessageList();
    for (const n of [1, 2, 3]) list.add(queued(n));
    expect([list.length, drain(list), list.length, list.take()]).toEqual([
      3,
      [1, 2, 3],
      0,
      undefined,
    ]);
  });

  it('restores the order of returned messages, in whatever order they return', () => {
    const list = new MessageList();
    for (const n of [1, 2, 3, 4, 5]) list.add(queued(n));
    const [one, two, three] = [list.take()!, list.take()!, list.take()!];
    list.putBack([three]);
    list.putBack([one, two]);
    expect(list.length).toBe(5);
    expect(drain(list)).toEqual([1, 2, 3, 4, 5]);
  });

  it('restores the order of returned messages that belong before and behind a waiting one', () => {
    const list = new MessageList();
    for (const n of [1, 2, 3, 4, 5]) list.add(queued(n));
    const [one, two, three] = [list.take()!, list.take()!, list.take()!];
    list.putBack([two]);
    list.putBack([three, one]);
    expect(drain(list)).toEqual([1, 2, 3, 4, 5]);
  });

  it('restores the place of one returned message behind waiting ones', () => {
    const list = new MessageList();
    for (const n of [1, 2, 3, 4, 5]) list.add(queued(n));
    const [one, two, three] = [list.take()!, list.take()!, list.take()!];
    list.putBack([one]);
    list.putBack([three]);
    list.putBack([two]);
    expect(drain(list)).toEqual([1, 2, 3, 4, 5]);
  });

  it('returns messages near the head of a long list without reading the rest', () => {
    let reads = 0;
    const list = new MessageList();
    for (let n = 1; n <= 10_000; n++)
      list.add({
        ...queued(n),
        get sequence() {
          reads++;
          return n;
        },
      });
    // The space of taken messages is used first; then the list makes new space.
    const held = Array.from({ length: 5000 }, () => list.take()!);
    reads = 0;
    for (let i = 4998; i >= 0; i -= 2) list.putBack([held[i]!, held[i + 1]!]);
    for (let i = 0; i < 1000; i++) {
      const [first, second] = [list.take()!, list.take()!];
      list.putBack([first]);
      list.putBack([second]);
    }
    expect(reads).toBeLessThan(50_000);
    expect(drain(list)).toEqual(Array.from({ length: 10_000 }, (_, i) => i + 1));
  });

  it('stays correct while it frees the space of taken messages', () => {
    const list = new MessageList();
    const taken: number[] = [];
    for (let n = 1; n <= 5000; n++) {
      list.add(queued(n));
      if (n % 3 !== 0) taken.push(list.take()!.sequence);
    }
    expect([...taken, ...drain(list)]).toEqual(Array.from({ length: 5000 }, (_, i) => i + 1));
  });
});

describe('the header expires', () => {
  it.each(['0x10', '1e3', '1.5', '-1', ' 5', '5 ', '+5', '', 'soon', '1e999', 'Infinity', '0'])(
    "is ignored when it is not a positive whole number: '%s'",
    (expires) => {
      expect(expiryOf(publication('/queue/x', 'x', { expires }).message)).toBe(Infinity);
    },
  );

  it('is a whole number of milliseconds since 1970', () => {
    const { message } = publication('/queue/x', 'x', { expires: '1795818356561' });
    expect(expiryOf(message)).toBe(1_795_818_356_561);
  });
});
