// The client's side of a wire protocol: what it says as octets, and what it hears as the server's frames.
import type { ClientFrame, Heartbeat, ServerFrame } from '../message/frame.js';

export interface ClientProtocol {
  readonly subprotocol: string;
  say(frame: ClientFrame | Heartbeat): Uint8Array;
  /** The frames that end in this chunk, in order. */
  hear(chunk: Uint8Array): readonly (ServerFrame | Heartbeat)[];
}

/** What a name of a protocol stands for; a new one for each client. */
export type ClientProtocolName = 'stomp' | 'json';
