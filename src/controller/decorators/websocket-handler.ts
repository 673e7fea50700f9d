// The decorator of classes that handle raw WebSocket messages, and the methods of such classes.
import type { Constructor } from '../../payload/converter.js';
import type { HandshakeOptions } from '../../session/handshake-options.js';
import type { MessageParts, WebSocketSession } from '../../session/websocket-session.js';
import { ownDefinition, reportUncalledOnClass } from '../definition.js';

/** The data of a message that is received as a whole: text as a string, binary as bytes. */
type WholeMessage = string | Uint8Array;

/**
 * The methods of a class with `@WebSocketHandler`; each is optional, but one must exist. All may be asynchronous: the next
 * method of the session is called when the promise has settled, or after `handlerTimeout`. With the option `maxPartBytes`, `Data` is
 * `MessageParts`.
 */
export interface WebSocketHandler<Data = WholeMessage> {
  /** The client has connected. Called before the first message. */
  open?(session: WebSocketSession): void | Promise<void>;
  /**
   * The client has sent a message: text as a string, binary as bytes. With `maxPartBytes`, it has begun to send a message, and
   * `handlerTimeout` limits only the time that the handler takes for each part, and after the last one.
   */
  message?(session: WebSocketSession, data: Data): void | Promise<void>;
  /** The session has ended, and no other method runs. Called once for each `open`, also when `open` has failed. */
  close?(session: WebSocketSession, code: number, reason: string): void | Promise<void>;
  /**
   * Another method has thrown or taken too long. Afterwards the session is closed with 1011, or with the close code of a thrown
   * `MessagingError`, unless this method has closed it.
   */
  error?(session: WebSocketSession, error: unknown): void | Promise<void>;
}

/** Options of a class with `@WebSocketHandler`. */
export interface WebSocketHandlerOptions extends HandshakeOptions {
  /** Subprotocols that the handler supports, the preferred one first. A client that offers none of them connects without one. @default none */
  readonly subprotocols?: readonly string[];
  /**
   * `shared`: one instance handles all sessions. `connection`: each session has its own instance, which the container creates
   * (Spring: `PerConnectionWebSocketHandler`).
   *
   * @default 'shared'
   */
  readonly instance?: 'shared' | 'connection';
  /**
   * Bytes of one message of a client; a larger one closes the session with 1009, and is not read. May be smaller or larger than the
   * limit of the server.
   *
   * @default `limits.maxMessageBytes` of the server
   */
  readonly maxMessageBytes?: number;
}

/** Options of a class with `@WebSocketHandler` that receives messages in parts. */
export interface WebSocketPartsOptions extends WebSocketHandlerOptions {
  /**
   * `message` receives `MessageParts` of at most so many bytes, in place of a whole message. At least 1,024. Compressed messages cannot
   * be divided. Over SockJS, each message is one part, so this is also the limit of messages there.
   *
   * @default messages are received as a whole
   */
  readonly maxPartBytes: number;
}

/**
 * Makes a class the handler of the WebSocket messages of a path, without STOMP (Spring: `WebSocketConfigurer.addHandler`).
 *
 * @param path the path of the handler, which may have variables: `/echo`, `/rooms/{room}`
 *
 * @example
 * ```ts
 * @WebSocketHandler('/echo/{room}')
 * class EchoHandler {
 *   message(session: WebSocketSession, data: string | Uint8Array) {
 *     session.send(data);
 *   }
 * }
 * const server = await createServer({ controllers: [EchoHandler] });
 * ```
 */
export function WebSocketHandler(
  path: string,
  options: WebSocketPartsOptions,
): <T extends Constructor<WebSocketHandler<MessageParts>>>(type: T) => void;
export function WebSocketHandler(
  path: string,
  options?: WebSocketHandlerOptions,
): <T extends Constructor<WebSocketHandler>>(type: T) => void;
export function WebSocketHandler(
  path: string,
  options: WebSocketHandlerOptions | WebSocketPartsOptions = {},
): (type: Constructor) => void {
  if (typeof path === 'function') {
    const uncalled = reportUncalledOnClass(path, "@WebSocketHandler('/echo')");
    uncalled.webSocket = { path: '/', options: {} };
    return path;
  }
  return (type) => {
    const definition = ownDefinition(type);
    if (definition.webSocket !== undefined)
      definition.mistakes.push(': it has several @WebSocketHandler; keep one.');
    definition.webSocket = { path, options };
  };
}
