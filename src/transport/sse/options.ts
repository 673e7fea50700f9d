// The options of Server-Sent Events on an endpoint, with their defaults and checks.
import { featureOptions, requireCount } from '../../message/option.js';
import { requireTimes } from '../http-session/times.js';

/** Server-Sent Events for clients whose networks have no WebSocket. */
export interface SseOptions {
  /**
   * Milliseconds without an event after which the client gets a comment, which keeps proxies from closing the response. None is sent
   * while the server sends STOMP heart-beats.
   *
   * @default 25_000
   */
  readonly heartbeatInterval: number;
  /** Milliseconds in which a client that has lost its response can continue its session. @default 10_000 */
  readonly disconnectDelay: number;
  /**
   * Bytes of sent events that a session keeps for a client that connects again. An event counts 128 bytes more than its messages.
   * With 0, a client continues its session only if it has received all events.
   *
   * @default 65_536
   */
  readonly bufferBytes: number;
  /**
   * Bytes of one request with messages; a larger one is answered with 413. 0 means the larger of 1,048,576 and twice
   * `limits.maxMessageBytes`, or `maxMessageBytes` of the WebSocket handler.
   *
   * @default 0
   */
  readonly maxBodyBytes: number;
}

export const defaultSse: SseOptions = {
  heartbeatInterval: 25_000,
  disconnectDelay: 10_000,
  bufferBytes: 64 * 1024,
  maxBodyBytes: 0,
};

/**
 * Adds the defaults; undefined when SSE is off.
 *
 * @param path names the option in errors
 * @throws {MessagingError} `option-invalid`
 */
export function resolveSse(
  given?: boolean | Partial<SseOptions>,
  path = 'endpoints.sse',
): SseOptions | undefined {
  const options = featureOptions(path, defaultSse, given);
  if (options === undefined) return undefined;
  requireTimes(path, options);
  requireCount(`${path}.bufferBytes`, options.bufferBytes, 0);
  requireCount(`${path}.maxBodyBytes`, options.maxBodyBytes, 0);
  return options;
}
