// Reply addresses: one for each queue of a session, while the session lives.
import { expect, it } from 'vitest';
import { ReplyAddresses, ReplyDirectory } from '../../src/broker/reply-addresses.js';
import type { SessionAddress } from '../../src/message/address.js';

function sessions(limit = 2) {
  const directory = new ReplyDirectory();
  let ids = 0;
  const addresses = () => new ReplyAddresses(directory, { reply: () => `n${++ids}` }, limit);
  return { directory, addresses };
}

const queue = (name: string, session = 's1'): SessionAddress => ({
  kind: 'session',
  session,
  queue: `/queue/${name}`,
});

it('a queue keeps its address', () => {
  const { directory, addresses } = sessions();
  const own = addresses();
  expect(own.destinationOf(queue('a'))).toBe('/reply-queue/n1');
  expect(own.destinationOf(queue('b'))).toBe('/reply-queue/n2');
  expect(own.destinationOf(queue('a'))).toBe('/reply-queue/n1');
  expect(directory.find('n2')).toEqual(queue('b'));
});

it('a session with too many addresses loses the oldest', () => {
  const { directory, addresses } = sessions();
  const own = addresses();
  for (const name of ['a', 'b', 'c']) own.destinationOf(queue(name));
  expect(directory.find('n1')).toBeUndefined();
  expect(directory.find('n2')).toEqual(queue('b'));
  expect(own.destinationOf(queue('a'))).toBe('/reply-queue/n4');
  expect(directory.size).toBe(2);
});

it('the end of a session deletes its addresses and no others', () => {
  const { directory, addresses } = sessions();
  const [ann, bob] = [addresses(), addresses()];
  ann.destinationOf(queue('a'));
  bob.destinationOf(queue('a', 's2'));
  ann.clear();
  ann.clear();
  expect(directory.find('n1')).toBeUndefined();
  expect(directory.find('n2')).toEqual(queue('a', 's2'));
});
