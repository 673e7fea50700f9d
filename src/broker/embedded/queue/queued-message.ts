// One message on its way through a queue: what it counts with, and when it is worth nothing any more.
import type { Message } from '../../../message/message.js';
import type { Publication } from '../../publication.js';

export interface QueuedMessage {
  /** Grows with each message of the queue: what came back takes its old place by it. */
  readonly sequence: number;
  readonly publication: Publication;
  /** Octets that it is counted with. */
  readonly size: number;
  /** On the scale of `Clock.date`; Infinity is never. */
  readonly expires: number;
  /** Whether it was published before its subscription began, and kept. */
  readonly retained: boolean;
  /** How often it was handed to a consumer. */
  deliveries: number;
  /** Its place in the store, where it has one. */
  storedAs: number | undefined;
}

/** What a message holds beside its octets: objects, keys, the entry in the list. */
const overhead = 256;

/** Octets that a message counts with. */
export function sizeOf({ destination, headers, body }: Message): number {
  let size = overhead + destination.length + body.length;
  for (const [name, value] of headers) size += name.length + value.length;
  return size;
}

/** The header `expires`, in milliseconds since 1970 as ActiveMQ and Artemis have it; 0 and what is no number is never. */
export function expiryOf({ headers }: Message): number {
  const expires = Number(headers.get('expires') ?? 0);
  return expires > 0 ? expires : Infinity;
}
