// Decodes the bytes of STOMP and JSON clients, with limits that tests can change.
import type { ClientFrame, Heartbeat, Malformed } from '../../src/message/frame.js';
import type { Decoder, DecoderLimits, WireCodec } from '../../src/wire/codec.js';
import { jsonCodec } from '../../src/wire/json/codec.js';
import { stompCodec } from '../../src/wire/stomp/codec.js';
import type { Version } from '../../src/wire/stomp/dialect.js';

export const limits: DecoderLimits = {
  maxFrameBytes: 64 * 1024,
  maxHeaders: 64,
  maxHeaderBytes: 8192,
  maxConnectHeaderBytes: 16_384,
};

export type Item = ClientFrame | Heartbeat | Malformed;
type Given = Partial<DecoderLimits>;

function connected(codec: WireCodec, connectFrame: string, given: Given = {}): Decoder {
  const decoder = codec.decoder({ ...limits, ...given }, true);
  const [connect] = decoder.push(Buffer.from(connectFrame));
  if (connect?.kind !== 'connect') throw new Error('The client could not connect.');
  return decoder;
}

/** A decoder of STOMP after a CONNECT with this version. */
export function stompDecoder(version: Version, given?: Given): Decoder {
  return connected(stompCodec, `CONNECT\naccept-version:${version}\n\n\0`, given);
}

/** The frames after CONNECT. */
export function decodeStomp(version: Version, input: string | Uint8Array, given?: Given): Item[] {
  return [...stompDecoder(version, given).push(Buffer.from(input))];
}

/** The first frames of a STOMP client. */
export function decodeFirst(input: string | Uint8Array, given: Given = {}): Item[] {
  return [...stompCodec.decoder({ ...limits, ...given }, true).push(Buffer.from(input))];
}

/** A decoder of JSON after CONNECT. */
export function jsonDecoder(given?: Given): Decoder {
  return connected(jsonCodec, '{"type":"connect"}', given);
}

/** The only frame of a JSON object, a text or bytes. */
export function decodeJson(input: object | string | Uint8Array, given?: Given): Item {
  const isObject = typeof input === 'object' && !(input instanceof Uint8Array);
  const bytes = Buffer.from((isObject ? JSON.stringify(input) : input) as string);
  const items = [...jsonDecoder(given).push(bytes)];
  if (items.length !== 1) throw new Error(`Expected one item, not ${items.length}.`);
  return items[0]!;
}

/** Headers and body of a `send`. */
export function decodeSend(input: object | string) {
  const item = decodeJson(input);
  if (item.kind !== 'send') throw new Error(`Not a send: ${JSON.stringify(item)}`);
  const { headers, body } = item.message;
  return { headers: Object.fromEntries(headers), body: Buffer.from(body).toString('latin1') };
}

/** The code of the only item, which is malformed. */
export function codeOf(...items: readonly Item[]): string {
  const [item] = items;
  return items.length === 1 && item?.kind === 'malformed'
    ? item.code
    : `not malformed: ${JSON.stringify(items)}`;
}
