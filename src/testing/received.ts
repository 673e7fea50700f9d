// Messages as a test sees them: what a subscription received, and what was published.
import type { DeliveryMarks, MessageFrame } from '../message/frame.js';
import type { Message } from '../message/message.js';
import type { PayloadReader } from '../payload/converter.js';

interface Readable<T> {
  /** As clients know it. */
  readonly destination: string;
  /** A value, text, or octets, by the content type; undefined where the body is empty. */
  readonly payload: T;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** A message that came to a subscription; `ack` and the like stand in it where the server said them. */
export interface Received<T = unknown> extends Readable<T>, DeliveryMarks {
  /** The server's id of the message. */
  readonly id: string;
  readonly subscription: string;
}

/** A message that reached the broker. */
export interface Published<T = unknown> extends Readable<T> {
  /** Of a user's queue: the session that it was for. */
  readonly session?: string;
  /** Of a user's queue: who has that session, where somebody has. */
  readonly user?: string;
  /** The session of the client that published it past the handlers; absent for the application. */
  readonly by?: string;
}

export function receivedOf(frame: MessageFrame, payloads: PayloadReader): Received {
  const { subscription, messageId: id, marks = {}, message } = frame;
  const said = Object.entries(marks).filter(([, value]) => value !== undefined);
  return { ...readable(message, payloads), id, subscription, ...Object.fromEntries(said) };
}

export function readable(message: Message, payloads: PayloadReader): Readable<unknown> {
  const { destination, headers, body } = message;
  return {
    destination,
    payload: payloadOf(message, payloads),
    headers: Object.fromEntries(headers),
    body,
  };
}

/** What nobody can read is octets. */
function payloadOf(message: Message, payloads: PayloadReader): unknown {
  if (message.body.length === 0) return undefined;
  try {
    return payloads.read(message, { kind: 'any' });
  } catch {
    return message.body;
  }
}
