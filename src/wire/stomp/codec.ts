// STOMP 1.0, 1.1 and 1.2 as a wire protocol of the server's.
import { MessagingError } from '../../message/error.js';
import type { Encoder, WireCodec } from '../codec.js';
import { StompDecoder } from './decoder.js';
import { dialects, versions } from './dialect.js';
import { StompEncoder } from './encoder.js';

const encoders: ReadonlyMap<string, Encoder> = new Map(
  versions.map((version) => [version, new StompEncoder(dialects[version])]),
);

/** STOMP; the subprotocol means only that it is STOMP, the version is settled by CONNECT alone. */
export const stompCodec: WireCodec = {
  name: 'stomp',
  subprotocols: versions.map((version) => `v${version.replace('.', '')}.stomp`),
  errorsMayPass: false,
  begins: (octet) => isCapital(octet) || isLineEnd(octet),
  decoder: (limits) => new StompDecoder(limits),
  encoder(version) {
    const encoder = encoders.get(version);
    if (encoder === undefined) throw new MessagingError('version-unsupported');
    return encoder;
  },
};

/** Any command, so that a client whose first one is wrong is told so in its own protocol. */
function isCapital(octet: number): boolean {
  return octet >= 0x41 && octet <= 0x5a;
}

function isLineEnd(octet: number): boolean {
  return octet === 0x0a || octet === 0x0d;
}
