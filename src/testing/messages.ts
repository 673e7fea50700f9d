// Messages as tests write and read them.
import type { DeliveryMarks, MessageFrame } from '../message/frame.js';
import type { Message } from '../message/message.js';
import type { PayloadReader, Payloads } from '../payload/converter.js';
import { noBody } from '../wire/received-bytes.js';

/** The content of a message. */
interface MessageContent<T> {
  /** Destination as clients see it. */
  readonly destination: string;
  /** The body as a value, text or bytes, depending on its content type; undefined if the body is empty. */
  readonly payload: T;
  /** Headers of the application. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body in bytes. */
  readonly body: Uint8Array;
}

/** A message that a subscription received. `ack`, `redelivered`, `retained` and `dropped` are present if the server sent them. */
export interface ReceivedMessage<T = unknown> extends MessageContent<T>, DeliveryMarks {
  /** Id that the server gave the message. */
  readonly id: string;
  /** Id of the subscription. */
  readonly subscription: string;
}

/** A message that was published to the broker, to a queue of a session, or to a user without a session. */
export interface PublishedMessage<T = unknown> extends MessageContent<T> {
  /** Session that the message was addressed to; absent for topics, queues of the broker and users without a session. */
  readonly session?: string;
  /** User that the message was addressed to; absent for topics, queues of the broker and anonymous sessions. */
  readonly user?: string;
  /** Session of the client that sent the message to the broker directly; absent if the application published it. */
  readonly by?: string;
}

/** Converts a MESSAGE frame. */
export function receivedMessage(frame: MessageFrame, payloads: PayloadReader): ReceivedMessage {
  const { subscription, messageId: id, marks = {}, message } = frame;
  const present = Object.entries(marks).filter(([, value]) => value !== undefined);
  return {
    ...messageContent(message, payloads),
    id,
    subscription,
    ...Object.fromEntries(present),
  };
}

export function messageContent(message: Message, payloads: PayloadReader): MessageContent<unknown> {
  const { destination, headers, body } = message;
  return {
    destination,
    payload: readPayload(message, payloads),
    headers: Object.fromEntries(headers),
    body,
  };
}

/** Reads the body by its content type; returns the bytes if no converter can read it. */
function readPayload(message: Message, payloads: PayloadReader): unknown {
  if (message.body.length === 0) return undefined;
  try {
    return payloads.read(message, { kind: 'any' });
  } catch {
    return message.body;
  }
}

/**
 * Creates a message from a payload.
 *
 * @throws {MessagingError} `payload-unwritable` when no converter can write the payload
 */
export function writeMessage(
  destination: string,
  payload: unknown,
  given: Readonly<Record<string, string>>,
  payloads: Payloads,
): Message {
  const headers = new Map(Object.entries(given));
  if (payload === undefined) return { destination, headers, body: noBody };
  const { body, contentType } = payloads.write(payload, headers.get('content-type'));
  return { destination, headers: headers.set('content-type', contentType), body };
}
