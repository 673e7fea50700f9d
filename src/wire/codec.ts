// The contract of a wire protocol, and the choice of the protocol for a connection.
import type { EncodedFrame } from '../message/encoded-frame.js';
import { MessagingError } from '../message/error.js';
import { requireResult } from '../message/promise.js';
import type { ClientFrame, Heartbeat, Malformed, ServerFrame } from '../message/frame.js';

/** Limits for one client frame. A frame that exceeds one is malformed, and nothing after it is read. */
export interface DecoderLimits {
  /** Bytes of a whole frame. */
  readonly maxFrameBytes: number;
  /** Headers of one frame. */
  readonly maxHeaders: number;
  /** Bytes of one header line. */
  readonly maxHeaderBytes: number;
  /** Bytes of one header line of CONNECT, whose headers may carry tokens. */
  readonly maxConnectHeaderBytes: number;
}

/** The error for a part of a frame that exceeds a limit. */
export function tooLarge(
  part: 'frame' | 'header' | 'field or header',
  limit: number,
  unit: 'bytes' | 'headers',
  option: keyof DecoderLimits,
): MessagingError {
  return new MessagingError(
    'frame-too-large',
    `A ${part} may have at most ${limit} ${unit} (limits.${option}).`,
  );
}

/** Reads the frames of one client. */
export interface Decoder {
  /**
   * Returns the frames that end in this chunk, lazily and in order. A malformed frame is the last item that a decoder
   * yields; later chunks yield nothing.
   */
  push(chunk: Uint8Array): Iterable<ClientFrame | Heartbeat | Malformed>;
  /** The protocol version that the first frame has chosen; before that, the lowest. Selects the encoder for this client. */
  readonly version: string;
}

/** Writes server frames. All clients of a version share one encoder, so that equal frames are encoded once. */
export interface Encoder {
  /** Returns the bytes of a frame. Equal frames may return the same object. */
  encode(frame: ServerFrame | Heartbeat): EncodedFrame;
}

/** A wire protocol, for the option `codecs`. None of its functions may be asynchronous: a promise ends the session with 1011. */
export interface WireCodec {
  /** Name of the protocol, such as `stomp`. */
  readonly name: string;
  /** The WebSocket subprotocols of this codec, the preferred one first. */
  readonly subprotocols: readonly string[];
  /**
   * True when a session can continue after an error frame. Clients then receive problems as error frames and need no subscription.
   */
  readonly hasNonFatalErrors: boolean;
  /** True when a client without subprotocol that sends this first byte uses this codec. */
  begins(firstByte: number): boolean;
  /**
   * Makes a decoder for one client.
   *
   * @param messages true when each chunk is one whole message, as in WebSocket; false for arbitrary parts of a byte stream
   */
  decoder(limits: DecoderLimits, messages: boolean): Decoder;
  /** Returns the encoder of a protocol version, which all clients of the version share. */
  encoder(version: string): Encoder;
}

/** The codec for a connection, selected by its subprotocol or, without one, by its first byte. Undefined when no codec fits. */
export function chooseCodec(
  codecs: readonly WireCodec[],
  subprotocol: string | undefined,
  firstByte: number,
): WireCodec | undefined {
  return subprotocol === undefined
    ? codecs.find((codec) => requireResult(codec.begins(firstByte), 'begins() of the codec'))
    : codecs.find((codec) => codec.subprotocols.includes(subprotocol));
}

/** The subprotocol for the handshake: the first one of the codecs that the client has offered, otherwise undefined. */
export function chooseSubprotocol(
  codecs: readonly WireCodec[],
  offered: ReadonlySet<string>,
): string | undefined {
  return codecs
    .flatMap((codec) => codec.subprotocols)
    .find((subprotocol) => offered.has(subprotocol));
}
