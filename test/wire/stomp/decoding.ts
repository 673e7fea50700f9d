// Helpers of these tests: decode the bytes of a STOMP client.
import type { ClientFrame, Heartbeat, Malformed } from '../../../src/message/frame.js';
import type { DecoderLimits } from '../../../src/wire/codec.js';
import { stompCodec } from '../../../src/wire/stomp/codec.js';
import type { Version } from '../../../src/wire/stomp/dialect.js';

export const limits: DecoderLimits = {
  maxFrameBytes: 64 * 1024,
  maxHeaders: 64,
  maxHeaderBytes: 8192,
  maxConnectHeaderBytes: 16_384,
};

/** A decoder after a CONNECT with this version. */
export function connectedDecoder(version: Version, given: Partial<DecoderLimits> = {}) {
  const decoder = stompCodec.decoder({ ...limits, ...given }, true);
  const [connect] = decoder.push(Buffer.from(`CONNECT\naccept-version:${version}\n\n\0`));
  if (connect?.kind !== 'connect') throw new Error('The client could not connect.');
  return decoder;
}

/** The frames after CONNECT. */
export function decode(
  version: Version,
  input: string | Uint8Array,
  given: Partial<DecoderLimits> = {},
) {
  return [...connectedDecoder(version, given).push(Buffer.from(input))];
}

/** The first frames of a client. */
export function decodeFirst(input: string | Uint8Array, given: Partial<DecoderLimits> = {}) {
  return [...stompCodec.decoder({ ...limits, ...given }, true).push(Buffer.from(input))];
}

/** The code of the only item, which is malformed. */
export function codeOf(items: readonly (ClientFrame | Heartbeat | Malformed)[]): string {
  const [item] = items;
  return items.length === 1 && item?.kind === 'malformed'
    ? item.code
    : `not malformed: ${JSON.stringify(items)}`;
}
