// Messages, publications, subscriptions and a subscriber that accepts everything, for tests of the broker.
import type { Operation, Subscriber, Subscription } from '../../src/broker/broker.js';
import type { Publication } from '../../src/broker/publication.js';
import { noHeaders, type Message } from '../../src/message/message.js';

type HeaderRecord = Readonly<Record<string, string>>;

export const message = (destination: string, text = '', headers: HeaderRecord = {}): Message => ({
  destination,
  headers: new Map(Object.entries(headers)),
  body: Buffer.from(text),
});

let count = 0;

/** A publication with a new id, like one of the publisher. */
export const publication = (
  destination: string,
  text?: string,
  headers?: HeaderRecord,
  account?: string,
): Publication => ({
  id: `m${++count}`,
  message: message(destination, text, headers),
  origin: undefined,
  account,
  publishedAt: 0,
});

/** A step of a transaction that sends. */
export const sending = (...of: Parameters<typeof publication>): Operation => ({
  kind: 'send',
  publication: publication(...of),
});

/** A subscription with a new id. */
export const subscription = (destination: string): Subscription => ({
  id: String(++count),
  destination,
  ack: 'auto',
  headers: noHeaders,
});

export const subscriber: Subscriber = {
  id: 's',
  busy: false,
  gone: false,
  deliver: () => true,
  room: () => Promise.resolve(),
  fail: () => {},
};
