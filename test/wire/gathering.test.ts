// Octets that arrive in pieces: joined in order, in memory of their own.
import { expect, it } from 'vitest';
import { Gathering } from '../../src/wire/gathering.js';

it('joins pieces in the order given and begins anew when they were finished', () => {
  const gathering = new Gathering();
  const octets = Buffer.from('abcdefgh');
  for (let at = 0; at < 6; at++) gathering.append(octets, at, at + 1);
  expect(gathering.length).toBe(6);
  expect(gathering.finish(octets, 6, 8).toString()).toBe('abcdefgh');
  expect(gathering.length).toBe(0);
  gathering.append(octets, 2, 4);
  expect(gathering.finish(octets, 0, 0).toString()).toBe('cd');
  expect(gathering.finish(octets, 0, 0)).toHaveLength(0);
});

it('keeps what it gave away apart from what comes next', () => {
  const gathering = new Gathering();
  gathering.append(Buffer.from('first'), 0, 5);
  const first = gathering.finish(Buffer.from('!'), 0, 1);
  gathering.append(Buffer.from('other'), 0, 5);
  expect(first.toString()).toBe('first!');
});

it('gives large octets memory of just their size', () => {
  const gathering = new Gathering();
  const piece = Buffer.alloc(10_000);
  for (let count = 0; count < 4; count++) gathering.append(piece, 0, piece.length);
  const whole = gathering.finish(piece, 0, piece.length);
  expect(whole).toHaveLength(50_000);
  expect(whole.buffer.byteLength).toBe(50_000);
});

it('makes room at once for what is announced, where that is little', () => {
  const gathering = new Gathering();
  gathering.append(Buffer.from('ab'), 0, 2, 4);
  gathering.append(Buffer.from('c'), 0, 1, 4);
  expect(gathering.finish(Buffer.from('de'), 0, 1).toString()).toBe('abcd');
  expect(gathering.length).toBe(0);
});

it('gives no memory to what is announced and did not come', () => {
  const gathering = new Gathering();
  gathering.append(Buffer.from('ab'), 0, 2, Number.MAX_SAFE_INTEGER);
  expect(gathering.finish(Buffer.from('c'), 0, 1).toString()).toBe('abc');
});
