// The contract of a wire protocol, and the choice of one by subprotocol or by the first octet.
import type { EncodedFrame } from '../message/encoded-frame.js';
import type { ClientFrame, Heartbeat, Malformed, ServerFrame } from '../message/frame.js';

/** What a client may make a decoder hold; beyond it the frame is malformed and nothing more is read. */
export interface DecoderLimits {
  /** Octets of a whole frame. */
  readonly maxFrameBytes: number;
  readonly maxHeaders: number;
  /** Octets of one header line. */
  readonly maxHeaderBytes: number;
  /** Octets of one header line on CONNECT, where tokens travel. */
  readonly maxConnectHeaderBytes: number;
}

/** Octets to frames, for one session. */
export interface Decoder {
  /**
   * The frames that end in this chunk, lazily and in order. Malformed input is the last item that a decoder ever yields;
   * later chunks yield nothing.
   */
  push(chunk: Uint8Array): Iterable<ClientFrame | Heartbeat | Malformed>;
  /** The version that the first frame settled; before it the lowest. Names the encoder for this client. */
  readonly version: string;
}

/** Frames to octets; one shared object a version, so that equal frames become the same octets once. */
export interface Encoder {
  encode(frame: ServerFrame | Heartbeat): EncodedFrame;
}

export interface WireCodec {
  readonly name: string;
  /** The WebSocket subprotocols that mean this codec, the preferred one first. */
  readonly subprotocols: readonly string[];
  /** Whether an error frame may leave the session alive: problems then come as such, and no subscription is needed. */
  readonly errorsMayPass: boolean;
  /** Whether a client that named no subprotocol and begins with this octet speaks it. */
  begins(octet: number): boolean;
  /** @param messages whether each chunk is a whole message, as WebSocket's; else it is any part of a stream */
  decoder(limits: DecoderLimits, messages: boolean): Decoder;
  encoder(version: string): Encoder;
}

/** The codec that a connection speaks: by its subprotocol, else by its first octet; undefined when none does. */
export function chooseCodec(
  codecs: readonly WireCodec[],
  subprotocol: string | undefined,
  firstOctet: number,
): WireCodec | undefined {
  return subprotocol === undefined
    ? codecs.find((codec) => codec.begins(firstOctet))
    : codecs.find((codec) => codec.subprotocols.includes(subprotocol));
}

/** The subprotocol to answer: the first of ours that the client offered; undefined when it offered none of them. */
export function chooseSubprotocol(
  codecs: readonly WireCodec[],
  offered: ReadonlySet<string>,
): string | undefined {
  return codecs
    .flatMap((codec) => codec.subprotocols)
    .find((subprotocol) => offered.has(subprotocol));
}
