// The HTTP server that signalbox starts when the application has none, with limits for connections that do not become WebSockets.
import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TlsOptions } from 'node:tls';
import type { Clock } from '../message/clock.js';
import { LimitedLog } from '../message/limited-log.js';
import type { Logger } from '../message/logger.js';
import { accountOf, Quota } from '../message/quota.js';
import { compileDestination } from '../pattern/destination-pattern.js';
import { compileProxies, type TrustedProxies } from './forwarded.js';
import {
  httpHostOf,
  isPattern,
  matchesPath,
  pathOf,
  upgradeRequired,
  type HttpHost,
  type RequestListener,
} from './http-host.js';
import { listen } from './listen.js';
import { SecureServer, type BeginHandshake } from './tls.js';

export interface HttpListenerParts {
  /** The paths of WebSocket endpoints, also with variables. */
  readonly endpoints: readonly string[];
  readonly limits: {
    /** Connections that have not become WebSockets. */
    readonly maxHandshakes: number;
    /** One address may have one of so many parts of them. */
    readonly shares: number;
  };
  /** Proxies have no share, because each of them has the connections of many clients. @default none */
  readonly trustedProxies?: readonly string[];
  /** Time until a client must have sent a whole request, in milliseconds. */
  readonly connectTimeout: number;
  /** @default HTTP without TLS */
  readonly tls?: TlsOptions | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Node looks for late requests this often, in milliseconds, if the timeout is not shorter. */
const longestCheckInterval = 30_000;

export class HttpListener {
  readonly http: Server | HttpsServer;
  readonly host: HttpHost;
  /** Undefined without TLS. */
  readonly secure: SecureServer<HttpsServer> | undefined;
  readonly #connections: Quota;
  readonly #isProxy: TrustedProxies;
  /** The function that ends the counting of each counted connection. */
  readonly #counted = new WeakMap<Duplex, () => void>();
  readonly #log: LimitedLog;

  /** @throws {MessagingError} `option-invalid` for a wrong certificate */
  constructor(parts: HttpListenerParts) {
    const { endpoints, limits, trustedProxies, connectTimeout, tls, clock, logger } = parts;
    const timeouts = {
      // Also for connections that send nothing. Without it, Node waits 60 seconds for the headers and 300 for the body.
      headersTimeout: connectTimeout,
      requestTimeout: connectTimeout,
      connectionsCheckingInterval: Math.min(connectTimeout, longestCheckInterval),
    };
    this.#connections = new Quota(limits.maxHandshakes, limits.shares);
    this.#isProxy = compileProxies(trustedProxies);
    this.#log = new LimitedLog(clock, logger, 'warn');
    const answer = answerPlainRequests(endpoints, clock);
    this.secure =
      tls &&
      new SecureServer(tls, this.#begin, (checked) =>
        createHttpsServer({ ...checked, ...timeouts }, answer),
      );
    this.http = this.secure?.server ?? createServer(timeouts, answer);
    this.http.maxRequestsPerSocket = maxRequestsPerConnection;
    this.http.on(tls === undefined ? 'connection' : 'secureConnection', this.#onConnection);
    // From here on the connection counts as a handshake.
    this.host = httpHostOf(this.http, this.#endCounting);
  }

  /**
   * Listens on a port of a host, or on the path of a Unix socket.
   * @throws {MessagingError} `listen-failed`
   */
  listen(where: number | string, host: string): Promise<void> {
    return listen(this.http, where, host);
  }

  /** Accepts no further connections and closes those that have no session; resolves when the last one has closed. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.http.close(() => resolve());
      // Closes busy connections too, because a connection with an incomplete request would never end.
      this.http.closeAllConnections();
      this.secure?.abandonHandshakes();
    });
  }

  readonly #onConnection = (socket: Socket): void => {
    // A socket is given back as a new connection when its upgrade is ignored.
    if (this.#counted.has(socket)) return;
    const end = this.#begin(socket);
    if (end === undefined) {
      socket.destroy();
      return;
    }
    this.#counted.set(socket, end);
    socket.once('close', () => this.#endCounting(socket));
  };

  readonly #begin: BeginHandshake = ({ remoteAddress }) => {
    const account = this.#isProxy(remoteAddress) ? undefined : accountOf(undefined, remoteAddress);
    if (this.#connections.excess(account, 1) !== undefined) {
      this.#log.write(
        `A connection from ${remoteAddress ?? 'an unknown address'} was refused: too many HTTP connections without a WebSocket.`,
      );
      return undefined;
    }
    this.#connections.add(account, 1);
    return () => this.#connections.add(account, -1);
  };

  readonly #endCounting = (socket: Duplex): void => {
    this.#counted.get(socket)?.();
    this.#counted.delete(socket);
  };
}

/** Requests of one connection, so that a client with many small requests in one read has to connect again. */
const maxRequestsPerConnection = 1000;

/**
 * Answers the requests that no transport has claimed, and that do not ask for a WebSocket. Then the connection closes: a client could
 * send 2,500 such requests in each read of 64 KB.
 */
function answerPlainRequests(endpoints: readonly string[], clock: Clock): RequestListener {
  const exact = new Set(endpoints);
  const patterns = endpoints.filter(isPattern).map((path) => compileDestination(path));
  const isEndpoint = (path: string) =>
    exact.has(path) || patterns.some((pattern) => matchesPath(pattern, path));
  /** The responses of a socket that are not answered. */
  const unanswered = new WeakMap<Socket, ServerResponse[]>();
  return ({ socket }, response) => {
    const earlier = unanswered.get(socket);
    if (earlier !== undefined) return void earlier.push(response);
    const responses = [response];
    unanswered.set(socket, responses);
    // A tick later all requests of the read are known.
    process.nextTick(() => {
      if (responses.length === 1) response.shouldKeepAlive = false;
      else closeLater(socket, clock);
      for (const each of responses.splice(0))
        answerPlainRequest(each, isEndpoint(pathOf(each.req.url)));
    });
  };
}

/** Reads no more, and closes the socket in a later turn: until it is closed, a socket keeps all requests of the turn in memory. */
function closeLater(socket: Socket, clock: Clock): void {
  socket.pause();
  clock.soon(() => socket.destroySoon());
}

function answerPlainRequest(response: ServerResponse, isEndpoint: boolean): void {
  const { method } = response.req;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  if (!isEndpoint) response.writeHead(404).end('Only WebSocket endpoints are served here.\n');
  else if (method === 'GET' || method === 'HEAD') {
    const connection = response.shouldKeepAlive ? 'Upgrade' : 'Upgrade, close';
    response
      .writeHead(426, { ...upgradeRequired, Connection: connection })
      .end('This is a WebSocket endpoint.\n');
  } else response.writeHead(405, { Allow: 'GET' }).end('A WebSocket begins with GET.\n');
}
