// Subscriptions that say the same are one object, and only those.
import { expect, it } from 'vitest';
import type { Subscription } from '../../src/broker/broker.js';
import { SharedSubscriptions } from '../../src/broker/shared-subscriptions.js';

const subscription = (given: Partial<Subscription> = {}): Subscription => ({
  id: 's1',
  destination: '/topic/x',
  ack: 'auto',
  headers: new Map(),
  ...given,
});

it('subscriptions that say the same are one', () => {
  const shared = new SharedSubscriptions();
  const first = shared.share(subscription());
  expect(shared.share(subscription())).toBe(first);
});

it.each<[string, Partial<Subscription>]>([
  ['another id', { id: 's2' }],
  ['another destination', { destination: '/topic/y' }],
  ['id and destination parted elsewhere', { id: 's1/topic', destination: '/x' }],
  ['another way to acknowledge', { ack: 'client' }],
  ['headers', { headers: new Map([['a', 'b']]) }],
])('one with %s is another', (_, given) => {
  const shared = new SharedSubscriptions();
  const first = shared.share(subscription());
  const other = shared.share(subscription(given));
  expect(other).not.toBe(first);
  expect(other).toEqual(subscription(given));
});

it('the map of one that is shared cannot be changed by its first owner', () => {
  const shared = new SharedSubscriptions();
  const headers = new Map<string, string>();
  const first = shared.share(subscription({ headers }));
  headers.set('x', '1');
  expect(first.headers.size).toBe(0);
});

it('what clients make up does not grow without end', () => {
  const shared = new SharedSubscriptions();
  const first = shared.share(subscription());
  for (let n = 0; n < 1000; n++) shared.share(subscription({ id: `made up ${n}` }));
  expect(shared.share(subscription())).not.toBe(first);
});
