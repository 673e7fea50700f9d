// Reply addresses: one for each queue of a session, for as long as the session is there.
import { expect, it } from 'vitest';
import { ReplyAddresses } from '../../src/broker/reply-address.js';
import { sessionQueue } from '../../src/broker/user-destination.js';

function addresses(limit = 2) {
  let names = 0;
  return new ReplyAddresses(() => `n${++names}`, limit);
}

const queue = (name: string) => sessionQueue('s-1', `/queue/${name}`);

it('has one address for a queue, however often it is asked', () => {
  const replies = addresses();
  expect(replies.addressOf(queue('a'))).toBe('/reply-queue/n1');
  expect(replies.addressOf(queue('b'))).toBe('/reply-queue/n2');
  expect(replies.addressOf(queue('a'))).toBe('/reply-queue/n1');
  expect(replies.queueOf('/reply-queue/n2')).toBe(queue('b'));
});

it('forgets the oldest of a session that has too many', () => {
  const replies = addresses();
  for (const name of ['a', 'b', 'c']) replies.addressOf(queue(name));
  expect(replies.queueOf('/reply-queue/n1')).toBeUndefined();
  expect(replies.queueOf('/reply-queue/n2')).toBe(queue('b'));
  expect(replies.addressOf(queue('a'))).toBe('/reply-queue/n4');
});

it('forgets a session that has gone, and it alone', () => {
  const replies = addresses();
  replies.addressOf(queue('a'));
  const other = replies.addressOf(sessionQueue('s-2', '/queue/a'));
  replies.forget('s-1');
  replies.forget('s-1');
  expect(replies.queueOf('/reply-queue/n1')).toBeUndefined();
  expect(replies.queueOf(other)).toBe(sessionQueue('s-2', '/queue/a'));
});
