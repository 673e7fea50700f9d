// The frames that a test's client says, from what the test says.
import type { AckMode, ClientFrame, SubscribeFrame } from '../message/frame.js';
import { noHeaders, type Message } from '../message/message.js';
import type { Payloads } from '../payload/converter.js';
import { noBody } from '../wire/received-bytes.js';

/** @throws MessagingError `payload-unwritable` */
export function messageOf(
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

export function subscribeFrame(
  id: string,
  destination: string,
  ack: AckMode = 'auto',
  headers: Readonly<Record<string, string>> = {},
): SubscribeFrame {
  const said = Object.entries(headers);
  return {
    kind: 'subscribe',
    id,
    destination,
    ack,
    headers: said.length === 0 ? noHeaders : new Map(said),
  };
}

/** For people: `SEND /app/hello`. */
export function nameOf(frame: ClientFrame): string {
  const command = frame.kind.toUpperCase();
  if (frame.kind === 'send') return `${command} ${frame.message.destination}`;
  if ('destination' in frame) return `${command} ${frame.destination}`;
  return 'transaction' in frame ? `${command} ${frame.transaction}` : command;
}
