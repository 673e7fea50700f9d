// The codec of STOMP 1.0, 1.1 and 1.2.
import { MessagingError } from '../../message/error.js';
import type { Encoder, WireCodec } from '../codec.js';
import { StompDecoder } from './decoder.js';
import { dialects, versions } from './dialect.js';
import { StompEncoder } from './encoder.js';

const carriageReturn = 0x0d;
const lineFeed = 0x0a;

const encoders: ReadonlyMap<string, Encoder> = new Map(
  versions.map((version) => [version, new StompEncoder(dialects[version])]),
);

/** STOMP, for the option `codecs`. The subprotocol selects only the protocol; CONNECT chooses the version. */
export const stompCodec: WireCodec = {
  name: 'stomp',
  subprotocols: versions.map((version) => `v${version.replace('.', '')}.stomp`),
  hasNonFatalErrors: false,
  begins: (firstByte) => isCapital(firstByte) || isLineEnd(firstByte),
  decoder: (limits) => new StompDecoder(limits),
  encoder(version) {
    const encoder = encoders.get(version);
    if (encoder === undefined) throw new MessagingError('version-unsupported');
    return encoder;
  },
};

/** Any capital letter, so that a client with a wrong first command receives an ERROR frame of STOMP. */
function isCapital(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}

function isLineEnd(byte: number): boolean {
  return byte === lineFeed || byte === carriageReturn;
}
