import { expect, it } from 'vitest';
import { Gathering } from '../../src/wire/gathering.js';

it('joins pieces in the order given and begins anew when they were taken', () => {
  const gathering = new Gathering();
  const octets = Buffer.from('abcdefgh');
  for (let at = 0; at < octets.length; at++) gathering.append(octets, at, at + 1);
  expect(gathering.length).toBe(8);
  expect(gathering.take().toString()).toBe('abcdefgh');
  expect(gathering.length).toBe(0);
  gathering.append(octets, 2, 4);
  expect(gathering.take().toString()).toBe('cd');
  expect(gathering.take()).toHaveLength(0);
});

it('keeps what it gave away apart from what comes next', () => {
  const gathering = new Gathering();
  gathering.append(Buffer.from('first'), 0, 5);
  const first = gathering.take();
  gathering.append(Buffer.from('other'), 0, 5);
  expect(first.toString()).toBe('first');
});

it('gives large octets memory of just their size', () => {
  const gathering = new Gathering();
  const piece = Buffer.alloc(10_000);
  for (let count = 0; count < 5; count++) gathering.append(piece, 0, piece.length);
  const whole = gathering.take();
  expect(whole).toHaveLength(50_000);
  expect(whole.buffer.byteLength).toBe(50_000);
});
