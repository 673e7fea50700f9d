// Octets in, frames out: what the tests of this room share.
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

/** A decoder that has read the CONNECT of a client of this version. */
export function connectedDecoder(version: Version, given: Partial<DecoderLimits> = {}) {
  const decoder = stompCodec.decoder({ ...limits, ...given }, true);
  const [connect] = decoder.push(Buffer.from(`CONNECT\naccept-version:${version}\n\n\0`));
  if (connect?.kind !== 'connect') throw new Error('The client could not connect.');
  return decoder;
}

/** What a client says after CONNECT. */
export function hear(
  version: Version,
  said: string | Uint8Array,
  given: Partial<DecoderLimits> = {},
) {
  return [...connectedDecoder(version, given).push(Buffer.from(said))];
}

/** What a client says first. */
export function hearFirst(said: string | Uint8Array, given: Partial<DecoderLimits> = {}) {
  return [...stompCodec.decoder({ ...limits, ...given }, true).push(Buffer.from(said))];
}

/** The code with which the only thing said was refused. */
export function codeOf(items: readonly (ClientFrame | Heartbeat | Malformed)[]): string {
  const [item] = items;
  return items.length === 1 && item?.kind === 'malformed'
    ? item.code
    : `not malformed: ${JSON.stringify(items)}`;
}
