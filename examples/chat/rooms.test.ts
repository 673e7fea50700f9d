// Tests which messages rooms keep, and how they report that some are missing.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Rooms } from './rooms.js';

const noon = Date.UTC(2026, 5, 1, 12);

beforeEach(() => void vi.useFakeTimers({ now: noon }));
afterEach(() => void vi.useRealTimers());

const texts = (rooms: Rooms, room: string, id = 0) =>
  rooms.since(room, id).messages.map(({ text }) => text);

it('ids grow even if the clock does not advance', () => {
  const rooms = new Rooms();
  const ids = ['a', 'b', 'c'].map((text) => rooms.add('lobby', 'Ann', text).id);
  expect(ids).toEqual([noon + 1, noon + 2, noon + 3]);
  expect(texts(rooms, 'lobby', ids[0])).toEqual(['b', 'c']);
});

it('the last id of an empty room returns all later messages', () => {
  const rooms = new Rooms();
  const { last } = rooms.since('lobby', 0);
  const { id } = rooms.add('lobby', 'Ann', 'first');
  expect(rooms.since('lobby', last)).toMatchObject({
    messages: [{ id }],
    last: id,
    complete: true,
  });
});

it('a room keeps a hundred messages', () => {
  const rooms = new Rooms();
  const ids = Array.from({ length: 102 }, (_, n) => rooms.add('lobby', 'Ann', String(n)).id);
  expect(texts(rooms, 'lobby')).toHaveLength(100);
  expect(rooms.since('lobby', ids[0]!)).toMatchObject({ complete: false });
  expect(rooms.since('lobby', ids[1]!)).toMatchObject({ complete: true });
});

it('a hundred rooms are kept, and the least recently used one is deleted', () => {
  const rooms = new Rooms();
  const { id } = rooms.add('silent', 'Ann', 'first');
  rooms.add('lobby', 'Ann', 'here');
  for (let n = 0; n < 98; n++) rooms.add(`room-${n}`, 'Ann', 'x');
  rooms.add('lobby', 'Ann', 'still here');
  rooms.add('one-more', 'Ann', 'x');
  expect(texts(rooms, 'silent')).toEqual([]);
  expect(rooms.since('silent', id - 1)).toMatchObject({ complete: false });
  expect(texts(rooms, 'lobby')).toEqual(['here', 'still here']);
});

it('a restarted server reports that earlier messages are missing', () => {
  const before = new Rooms();
  const { id } = before.add('lobby', 'Ann', 'before');
  vi.advanceTimersByTime(1000);
  const after = new Rooms();
  const later = after.add('lobby', 'Bob', 'after');
  expect(later.id).toBeGreaterThan(id);
  expect(after.since('lobby', id)).toEqual({
    messages: [later],
    last: later.id,
    complete: false,
  });
});
