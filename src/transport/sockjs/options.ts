// The options of a SockJS endpoint, with their defaults and checks.
import { featureOptions, invalidOption, requireCount } from '../../message/option.js';
import { requireTimes } from '../http-session/times.js';

/** The HTTP transports by which clients receive. */
export const httpTransports = ['xhr_streaming', 'eventsource', 'htmlfile', 'xhr', 'jsonp'] as const;

/** A SockJS transport over HTTP, as it is named in URLs. */
export type SockJsHttpTransport = (typeof httpTransports)[number];

/** SockJS for browsers and proxies without WebSocket. */
export interface SockJsOptions {
  /**
   * Milliseconds without a frame after which the client gets a SockJS heart-beat, which keeps proxies from closing the request. None
   * is sent while the server sends STOMP heart-beats.
   *
   * @default 25_000
   */
  readonly heartbeatInterval: number;
  /** Milliseconds after which a session without a receiving request ends. @default 5_000 */
  readonly disconnectDelay: number;
  /** Bytes of one streaming response. Then it ends, and the client opens another one. @default 131_072 */
  readonly responseLimit: number;
  /**
   * Bytes of one request with messages; a larger one is answered with 413. 0 means the larger of 1,048,576 and twice
   * `limits.maxMessageBytes`, or `maxMessageBytes` of the WebSocket handler.
   *
   * @default 0
   */
  readonly maxBodyBytes: number;
  /**
   * Sets the cookie `JSESSIONID`, by which proxies send all requests of a client to one server, and a secret cookie, to which the
   * sessions of the client are bound.
   *
   * @default false
   */
  readonly sessionCookie: boolean;
  /** False refuses WebSockets on all URLs of the endpoint. @default true */
  readonly websocket: boolean;
  /** The HTTP transports that clients may use. @default all but `jsonp` */
  readonly transports: readonly SockJsHttpTransport[];
  /**
   * URL of the client library for the iframe page. It must have the version that the application's pages use. The empty text serves
   * the installed package `sockjs-client`; without it, the iframe page is answered with 404.
   *
   * @default ''
   */
  readonly clientLibrary: string;
}

export const defaultSockJs: SockJsOptions = {
  heartbeatInterval: 25_000,
  disconnectDelay: 5000,
  responseLimit: 128 * 1024,
  maxBodyBytes: 0,
  sessionCookie: false,
  websocket: true,
  transports: httpTransports.filter((name) => name !== 'jsonp'),
  clientLibrary: '',
};

/**
 * Adds the defaults; undefined when SockJS is off.
 *
 * @param path names the option in errors
 * @throws {MessagingError} `option-invalid`
 */
export function resolveSockJs(
  given?: boolean | Partial<SockJsOptions>,
  path = 'endpoints.sockjs',
): SockJsOptions | undefined {
  const options = featureOptions(path, defaultSockJs, given);
  if (options === undefined) return undefined;
  requireTimes(path, options);
  requireCount(`${path}.responseLimit`, options.responseLimit, 1);
  requireCount(`${path}.maxBodyBytes`, options.maxBodyBytes, 0);
  const unknown = options.transports.find((name) => !httpTransports.includes(name));
  if (unknown !== undefined || (options.transports.length === 0 && !options.websocket))
    throw invalidOption(
      `${path}.transports`,
      `must be some of ${httpTransports.join(', ')}; without WebSocket at least one`,
    );
  if (!/^(?:$|https?:\/\/[^\s"<>]+$|\/[^\s"<>]*$)/.test(options.clientLibrary))
    throw invalidOption(
      `${path}.clientLibrary`,
      "must be a URL, such as '/assets/sockjs.min.js', or empty",
    );
  return options;
}
