// A subscriber that accepts everything, and subscriptions with ids of their order.
import type { Subscriber, Subscription } from '../../../../src/broker/broker.js';
import { noHeaders } from '../../../../src/message/message.js';

export const subscriber: Subscriber = {
  id: 's',
  busy: false,
  gone: false,
  deliver: () => true,
  room: () => Promise.resolve(),
  fail: () => {},
};

let ids = 0;
/** A new subscription of a destination. */
export const subscription = (destination: string): Subscription => ({
  id: String(++ids),
  destination,
  ack: 'auto',
  headers: noHeaders,
});
