// Connections over WebSocket: the class of the browser or of Node, or another one such as that of ws.
import { endpointUrl } from './endpoint-url.js';
import { requireList, stompProtocols, type ClientSocket } from './socket.js';

/** The class of a browser's WebSocket, or of the package `ws`. */
export type WebSocketClass = new (
  url: string,
  protocols?: string[],
) => {
  /** Closes the connection. */
  close(code?: number, reason?: string): void;
};

/** Options of `websocket()`. */
export interface WebSocketClientOptions {
  /**
   * Subprotocols that the client offers, the preferred one first.
   *
   * @default ['v12.stomp', 'v11.stomp', 'v10.stomp']
   */
  readonly protocols?: readonly string[];
  /**
   * The WebSocket class. Node 20 has none, so pass that of the package `ws` there.
   *
   * @default the global one
   */
  readonly WebSocket?: WebSocketClass;
}

/**
 * Returns a function that connects over WebSocket, for `webSocketFactory` of `@stomp/stompjs`.
 *
 * @param url the endpoint: absolute with `ws`, `wss`, `http` or `https`, or in a page relative to it
 * @throws {TypeError} when the URL is relative outside of a page. The returned function throws an Error when neither the
 *   option nor the program has a WebSocket class.
 * @example
 * ```ts
 * const socket = websocket('ws://localhost:8080/ws', { protocols: ['v1.json.signalbox'] })();
 * socket.onmessage = ({ data }) => console.log(data);
 * ```
 */
export function websocket(url: string, options: WebSocketClientOptions = {}): () => ClientSocket {
  const address = endpointUrl(url, 'ws');
  const protocols = requireList(options.protocols ?? stompProtocols);
  return () => {
    const Socket = options.WebSocket ?? (globalThis as { WebSocket?: WebSocketClass }).WebSocket;
    if (Socket === undefined)
      throw new Error(
        "This version of Node has no WebSocket class. Pass the one of the package 'ws' as the option WebSocket.",
      );
    const socket = new Socket(address, [...protocols]) as ClientSocket & Partial<EventTarget>;
    // The sockets of ws throw an error without a listener.
    socket.addEventListener?.('error', () => {});
    return socket;
  };
}
