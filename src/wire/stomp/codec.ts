// STOMP 1.0, 1.1 and 1.2 as a wire protocol.
import type { WireCodec } from '../codec.js';
import { StompDecoder } from './decoder.js';
import { StompEncoder } from './encoder.js';
import { versions } from './version.js';

const encoders = new Map(versions.map((version) => [version.name as string, new StompEncoder(version)]));

/** CONNECT, STOMP, or the line ends that may stand before them. */
const beginnings = new Set(Buffer.from('CS\n\r'));

export const stomp: WireCodec = {
  name: 'stomp',
  subprotocols: ['v12.stomp', 'v11.stomp', 'v10.stomp'],
  begins: (octet) => beginnings.has(octet),
  decoder: (limits) => new StompDecoder(limits),
  encoder: (version) => encoders.get(version)!,
};
