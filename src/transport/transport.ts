// The contract of a transport: how octets of clients reach us and ours reach them.
import type { Framing } from '../message/encoded-frame.js';
import type { Principal } from '../message/message.js';

/** What is known of a client before its first frame; copied, so that no HTTP request is kept (1-3 KB each). */
export interface Handshake {
  /** Path and query as the client asked for them; empty where the transport has none. */
  readonly url: string;
  /** HTTP headers in lower case, but for those of the upgrade itself; empty where the transport has none. */
  readonly headers: ReadonlyMap<string, string>;
  readonly remoteAddress: string | undefined;
  /** The subprotocol that was agreed. */
  readonly subprotocol: string | undefined;
  readonly secure: boolean;
  /** Who the transport itself knows the client to be. */
  readonly principal: Principal | undefined;
}

/** What a connection tells; calls come one at a time and never after `closed`. */
export interface ConnectionListener {
  data(chunk: Uint8Array): void;
  /**
   * No data follows: the client has half-closed, or said what the transport must refuse. The listener closes with this
   * code when the frames before it are done.
   */
  ended(code: number, reason: string): void;
  /** Everything written has left this process. */
  drained(): void;
  /** The client answered a ping. */
  ponged(): void;
  /** The connection is gone, by whichever side; called once. */
  closed(code: number, reason: string): void;
}

export interface Connection {
  readonly handshake: Handshake;
  readonly framing: Framing;
  /** Whether each chunk that arrives is a whole message, as WebSocket's; else it is any part of a stream. */
  readonly messages: boolean;
  /** Octets written that have not left this process. */
  readonly bufferedBytes: number;
  /** Must be called in the turn in which the connection was accepted. */
  listen(listener: ConnectionListener): void;
  /** Writes octets that `framing` has framed; drops them when the connection is closing. The buffer must not change afterwards. */
  write(bytes: Uint8Array): void;
  /** Asks the client for a life sign; false where the transport has no such question. */
  ping(): boolean;
  pause(): void;
  resume(): void;
  /** Closes after everything written has left, within a second. */
  close(code: number, reason: string): void;
  /** Ends at once. */
  terminate(): void;
}

export type Acceptor = (connection: Connection) => void;

export interface Transport {
  readonly name: string;
  /** Begins to hand connections to the acceptor. */
  open(acceptor: Acceptor): void | Promise<void>;
  /** Takes no more connections; those that are open live on until they are closed. */
  close(): void | Promise<void>;
}
