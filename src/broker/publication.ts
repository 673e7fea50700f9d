// One published message with all data that its deliveries share.
import type { PublishAddress, SessionAddress } from '../message/address.js';
import type { Clock } from '../message/clock.js';
import type { Ids } from '../message/ids.js';
import { ownsBody, withOwnBody } from '../message/kept-message.js';
import type { Message } from '../message/message.js';

/** Must not change, because encoders cache bytes by its identity. Pass on the same object. */
export interface Publication {
  /** The header `message-id` of all deliveries. */
  readonly id: string;
  /** The message for subscribers. */
  readonly message: Message;
  /** The session whose client sent the message to the broker; undefined when the application published it. */
  readonly origin: string | undefined;
  /** The account whose share of limits the message uses while a queue holds it; undefined for the application. */
  readonly account?: string | undefined;
  /** Milliseconds since 1970. */
  readonly publishedAt: number;
}

/** A publication with the address that it goes to. The session of a `reply` has ended. */
export interface AddressedPublication {
  readonly address: PublishAddress;
  readonly publication: Publication;
}

/** A publication for a queue of one session. */
export interface SessionPublication extends AddressedPublication {
  readonly address: SessionAddress;
}

/** The client that sent the message, or whose frame the publishing handler has processed. */
export interface Sender {
  /** Undefined when the application published the message. */
  readonly origin?: string | undefined;
  readonly account?: string | undefined;
}

const application: Sender = {};

/** Makes a publication of a message. */
export function publicationOf(
  message: Message,
  { ids, clock }: { readonly ids: Pick<Ids, 'message'>; readonly clock: Clock },
  { origin, account }: Sender = application,
): Publication {
  return { id: ids.message(), message, origin, account, publishedAt: clock.date() };
}

/** Shared by all owners of a publication, so that its copy is created and encoded once. */
const copies = new WeakMap<Publication, Publication>();

/** The publication, or a copy whose body does not keep a larger buffer in memory. For parts that store it beyond the turn. */
export function keptPublication(publication: Publication): Publication {
  if (ownsBody(publication.message)) return publication;
  const known = copies.get(publication);
  if (known !== undefined) return known;
  const copy = { ...publication, message: withOwnBody(publication.message) };
  copies.set(publication, copy);
  return copy;
}
