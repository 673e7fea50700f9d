// The session of a client of a WebSocket handler as applications see it, and the contract of the list of such sessions.
import type { Session } from './session.js';

/** One client of a class with `@WebSocketHandler` (Spring: `WebSocketSession`). */
export interface WebSocketSession extends Pick<
  Session,
  'id' | 'principal' | 'handshake' | 'attributes' | 'signal'
> {
  /** The values of the variables in the path of the handler, decoded. */
  readonly variables: ReadonlyMap<string, string>;
  /** The negotiated subprotocol; undefined when there is none. */
  readonly subprotocol: string | undefined;
  /**
   * Sends a message: a string as text, bytes as binary; the bytes must not change afterwards. A client for which more than
   * `limits.maxOutboxBytes` wait is disconnected with 4500; it gets one message of any size.
   *
   * @returns false when more than half of the limit waits, or the session has ended; `room()` waits
   */
  send(data: string | Uint8Array): boolean;
  /**
   * Resolves with true when less than half of the limit waits, and with false when the session has ended.
   *
   * @example
   * ```ts
   * async function sendAll(session: WebSocketSession, lines: Iterable<string>) {
   *   for (const line of lines) {
   *     if (!(await session.room())) return;
   *     session.send(line);
   *   }
   * }
   * ```
   */
  room(): Promise<boolean>;
  /**
   * Sends all queued messages, then closes the session. Messages that were received but not yet handled are discarded.
   *
   * @param code WebSocket close code, default 1000. Applications use 3000 to 4499
   * @param reason default empty
   */
  close(code?: number, reason?: string): void;
}

/**
 * A message that arrives in parts: strings if it is text, bytes if it is binary. Reading waits for the next part, and the server reads
 * from the client only as fast as the handler. It throws `message-incomplete` when the session ends before the message.
 *
 * The parts can be read once. A handler that returns without reading all of them drops the others.
 */
export interface MessageParts extends AsyncIterable<string | Uint8Array> {
  /** True for a binary message. */
  readonly binary: boolean;
}

/** Finds the open sessions of all WebSocket handlers; inject it. */
export abstract class WebSocketSessions {
  /** Number of open sessions. */
  abstract readonly size: number;
  /** The session with this id; undefined when it is not open. */
  abstract get(id: string): WebSocketSession | undefined;
  /** All open sessions. */
  abstract all(): Iterable<WebSocketSession>;
}
