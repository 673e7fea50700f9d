// The transport of a SockJS endpoint: bare WebSockets, SockJS over WebSocket, and SockJS over HTTP.
import { MessagingError } from '../../message/error.js';
import { compileDestination } from '../../pattern/destination-pattern.js';
import { pathOf, rejectUpgrade, splitPath, type HttpHost } from '../http-host.js';
import { bodyLimit, messageLimit } from '../http-session/body.js';
import { Sessions } from '../http-session/sessions.js';
import type { Transport, TransportContext } from '../transport.js';
import { webSocketTransport, type WebSocketOptions } from '../websocket.js';
import type { SockJsOptions } from './options.js';
import { requestListener } from './requests.js';
import { parseSessionPath } from './session-pages.js';
import type { SockJsSession } from './session.js';
import { SockJsWebSocket } from './websocket.js';

export interface SockJsEndpoint extends WebSocketOptions {
  readonly allowedOrigins: readonly string[];
  readonly options: SockJsOptions;
}

/** Creates a transport for one endpoint. Opening it fails with `listen-failed` when the server has no HTTP server. */
export function sockJsTransport(endpoint: SockJsEndpoint): Transport {
  const { options } = endpoint;
  const path = endpoint.path.replace(/\/$/, '');
  let sessions: Sessions<SockJsSession> | undefined;
  let releases: (() => void | Promise<void>)[] = [];
  return {
    name: `sockjs ${endpoint.path}`,
    async open(context) {
      const { http, clock, limits } = context;
      const maxMessageBytes = messageLimit(endpoint, limits);
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
      sessions = new Sessions(() => {
        for (const release of claims) release();
      });
      const maxBodyBytes = bodyLimit(options.maxBodyBytes, maxMessageBytes);
      const session = { clock, options, maxMessageBytes, sessions };
      const parts = { ...endpoint, path, maxBodyBytes, context, sessions, session };
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
    limits: { maxMessageBytes: messageLimit(endpoint, context.limits) },
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
  const pattern = compileDestination(path);
  return {
    claimRequests: (claim, listener) => http.claimRequests(claim, listener),
    claimUpgrades: (claim, listener) =>
      http.claimUpgrades(claim, (request, socket, head) => {
        const { below } = splitPath(pattern, pathOf(request.url))!;
        const session = parseSessionPath(below);
        if (session?.transport === 'websocket') listener(request, socket, head);
        else rejectUpgrade(socket, 404);
      }),
  };
}
