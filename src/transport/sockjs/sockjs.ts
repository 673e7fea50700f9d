// The transport of a SockJS endpoint: bare WebSockets, SockJS over WebSocket, and SockJS over HTTP.
import { MessagingError } from '../../message/error.js';
import { pathOf, rejectUpgrade, type HttpHost } from '../http-host.js';
import type { Transport, TransportContext } from '../transport.js';
import { webSocketTransport, type WebSocketOptions } from '../websocket.js';
import type { SockJsOptions } from './options.js';
import { requestListener } from './requests.js';
import { parseSessionPath } from './session-pages.js';
import { Sessions } from './sessions.js';
import { SockJsWebSocket } from './websocket.js';

/** Bytes of one request with messages, by default: a client sends all waiting messages together. */
const leastBodyBytes = 1024 * 1024;

export interface SockJsEndpoint extends WebSocketOptions {
  readonly allowedOrigins: readonly string[];
  readonly options: SockJsOptions;
}

/** Creates a transport for one endpoint. Opening it fails with `listen-failed` when the server has no HTTP server. */
export function sockJsTransport(endpoint: SockJsEndpoint): Transport {
  const { check, options } = endpoint;
  const path = endpoint.path.replace(/\/$/, '');
  let sessions: Sessions | undefined;
  let releases: (() => void | Promise<void>)[] = [];
  return {
    name: `sockjs ${endpoint.path}`,
    async open(context) {
      const { http, clock } = context;
      const maxMessageBytes = maxMessageBytesOf(endpoint, context);
      if (http === undefined)
        throw new MessagingError(
          'listen-failed',
          `The SockJS endpoint '${endpoint.path}' needs an HTTP server.`,
        );
      if (options.websocket) {
        for (const [webSocket, own] of webSocketsOf(endpoint, path, context, http)) {
          // First, so that `close` releases its path when a later one cannot be claimed.
          releases.push(() => webSocket.close());
          await webSocket.open(own);
        }
      } else {
        const refuse = (claim: string) =>
          http.claimUpgrades(claim, (_request, socket) => rejectUpgrade(socket, 404));
        releases.push(refuse(endpoint.path), refuse(`${path}/**`));
      }
      const claims: (() => void)[] = [];
      sessions = new Sessions({ clock, options, maxMessageBytes }, () => {
        for (const release of claims) release();
      });
      const maxBodyBytes =
        options.maxBodyBytes > 0
          ? options.maxBodyBytes
          : Math.max(leastBodyBytes, 2 * maxMessageBytes);
      const parts = { ...endpoint, path, check, maxBodyBytes, context, sessions };
      const requests = requestListener(parts);
      for (const claim of [path, `${path}/`, `${path}/**`])
        claims.push(http.claimRequests(claim, requests));
    },
    async close() {
      for (const release of releases) await release();
      releases = [];
      sessions?.stop();
    },
  };
}

/** Bytes of one message in SockJS frames, which is one part for a session that takes parts. */
function maxMessageBytesOf(
  { maxPartBytes = Infinity }: SockJsEndpoint,
  { limits }: TransportContext,
): number {
  return Math.min(limits.maxMessageBytes, maxPartBytes);
}

/** Bare WebSockets on the path of the endpoint and on `/websocket`, and SockJS in WebSockets on the paths of sessions. */
function webSocketsOf(
  endpoint: SockJsEndpoint,
  path: string,
  context: TransportContext,
  http: HttpHost,
): readonly (readonly [Transport, TransportContext])[] {
  const { clock } = context;
  const { heartbeatInterval } = endpoint.options;
  const framed: TransportContext = {
    ...context,
    limits: { maxMessageBytes: maxMessageBytesOf(endpoint, context) },
    http: onSessionPaths(http, path),
    accept: (webSocket) => context.accept(new SockJsWebSocket(webSocket, clock, heartbeatInterval)),
  };
  return [
    [webSocketTransport(endpoint), context],
    [webSocketTransport({ ...endpoint, path: `${path}/websocket` }), context],
    [webSocketTransport({ ...endpoint, path: `${path}/**`, maxPartBytes: undefined }), framed],
  ];
}

/** The same host, but upgrades of other paths than those of SockJS over WebSocket are answered with 404. */
function onSessionPaths(http: HttpHost, path: string): HttpHost {
  return {
    claimRequests: (claim, listener) => http.claimRequests(claim, listener),
    claimUpgrades: (claim, listener) =>
      http.claimUpgrades(claim, (request, socket, head) => {
        const session = parseSessionPath(pathOf(request.url).slice(path.length));
        if (session?.transport === 'websocket') listener(request, socket, head);
        else rejectUpgrade(socket, 404);
      }),
  };
}
