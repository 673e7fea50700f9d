// Octets in, frames out: what the tests of this room share.
import type { ClientFrame, Heartbeat, Malformed } from '../../../src/message/frame.js';
import { jsonCodec } from '../../../src/wire/json/codec.js';
import type { DecoderLimits } from '../../../src/wire/codec.js';

export const limits: DecoderLimits = {
  maxFrameBytes: 64 * 1024,
  maxHeaders: 64,
  maxHeaderBytes: 8192,
  maxConnectHeaderBytes: 16_384,
};

export type Item = ClientFrame | Heartbeat | Malformed;

/** A decoder of whole messages whose client has connected. */
export function connectedDecoder(given: Partial<DecoderLimits> = {}) {
  const decoder = jsonCodec.decoder({ ...limits, ...given }, true);
  const [connect] = decoder.push(Buffer.from('{"type":"connect"}'));
  if (connect?.kind !== 'connect') throw new Error('The client could not connect.');
  return decoder;
}

/** What a client means by an object, or by text that may be none. */
export function hear(said: object | string | Uint8Array, given: Partial<DecoderLimits> = {}): Item {
  const octets =
    said instanceof Uint8Array
      ? said
      : Buffer.from(typeof said === 'string' ? said : JSON.stringify(said));
  const items = [...connectedDecoder(given).push(octets)];
  if (items.length !== 1) throw new Error(`One item was to be heard, not ${items.length}.`);
  return items[0]!;
}

/** The body and headers of what a client sent. */
export function sent(said: object | string) {
  const item = hear(said);
  if (item.kind !== 'send') throw new Error(`Not sent: ${JSON.stringify(item)}`);
  const { headers, body } = item.message;
  return { headers: Object.fromEntries(headers), body: Buffer.from(body).toString('latin1') };
}

export function codeOf(item: Item): string {
  return item.kind === 'malformed' ? item.code : `not malformed: ${JSON.stringify(item)}`;
}
