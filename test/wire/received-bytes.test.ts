// Bytes that arrive in parts: joined in order, in memory that belongs to them.
import { expect, it } from 'vitest';
import { ByteCollector } from '../../src/wire/received-bytes.js';

it('joins parts in order, and is empty after they are finished', () => {
  const collector = new ByteCollector();
  const bytes = Buffer.from('abcdefgh');
  for (let at = 0; at < 6; at++) collector.append(bytes, at, at + 1);
  expect(collector.length).toBe(6);
  expect(collector.finish(bytes, 6, 8).toString()).toBe('abcdefgh');
  expect(collector.length).toBe(0);
  collector.append(bytes, 2, 4);
  expect(collector.finish(bytes, 0, 0).toString()).toBe('cd');
  expect(collector.finish(bytes, 0, 0)).toHaveLength(0);
});

it('does not reuse the memory of finished bytes', () => {
  const collector = new ByteCollector();
  collector.append(Buffer.from('first'), 0, 5);
  const first = collector.finish(Buffer.from('!'), 0, 1);
  collector.append(Buffer.from('other'), 0, 5);
  expect(first.toString()).toBe('first!');
});

it('uses memory of exactly the final size', () => {
  const collector = new ByteCollector();
  const piece = Buffer.alloc(10_000);
  for (let count = 0; count < 4; count++) collector.append(piece, 0, piece.length);
  const whole = collector.finish(piece, 0, piece.length);
  expect(whole).toHaveLength(50_000);
  expect(whole.buffer.byteLength).toBe(50_000);
});

it('reserves a small expected length at once', () => {
  const collector = new ByteCollector();
  collector.append(Buffer.from('ab'), 0, 2, 4);
  collector.append(Buffer.from('c'), 0, 1, 4);
  expect(collector.finish(Buffer.from('de'), 0, 1).toString()).toBe('abcd');
  expect(collector.length).toBe(0);
});

it('does not reserve a large expected length', () => {
  const collector = new ByteCollector();
  collector.append(Buffer.from('ab'), 0, 2, Number.MAX_SAFE_INTEGER);
  expect(collector.finish(Buffer.from('c'), 0, 1).toString()).toBe('abc');
});
