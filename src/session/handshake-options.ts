// The options of everything that accepts handshakes over HTTP, and their checks.
import { invalidOption, type Shape } from '../message/option.js';
import { createClientReader } from '../transport/forwarded.js';
import { isPattern } from '../transport/http-host.js';
import { createOriginCheck } from '../transport/origin.js';
import {
  resolvePerMessageDeflate,
  type PerMessageDeflateOptions,
} from '../transport/permessage-deflate.js';
import { resolveSockJs, type SockJsOptions } from '../transport/sockjs/options.js';
import { resolveSse, type SseOptions } from '../transport/sse/options.js';
import { checkInterceptors, type HandshakeInterceptor } from './handshake-interceptor.js';

/** Options of everything that accepts handshakes over HTTP: endpoints and WebSocket handlers. */
export interface HandshakeOptions {
  /**
   * Origins that may connect, exact or as patterns (`https://*.example.org:[443,8443]`). The server's own origin always may.
   *
   * @default none
   */
  readonly allowedOrigins?: readonly string[];
  /**
   * Proxies whose `X-Forwarded-For`, `-Proto`, `-Host` and `-Port` headers are trusted, or their `Forwarded` header if these are
   * missing: IP addresses, ranges such as `10.0.0.0/8`, and `unix` for proxies that connect by a Unix socket. The origin check and
   * `session.handshake` then use the address, the scheme and the host of the client.
   *
   * @default none
   */
  readonly trustedProxies?: readonly string[];
  /**
   * Compresses messages for clients that offer permessage-deflate. A message of a client is inflated only up to
   * `limits.maxMessageBytes`.
   *
   * @default false: compression costs time for each message, and memory for each client
   */
  readonly perMessageDeflate?: boolean | Partial<PerMessageDeflateOptions>;
  /** SockJS in addition to WebSocket, for browsers and proxies without WebSocket. @default false */
  readonly sockjs?: boolean | Partial<SockJsOptions>;
  /** Server-Sent Events in addition to WebSocket, for networks without WebSocket; the URL has `/sse` at its end. @default false */
  readonly sse?: boolean | Partial<SseOptions>;
  /** Run before a client is accepted, after those of the server. @default none */
  readonly handshakeInterceptors?: readonly HandshakeInterceptor[];
}

/** Examples of the type of each option. */
export const handshakeShape: Shape<HandshakeOptions> = {
  allowedOrigins: [],
  trustedProxies: [],
  perMessageDeflate: undefined,
  sockjs: undefined,
  sse: undefined,
  handshakeInterceptors: [],
};

/** True for a path of HTTP: it begins with a slash, and has no query and no spaces. */
export function isPath(path: string): boolean {
  return /^\/[^?#\s]*$/.test(path);
}

/** Also with a regular expression, such as `{id:\d{3}}`. */
const variable = /\{(?:[^{}]|\{[^{}]*\})*\}/g;

/** The path as clients send it, with its variables: `/%C3%BC` for `/ü`. Requests are compared with this form. */
export function encodedPath(path: string): string {
  const variables = [...path.matchAll(variable)].values();
  const literal = path.replace(variable, '\0');
  // The parser of patterns reports a brace that is not closed.
  if (/[{}]/.test(literal)) return path;
  // With a fragment, because a URL loses control characters at its end.
  const { pathname } = new URL(`ws://host${literal}#`);
  return pathname.replaceAll('%00', () => String(variables.next().value));
}

/**
 * @param prefix of the names of the options in errors
 * @throws {MessagingError} `option-invalid`, also for a malformed origin or proxy address
 */
export function checkHandshakeOptions(
  {
    allowedOrigins,
    trustedProxies,
    perMessageDeflate,
    sockjs,
    sse,
    handshakeInterceptors = [],
  }: HandshakeOptions,
  path: string,
  prefix = 'endpoints.',
): void {
  createOriginCheck({ allowed: allowedOrigins });
  createClientReader(trustedProxies);
  resolvePerMessageDeflate(perMessageDeflate, `${prefix}perMessageDeflate`);
  if (resolveSockJs(sockjs, `${prefix}sockjs`) !== undefined) {
    // It would take all paths of the HTTP server.
    if (path === '/')
      throw invalidOption(`${prefix}sockjs`, "needs another path than '/', such as '/ws'");
    if (path.includes('**'))
      throw invalidOption(`${prefix}sockjs`, `needs a path without '**', unlike '${path}'`);
    if (path.split('/').every((segment) => segment === '' || isPattern(segment)))
      throw invalidOption(`${prefix}sockjs`, `needs a path with a fixed segment, unlike '${path}'`);
  }
  resolveSse(sse, `${prefix}sse`);
  checkInterceptors(handshakeInterceptors);
}
