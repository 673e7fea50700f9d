// A bounded map that many accounts share.
import { expect, it } from 'vitest';
import { Quota } from '../../src/message/quota.js';
import { SharedMap } from '../../src/message/shared-map.js';

const mapOf = (entries: number, shares: number, bytes?: number) =>
  new SharedMap<number>({
    entries: new Quota(entries, shares),
    ...(bytes !== undefined && { bytes: new Quota(bytes, shares) }),
  });

it('an account that has used its share loses its own oldest entry', () => {
  const map = mapOf(4, 2);
  map.set('a', 1, 'ann');
  for (let i = 0; i < 5; i++) map.set(`m${i}`, i, 'mallory');
  expect([...map.values()]).toEqual([1, 3, 4]);
});

it('an entry that is set again becomes the newest', () => {
  const map = mapOf(2, 1);
  for (const [key, value] of [
    ['a', 1],
    ['b', 2],
    ['a', 3],
    ['c', 4],
  ] as const)
    map.set(key, value, 'ann');
  expect([...map.values()]).toEqual([3, 4]);
});

it('the account that uses most loses its oldest entry when the whole limit is reached', () => {
  const map = mapOf(4, 2);
  map.set('a', 1, 'ann');
  map.set('b1', 2, 'bob');
  map.set('b2', 3, 'bob');
  map.set('c', 4, 'cid');
  map.set('d', 5, 'dan');
  expect([...map.values()]).toEqual([1, 3, 4, 5]);
});

it('the application loses its entries last', () => {
  const map = mapOf(2, 1);
  map.set('a', 1, 'ann');
  map.set('x', 2, undefined);
  map.set('y', 3, undefined);
  expect([...map.values()]).toEqual([2, 3]);
  map.set('z', 4, undefined);
  expect([...map.values()]).toEqual([3, 4]);
});

it('an entry that is larger than the share of its account replaces no other entry', () => {
  const map = mapOf(10, 2, 100);
  map.set('a', 1, 'ann', 10);
  expect(map.set('b', 2, 'ann', 51)).toBe(false);
  expect(map.set('c', 3, 'ann', 50)).toBe(true);
  expect([...map.values()]).toEqual([3]);
});

it('an account that moves an entry of another account to itself takes over its bytes', () => {
  const map = mapOf(10, 2, 100);
  map.set('a', 1, 'ann', 50);
  map.set('a', 2, 'bob', 50);
  map.set('b', 3, 'ann', 50);
  expect([...map.values()]).toEqual([2, 3]);
  map.clear();
  expect(map.size).toBe(0);
  expect(map.set('c', 4, undefined, 100)).toBe(true);
});
