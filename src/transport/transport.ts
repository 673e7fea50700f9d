// The contract of a transport: the connections that it accepts, and the context that the server gives it.
import type { Clock } from '../message/clock.js';
import type { Framing } from '../message/encoded-frame.js';
import { closeCodes, type ErrorCode } from '../message/error.js';
import type { Logger } from '../message/logger.js';
import type { Principal } from '../message/message.js';
import { requireResult } from '../message/promise.js';
import type { Excess } from '../message/quota.js';
import type { HttpHost } from './http-host.js';

/** Facts about a client before its first frame; copied, because the HTTP request would need 1-3 KB of memory per client. */
export interface Handshake {
  /** Path and query as the client requested them, without `/sse` over Server-Sent Events; empty for transports without URLs. */
  readonly url: string;
  /** HTTP headers in lower case, without those of the upgrade itself; empty for transports without headers. */
  readonly headers: ReadonlyMap<string, string>;
  /** IP address of the client; behind a trusted proxy, the one that the proxy has reported. */
  readonly remoteAddress: string | undefined;
  /** The negotiated WebSocket subprotocol. */
  readonly subprotocol: string | undefined;
  /** True when the connection of the client is encrypted; behind a trusted proxy, as the proxy has reported it. */
  readonly secure: boolean;
  /** The user, when the transport itself or a handshake interceptor has authenticated the client. */
  readonly principal: Principal | undefined;
  /** Attributes that the session begins with; handshake interceptors set them. */
  readonly attributes?: ReadonlyMap<string, unknown> | undefined;
}

/** Receives the events of a connection. Calls never overlap, and none follows `closed`. */
export interface ConnectionListener {
  /**
   * Receives bytes of the client, in the order sent.
   *
   * @param binary true for a binary message; absent for text, and for transports that do not have both kinds
   * @param more true for a part of a message, if further parts follow; the last one may be empty. Only for sessions that take messages
   *   in parts
   */
  data(chunk: Uint8Array, binary?: boolean, more?: boolean): void;
  /**
   * No data follows: the client has closed its side, or has sent data that the transport rejects. The listener closes the
   * connection with this code after the frames that it has already received.
   *
   * @param detail explains the reason in the log
   */
  ended(code: number, reason: string, detail?: string): void;
  /**
   * The transport holds bytes of the client that it has not delivered. They count for `limits.maxHeldBytes`.
   *
   * @param bytes negative for bytes that it no longer holds
   * @returns false when the client has used its part of the limit, or all clients together have used the limit
   */
  held(bytes: number): boolean;
  /** All written bytes have left this process. */
  drained(): void;
  /** The client has answered a ping. */
  ponged(): void;
  /** Either side has closed the connection, or it is lost; called once. */
  closed(code: number, reason: string): void;
}

/** One client. No method may be asynchronous: a promise ends the session with 1011. */
export interface Connection {
  /** The request that opened the connection. */
  readonly handshake: Handshake;
  /** The framing that this transport adds to encoded frames. */
  readonly framing: Framing;
  /** True when each chunk is one whole message, as in WebSocket; false when chunks are arbitrary parts of a byte stream. */
  readonly wholeMessages: boolean;
  /**
   * True when text in both directions may have lone surrogates, which UTF-8 cannot contain, as the bytes of WTF-8. All other
   * transports carry only UTF-8.
   */
  readonly carriesSurrogates?: true;
  /** Written bytes that have not left this process. */
  readonly bufferedBytes: number;
  /**
   * Sets the receiver of events. Must be called in the turn of the event loop in which the connection is accepted. The transport
   * calls the listener only after this method has returned.
   */
  listen(listener: ConnectionListener): void;
  /** Writes bytes that `framing` has framed; ignored once the connection is closing. The buffer must not change afterwards. */
  write(bytes: Uint8Array): void;
  /** Sends a ping; false when the transport has none. */
  ping(): boolean;
  /**
   * The session takes the fragments of a message one by one. Called before the first data; only for transports whose messages have
   * fragments, and that do not know before which session takes them.
   *
   * @param maxPartBytes bytes of one part; a larger fragment is divided
   */
  takeParts?(maxPartBytes: number): void;
  /** The session sends heart-beats from now on, so a transport with its own, as SockJS, stops them. */
  stopHeartbeats?(): void;
  /** Stops reading from the client. */
  pause(): void;
  /** Continues to read after `pause`. */
  resume(): void;
  /** Sends all written bytes, then closes; destroys the connection when the client does not close within `closeTimeout`. */
  close(code: number, reason: string): void;
  /** Closes immediately; written bytes may be lost. */
  terminate(): void;
}

