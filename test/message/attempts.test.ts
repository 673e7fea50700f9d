// Steps that are all taken.
import { expect, it } from 'vitest';
import { Attempts } from '../../src/message/attempts.js';

it('takes every step, and throws the first failure at the end', async () => {
  const attempts = new Attempts();
  const taken: string[] = [];
  for (const name of ['a', 'b', 'c'])
    await attempts.make(async () => {
      taken.push(name);
      await Promise.resolve();
      if (name !== 'a') throw new Error(name);
    });
  expect(taken).toEqual(['a', 'b', 'c']);
  expect(() => attempts.conclude()).toThrow('b');
});

it('has nothing to say where nothing failed', async () => {
  const attempts = new Attempts();
  await attempts.make(() => {});
  expect(() => attempts.conclude()).not.toThrow();
});
