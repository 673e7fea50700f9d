// The socket that all factories return: the part of the WebSocket interface that STOMP libraries use.

/** The connection is open. */
export interface ClientOpenEvent {
  /** Always `open`. */
  readonly type: string;
}

/** A message of the server. */
export interface ClientMessageEvent {
  /** Always `message`. */
  readonly type: string;
  /** Text as a string, binary messages of a WebSocket as `binaryType` selects. */
  readonly data: string | ArrayBuffer;
}

/** The connection has failed; a close event follows. */
export interface ClientErrorEvent {
  /** Always `error`. */
  readonly type: string;
  /** The cause, where the transport knows it. */
  readonly message?: string;
}

/** The connection has ended. */
export interface ClientCloseEvent {
  /** Always `close`. */
  readonly type: string;
  /** The close code of the peer that closed the connection; 1006 when the connection was lost or could not be opened. */
  readonly code: number;
  /** The reason of the peer, or a text with the cause of the failure. */
  readonly reason: string;
  /** True when a peer closed the connection, false when it was lost. */
  readonly wasClean: boolean;
}

/**
 * A connection to the server, with the members of a browser's `WebSocket` that STOMP libraries use. It is an `IStompSocket` of
 * `@stomp/stompjs`.
 */
export interface ClientSocket {
  /** The URL of the endpoint. */
  readonly url: string;
  /** 0 while the connection opens, 1 when it is open, 2 while it closes, 3 when it has ended. */
  readonly readyState: number;
  /** The subprotocol that the server has chosen; empty without one. */
  readonly protocol: string;
  /** The form of binary messages over WebSocket. Other transports carry only text. */
  binaryType: string;
  /** Called when messages can be sent. */
  onopen: ((event: ClientOpenEvent) => void) | null;
  /** Called for each message of the server. */
  onmessage: ((event: ClientMessageEvent) => void) | null;
  /** Called before `onclose` when the connection has failed. */
  onerror: ((event: ClientErrorEvent) => void) | null;
  /** Called once, when the connection has ended. */
  onclose: ((event: ClientCloseEvent) => void) | null;
  /**
   * Sends a message. After the end of the connection it is dropped, as in browsers.
   *
   * @param data text, or bytes. Transports other than WebSocket send bytes as text, so they must be valid UTF-8.
   * @throws {Error} while the connection opens
   * @throws {TypeError} when bytes are not valid UTF-8 and the transport carries only text
   */
  send(data: string | ArrayBufferLike | ArrayBufferView): void;
  /** Closes the connection after the messages that have been passed to `send`. */
  close(code?: number, reason?: string): void;
  /** Ends the connection without waiting for the server. A browser's own WebSocket does not have it; stompjs adds it. */
  terminate?(): void;
}

/** Values of `readyState`. */
export const connecting = 0;
export const open = 1;
export const closing = 2;
export const closed = 3;

/** Close codes of RFC 6455, section 7.4.1. */
export const normalClosure = 1000;
export const abnormalClosure = 1006;
export const messageTooBig = 1009;

/** The reason after `terminate()`, and after `close()` while the connection opens. */
export const endedByClient = 'The client has ended the connection.';

/** Subprotocols that the factories offer by default: the versions of STOMP. */
export const stompProtocols: readonly string[] = ['v12.stomp', 'v11.stomp', 'v10.stomp'];

/**
 * Calls a handler of the application. An exception becomes an uncaught one, as in browsers, so the connection continues.
 *
 * @param handler the handler; null when the application has set none
 */
export function dispatch<Event>(handler: ((event: Event) => void) | null, event: Event): void {
  try {
    handler?.(event);
  } catch (error) {
    setTimeout(() => {
      throw error;
    });
  }
}

/**
 * Returns a message as text, for transports that carry only text.
 *
 * @throws {TypeError} when bytes are not valid UTF-8
 */
export function textOf(data: string | ArrayBufferLike | ArrayBufferView): string {
  if (typeof data === 'string') return data;
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data as Uint8Array);
}

/** The error of `send()` while the connection opens. */
export function notOpen(): Error {
  return new Error('Messages cannot be sent before the connection is open.');
}

/** Returns the text of anything that was thrown. */
export function textOfError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // The fetch of Node has the reason of a failed connection in the cause.
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
