// closeAll: every step runs, and the first error is thrown.
import { expect, it } from 'vitest';
import { closeAll } from '../../src/message/close-all.js';

it('runs every step in order and throws the first error at the end', async () => {
  const ran: string[] = [];
  const steps = ['a', 'b', 'c'].map((name) => async () => {
    ran.push(name);
    await Promise.resolve();
    if (name !== 'a') throw new Error(name);
  });
  await expect(closeAll(steps)).rejects.toThrow('b');
  expect(ran).toEqual(['a', 'b', 'c']);
});

it('continues after a step that throws synchronously', async () => {
  let ran = false;
  const steps = [
    () => {
      throw new Error('first');
    },
    () => void (ran = true),
  ];
  await expect(closeAll(steps)).rejects.toThrow('first');
  expect(ran).toBe(true);
});

it('resolves when no step fails', async () => {
  await expect(closeAll([() => {}])).resolves.toBeUndefined();
});