/** Limits of the server that transports enforce. */
export interface TransportLimits {
  /** Bytes of one message; a transport with messages closes a connection that exceeds it with 1009. */
  readonly maxMessageBytes: number;
}

/** The reason why a connection is refused. */
export interface ConnectionRefusal {
  /** The error code of the refusal. */
  readonly code: 'handshake-limit' | 'session-limit';
  /** `limit` when the server is full; `share` when only this address has too many connections. */
  readonly excess: Excess;
}

/** Limits the connections that have not finished CONNECT. */
export interface ConnectionGate {
  /**
   * Undefined when the server accepts one more connection from the address. A transport that can refuse a connection in its own way,
   * such as an HTTP status, asks before it accepts. `accept` asks as well, and closes a refused connection with 1013.
   */
  refusal(address: string | undefined): ConnectionRefusal | undefined;
  /**
   * Counts a connection that `accept` has not received yet, such as one in a TLS handshake. Returns a function that ends the counting.
   */
  begin(address: string | undefined): () => void;
}

/** The parts of a server that a transport works with. */
export interface TransportContext {
  /** Starts a session on a new connection. Never throws: when the server fails, it closes the connection with 1011. */
  readonly accept: (connection: Connection) => void;
  /** Limits the connections of the server. */
  readonly gate: ConnectionGate;
  /** The clock of the server. */
  readonly clock: Clock;
  /** The logger of the server. */
  readonly logger: Logger;
  /** Limits of the bytes that a transport buffers. */
  readonly limits: TransportLimits;
  /** The HTTP server that `listen` started or `attach` received; undefined after `start`, which uses none. */
  readonly http: HttpHost | undefined;
}

/** A way for clients to reach the server. */
export interface Transport {
  /** Identifies the transport in logs and error messages. */
  readonly name: string;
  /** Starts to accept connections. Called again only after `close`: a transport belongs to one server at a time. */
  open(context: TransportContext): void | Promise<void>;
  /**
   * Stops accepting connections. Open connections stay open until they are closed. Also called when `open` has failed, but not for a
   * transport that the server has not tried to open.
   */
  close(): void | Promise<void>;
}

/** The reason of the close after a message above the limit. The code is 1009. */
export const tooLargeReason = 'frame-too-large' satisfies ErrorCode;

/** The text about a message above the limit, which the log has equally for all transports. */
export function tooLargeText(maxBytes: number): string {
  return `A message of the client has more than ${maxBytes} bytes.`;
}

/** Time that a client has to close its side, in milliseconds, before the connection is destroyed. */
export const closeTimeout = 1000;

/** Code and reason of a connection that ended without a close frame (RFC 6455 section 7.1.5). */
export const lostConnection = { code: 1006, reason: '' } as const;

/**
 * Returns the `accept` of a context. When starting the session throws, it logs the error and closes the connection with
 * 1011, so that transports need no separate error handling.
 */
export function guardAccept(
  start: (connection: Connection) => void,
  logger: Logger,
): TransportContext['accept'] {
  return (connection) => {
    try {
      start(connection);
    } catch (error) {
      logger.error('The server could not accept a new connection.', error);
      refuse(connection, logger);
    }
  };
}

function refuse(connection: Connection, logger: Logger): void {
  try {
    requireResult(
      connection.close(closeCodes.internalError, 'internal-error'),
      'close() of the connection',
    );
  } catch (error) {
    logger.error('A connection that was not accepted could not be closed.', error);
  }
}
