// Connections over SockJS, with the class of sockjs-client that the application has loaded.
import { endpointUrl } from './endpoint-url.js';
import { textOf, type ClientSocket } from './socket.js';

/** The class that `sockjs-client` exports. */
export type SockJsClass = new (
  url: string,
  protocols?: undefined,
  options?: object,
) => {
  /** Closes the connection. */
  close(code?: number, reason?: string): void;
};

/** Options of `sockjs()`. */
export interface SockJsClientOptions {
  /** The class that `sockjs-client` exports. */
  readonly SockJS: SockJsClass;
  /**
   * Options of that class, such as `{ transports: ['xhr-streaming'] }`.
   *
   * @default {}
   */
  readonly sockjsOptions?: object;
}

/**
 * Returns a function that connects over SockJS, for `webSocketFactory` of `@stomp/stompjs`. SockJS has no subprotocols: the first
 * message selects STOMP or JSON.
 *
 * @param url the endpoint: absolute with `http`, `https`, `ws` or `wss`, or in a page relative to it
 * @throws {TypeError} when the URL is relative outside of a page, or the option `SockJS` is not a class
 * @example
 * ```ts
 * const client = new Client({ webSocketFactory: sockjs('http://localhost:8080/ws', { SockJS }) });
 * client.activate();
 * ```
 */
export function sockjs(
  url: string,
  { SockJS, sockjsOptions = {} }: SockJsClientOptions,
): () => ClientSocket {
  if (typeof SockJS !== 'function')
    throw new TypeError('The option SockJS must be the class that sockjs-client exports.');
  const address = endpointUrl(url, 'http');
  return () => {
    const socket = new SockJS(address, undefined, sockjsOptions) as ClientSocket;
    // sockjs-client would send bytes as a list of numbers.
    const send = socket.send.bind(socket);
    socket.send = (data) => send(textOf(data));
    return socket;
  };
}
