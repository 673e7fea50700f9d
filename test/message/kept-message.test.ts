// The bytes that a kept message counts, and the copy of a body that would keep a larger buffer alive.
import { expect, it } from 'vitest';
import { sizeOf, withOwnBody } from '../../src/message/kept-message.js';
import { noHeaders, type Message } from '../../src/message/message.js';

const messageWith = (body: Uint8Array): Message => ({
  destination: '/x',
  headers: noHeaders,
  body,
});

it('counts the destination, the headers and the body, and a constant for the message and for each header', () => {
  const headers = new Map([
    ['ab', 'cde'],
    ['empty', ''],
  ]);
  const size = sizeOf({ destination: '/x', headers, body: Buffer.from('123') });
  expect(size).toBe(256 + 2 + (64 + 5) + (64 + 5) + 3);
});

it('counts the further values of repeated headers', () => {
  const headers = new Map([['tag', 'a']]);
  const repeatedHeaders = new Map([['tag', ['bc', '']]]);
  const size = sizeOf({ destination: '/x', headers, repeatedHeaders, body: Buffer.from('') });
  expect(size).toBe(256 + 2 + (64 + 4) + (64 + 2) + 64);
});

it('copies a body that is less than half of its buffer', () => {
  const read = Buffer.allocUnsafeSlow(64 * 1024).fill('x');
  const { body } = withOwnBody(messageWith(read.subarray(0, 17_000)));
  expect(body).toEqual(read.subarray(0, 17_000));
  expect(body.buffer.byteLength).toBe(17_000);
});

it('copies a small body out of the pool of Node', () => {
  const { body } = withOwnBody(messageWith(Buffer.from('small')));
  expect(Buffer.from(body).toString()).toBe('small');
  expect(body.buffer.byteLength).toBe(5);
});

it('does not copy a body that fills most of its buffer', () => {
  const message = messageWith(Buffer.allocUnsafeSlow(1200).subarray(100));
  expect(withOwnBody(message)).toBe(message);
});
