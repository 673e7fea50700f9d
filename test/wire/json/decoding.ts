// Helpers of these tests: decode the bytes of a JSON client.
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

/** A decoder of whole messages after CONNECT. */
export function connectedDecoder(given: Partial<DecoderLimits> = {}) {
  const decoder = jsonCodec.decoder({ ...limits, ...given }, true);
  const [connect] = decoder.push(Buffer.from('{"type":"connect"}'));
  if (connect?.kind !== 'connect') throw new Error('The client could not connect.');
  return decoder;
}

/** The only frame of an object, a text or bytes. */
export function decode(
  input: object | string | Uint8Array,
  given: Partial<DecoderLimits> = {},
): Item {
  const bytes =
    input instanceof Uint8Array
      ? input
      : Buffer.from(typeof input === 'string' ? input : JSON.stringify(input));
  const items = [...connectedDecoder(given).push(bytes)];
  if (items.length !== 1) throw new Error(`Expected one item, not ${items.length}.`);
  return items[0]!;
}

/** Headers and body of a `send`. */
export function decodeSend(input: object | string) {
  const item = decode(input);
  if (item.kind !== 'send') throw new Error(`Not a send: ${JSON.stringify(item)}`);
  const { headers, body } = item.message;
  return { headers: Object.fromEntries(headers), body: Buffer.from(body).toString('latin1') };
}

export function codeOf(item: Item): string {
  return item.kind === 'malformed' ? item.code : `not malformed: ${JSON.stringify(item)}`;
}
