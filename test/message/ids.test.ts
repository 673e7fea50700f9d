// Ids: all are different, and ids of the application are checked.
import { describe, expect, it } from 'vitest';
import { checkedIds, randomIds, type Ids } from '../../src/message/ids.js';

describe('ids', () => {
  it('are always different, also of two servers', () => {
    const [first, second] = [randomIds(), randomIds()];
    const made = [first, second].flatMap((ids) => [
      ...Array.from({ length: 100 }, () => ids.message()),
      ...Array.from({ length: 100 }, () => ids.session()),
    ]);
    expect(new Set(made).size).toBe(400);
  });
});

describe('ids of the application', () => {
  it('are used unchanged', () => {
    const ids = checkedIds({ session: () => 's', message: () => 'm', reply: () => 'r' });
    expect([ids.session(), ids.message(), ids.reply()]).toEqual(['s', 'm', 'r']);
  });

  it.each([undefined, '', 5])('are refused when they are not texts: %j', (id) => {
    const make = () => id as string;
    const ids = checkedIds({ session: make, message: make, reply: make });
    for (const method of ['session', 'message', 'reply'] as const)
      expect(() => ids[method]()).toThrow(`ids.${method}() must return a text that is not empty.`);
  });

  it('are refused when they are promises; a rejection is handled', async () => {
    const reject = () => Promise.reject(new Error('no ids'));
    const ids = checkedIds({ ...randomIds(), message: reject } as unknown as Ids);
    expect(() => ids.message()).toThrow('ids.message() must return its result');
    await new Promise(setImmediate);
  });
});
