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

  it.each([undefined, '', 5, ' m', 'm ', 'm\n1', 'm\0', 'ü', 'm'.repeat(129)])(
    'are refused when clients cannot send them back: %j',
    (id) => {
      const make = () => id as string;
      const ids = checkedIds({ session: make, message: make, reply: make });
      for (const method of ['session', 'message', 'reply'] as const)
        expect(() => ids[method]()).toThrow(
          `ids.${method}() must return a text of 1 to 128 visible ASCII characters; it returned `,
        );
    },
  );

  it('are accepted with 128 characters, and with all visible ASCII characters', () => {
    const visible = Array.from({ length: 94 }, (_, i) => String.fromCharCode(0x21 + i)).join('');
    for (const id of [visible, 'm'.repeat(128)])
      expect(checkedIds({ ...randomIds(), message: () => id }).message()).toBe(id);
  });

  it('of messages do not begin as those of session queues', () => {
    const make = () => 'own-1';
    const ids = checkedIds({ session: make, message: make, reply: make });
    expect([ids.session(), ids.reply()]).toEqual(['own-1', 'own-1']);
    expect(() => ids.message()).toThrow(
      "ids.message() must not return an id that begins with own-, which marks messages of session queues; it returned 'own-1'.",
    );
  });

  it('are refused when they are promises; a rejection is handled', async () => {
    const reject = () => Promise.reject(new Error('no ids'));
    const ids = checkedIds({ ...randomIds(), message: reject } as unknown as Ids);
    expect(() => ids.message()).toThrow('ids.message() must return its result');
    await new Promise(setImmediate);
  });
});
