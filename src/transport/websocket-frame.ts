// The WebSocket frames that the server sends, plain or compressed by permessage-deflate (RFC 7692).
import { constants, deflateRawSync } from 'node:zlib';
import type { EncodedFrame, Framing } from '../message/encoded-frame.js';
import type { PerMessageDeflateOptions } from './permessage-deflate.js';

const finalText = 0x81;
const finalBinary = 0x82;
/** RFC 7692 section 6: the bit RSV1 marks a compressed message. */
const compressed = 0x40;
/** RFC 7692 section 7.2.1: the empty block at the end of each message is not sent. */
const emptyBlockBytes = 4;

/** Each encoded frame is a whole message in one unmasked WebSocket frame. */
export const plainFraming: Framing = {
  frame: ({ bytes, binary }: EncodedFrame) =>
    webSocketFrame(binary ? finalBinary : finalText, bytes),
};

const deflatedFramings = new WeakMap<PerMessageDeflateOptions, Framing>();

/**
 * Compresses each message without reference to earlier ones, so that all clients share its bytes: a message to 1,000 subscribers is
 * compressed once. One framing for each object of options, because a SockJS endpoint accepts WebSockets on several paths.
 */
export function deflatedFraming(options: PerMessageDeflateOptions): Framing {
  let framing = deflatedFramings.get(options);
  if (framing === undefined) deflatedFramings.set(options, (framing = createDeflated(options)));
  return framing;
}

function createDeflated({ threshold, level }: PerMessageDeflateOptions): Framing {
  return {
    frame(encoded: EncodedFrame): Uint8Array {
      const { bytes, binary } = encoded;
      if (bytes.length < threshold) return plainFraming.frame(encoded);
      const deflated = deflateRawSync(bytes, { level, finishFlush: constants.Z_SYNC_FLUSH });
      const payload = deflated.subarray(0, -emptyBlockBytes);
      if (payload.length >= bytes.length) return plainFraming.frame(encoded);
      return webSocketFrame((binary ? finalBinary : finalText) | compressed, payload);
    },
  };
}

/** RFC 6455 section 5.2. */
function webSocketFrame(firstByte: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafeSlow(head + length);
  frame[0] = firstByte;
  if (head === 2) frame[1] = length;
  else if (head === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.set(payload, head);
  return frame;
}
