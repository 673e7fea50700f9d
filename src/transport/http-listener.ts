// The HTTP server that signalbox starts when the application has none, with limits for connections that do not become WebSockets.
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../message/clock.js';
import { LimitedLog, type Logger } from '../message/logger.js';
import { accountOf, Quota } from '../message/quota.js';
import { compileDestination } from '../pattern/destination-pattern.js';
import {
  httpHostOf,
  isPattern,
  pathOf,
  upgradeRequired,
  type HttpHost,
  type RequestListener,
} from './http-host.js';
import { listen } from './listen.js';

export interface HttpListenerParts {
  /** The paths of WebSocket endpoints, also with variables. */
  readonly endpoints: readonly string[];
  readonly limits: {
    /** Connections that have not become WebSockets. */
    readonly maxHandshakes: number;
    /** One address may have one of so many parts of them. */
    readonly shares: number;
  };
  /** Time until a client must have sent a whole request, in milliseconds. */
  readonly connectTimeout: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Node looks for late requests this often, in milliseconds, if the timeout is not shorter. */
const longestCheckInterval = 30_000;

export class HttpListener {
  readonly http: Server;
  readonly host: HttpHost;
  readonly #connections: Quota;
  /** The account of each connection that is counted. */
  readonly #accounts = new WeakMap<Duplex, string>();
  readonly #log: LimitedLog;

  constructor({ endpoints, limits, connectTimeout, clock, logger }: HttpListenerParts) {
    const timeouts = {
      // Also for connections that send nothing. Without it, Node waits 60 seconds for the headers and 300 for the body.
      headersTimeout: connectTimeout,
      requestTimeout: connectTimeout,
      connectionsCheckingInterval: Math.min(connectTimeout, longestCheckInterval),
    };
    this.http = createServer(timeouts, answerPlainRequests(endpoints));
    this.#connections = new Quota(limits.maxHandshakes, limits.shares);
    this.#log = new LimitedLog(clock, logger, 'warn');
    this.http.on('connection', this.#onConnection);
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
    });
  }

  readonly #onConnection = (socket: Socket): void => {
    // A socket is given back as a new connection when its upgrade is ignored.
    if (this.#accounts.has(socket)) return;
    const { remoteAddress } = socket;
    const account = accountOf(undefined, remoteAddress);
    if (this.#connections.excess(account, 1) !== undefined) {
      this.#log.write(
        `A connection from ${remoteAddress ?? 'an unknown address'} was refused: too many HTTP connections without a WebSocket.`,
      );
      socket.destroy();
      return;
    }
    this.#accounts.set(socket, account);
    this.#connections.add(account, 1);
    socket.once('close', () => this.#endCounting(socket));
  };

  readonly #endCounting = (socket: Duplex): void => {
    const account = this.#accounts.get(socket);
    if (account === undefined) return;
    this.#accounts.delete(socket);
    this.#connections.add(account, -1);
  };
}

/** Answers the requests that no transport has claimed, and that do not ask for a WebSocket. */
function answerPlainRequests(endpoints: readonly string[]): RequestListener {
  const exact = new Set(endpoints);
  const patterns = endpoints.filter(isPattern).map((path) => compileDestination(path));
  const isEndpoint = (path: string) =>
    exact.has(path) || patterns.some((pattern) => pattern.match(path) !== undefined);
  return ({ method, url }, response) => {
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    if (!isEndpoint(pathOf(url)))
      response.writeHead(404).end('Only WebSocket endpoints are served here.\n');
    else if (method === 'GET' || method === 'HEAD')
      response.writeHead(426, upgradeRequired).end('This is a WebSocket endpoint.\n');
    else response.writeHead(405, { Allow: 'GET' }).end('A WebSocket begins with GET.\n');
  };
}
