// Equal subscriptions are one object, and different ones are not.
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

it('equal subscriptions are one object', () => {
  const shared = new SharedSubscriptions();
  const first = shared.share(subscription());
  expect(shared.share(subscription())).toBe(first);
});

it.each<[string, Partial<Subscription>]>([
  ['another id', { id: 's2' }],
  ['another destination', { destination: '/topic/y' }],
  ['id and destination divided at another place', { id: 's1/topic', destination: '/x' }],
  ['another ack mode', { ack: 'client' }],
  ['headers', { headers: new Map([['a', 'b']]) }],
])('a subscription with %s is another object', (_, given) => {
  const shared = new SharedSubscriptions();
  const first = shared.share(subscription());
  const other = shared.share(subscription(given));
  expect(other).not.toBe(first);
  expect(other).toEqual(subscription(given));
});

it('the headers of a shared subscription cannot be changed', () => {
  const shared = new SharedSubscriptions();
  const headers = new Map<string, string>();
  const first = shared.share(subscription({ headers }));
  headers.set('x', '1');
  expect(first.headers.size).toBe(0);
});

it('a limited number of subscriptions is shared', () => {
  const shared = new SharedSubscriptions();
  const first = shared.share(subscription());
  for (let n = 0; n < 1000; n++) shared.share(subscription({ id: `made up ${n}` }));
  expect(shared.share(subscription())).not.toBe(first);
});
