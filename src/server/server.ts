// A built server: start, drain, stop.
import type { AddressInfo } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import type { Broker, BrokerContext } from '../broker/broker.js';
import type { BrokerPublisher, Publisher } from '../broker/publisher.js';
import type { ServerContainer, Token } from '../container/container.js';
import type { WebSocketRoute } from '../controller/compile-websocket-handler.js';
import type { Route } from '../dispatch/route.js';
import type { Timer } from '../message/clock.js';
import { closeCodes, MessagingError } from '../message/error.js';
import { sharedValue } from '../message/shared-value.js';
import type { Activity } from '../session/activity.js';
import type { SessionEvents } from '../session/event.js';
import { interceptHandshakes } from '../session/handshake-interceptor.js';
import type { HandshakeOptions } from '../session/handshake-options.js';
import type { SessionRegistry } from '../session/registry.js';
import type { WebSocketSessions } from '../session/websocket-session.js';
import { createClientReader } from '../transport/forwarded.js';
import {
  httpHostOf,
  requireHttpServer,
  type HttpHost,
  type NodeHttpServer,
} from '../transport/http-host.js';
import { HttpListener } from '../transport/http-listener.js';
import { logAddress, resolvePlace, type ListenOptions } from '../transport/listen.js';
import { createOriginCheck } from '../transport/origin.js';
import { resolvePerMessageDeflate } from '../transport/permessage-deflate.js';
import { requireSecure } from '../transport/tls.js';
import {
  guardAccept,
  type Connection,
  type ConnectionGate,
  type Transport,
  type TransportContext,
} from '../transport/transport.js';
import { resolveSockJs } from '../transport/sockjs/options.js';
import { sockJsTransport } from '../transport/sockjs/sockjs.js';
import { resolveSse } from '../transport/sse/options.js';
import { sseTransport } from '../transport/sse/sse.js';
import { webSocketTransport, type WebSocketOptions } from '../transport/websocket.js';
import { chooseSubprotocol } from '../wire/codec.js';
import { closeAll } from '../message/close-all.js';
import type { Clients } from './clients.js';
import { describeRoutes, type RouteDescription } from './known-destinations.js';
import type { EndpointOptions, ResolvedOptions } from './options.js';

/** A server that accepts clients and routes their messages to controllers. */
export interface Server {
  /** The options with all defaults. */
  readonly options: ResolvedOptions;
  /** Publishes messages for the application. */
  readonly publisher: Publisher;
  /** Finds connected sessions. */
  readonly sessions: SessionRegistry;
  /** Finds the open sessions of WebSocket handlers. */
  readonly webSockets: WebSocketSessions;
  /** Reports session events. */
  readonly events: SessionEvents;
  /**
   * Creates an HTTP server and starts on it. Logs the address.
   *
   * @param port a port, 0 for any free port, or the path of a Unix socket
   * @param host the address to listen on. Default 127.0.0.1: only clients on this machine can connect. `'0.0.0.0'` accepts clients
   *   on other machines; a container needs it
   * @throws {MessagingError} `option-invalid` for a text that is neither, such as `8080x`; the server can then listen on another port.
   *   `listen-failed`, and the errors of the broker and the transports; the server is then closed
   */
  listen(port: number | string, host?: string): Promise<void>;
  /**
   * Creates an HTTP server, with TLS if `tls` is given, and starts on it. Logs the address.
   *
   * @throws {MessagingError} `option-invalid` for a wrong option or certificate; the server can then listen with others. `listen-failed`,
   *   and the errors of the broker and the transports; the server is then closed
   */
  listen(options: ListenOptions): Promise<void>;
  /**
   * Starts on an HTTP server of the application, in addition to its other routes. The application closes the HTTP server itself.
   *
   * @throws {MessagingError} `option-invalid` when another server uses the path of an endpoint, or `http` is not an HTTP server
   */
  attach(http: NodeHttpServer): Promise<void>;
  /** Starts without an HTTP server, on the `transports` only. */
  start(): Promise<void>;
  /** The address of `listen`; undefined before and after it listens. */
  address(): AddressInfo | string | undefined;
  /**
   * Replaces the certificate of `listen`, for connections that begin later. Open connections stay.
   *
   * @param tls key and certificate; other options of `tls` that are not given stay
   * @throws {MessagingError} `option-invalid` for a wrong certificate, which is then not used, and for a server that does not listen
   *   with `tls`
   */
  renewCertificate(tls: SecureContextOptions): void;
  /**
   * Returns a service of the container, as controllers receive it: for example for HTTP routes and scheduled tasks. Call it before
   * the server closes.
   *
   * @param token a class, or another token of the application's container
   * @throws {MessagingError} `option-invalid` for a value that is not a token; the errors of inversify
   *
   * @example
   * ```ts
   * const history = await server.get(ChatHistory);
   * express.get('/history', (request, response) => response.json(history.all()));
   * ```
   */
  get<T>(token: Token<T>): Promise<T>;
  /** The routes of all controllers. */
  routes(): readonly RouteDescription[];
  /** Resolves when no frame, message or handler is in progress. */
  idle(): Promise<void>;
  /**
   * Stops: refuses new clients, waits for running handlers, flushes, closes all sessions with 1001; then stops the broker and
   * the services. Waits at most `closeTimeout` for transports, handlers and clients, and as long for the broker and for the
   * services; logs the parts that take longer. If one part fails, the others are still closed, and the promise rejects with the
   * first failure.
   */
  close(): Promise<void>;
}

export interface ServerParts {
  readonly options: ResolvedOptions;
  readonly publisher: BrokerPublisher;
  readonly clients: Clients;
  readonly events: SessionEvents;
  readonly broker: Broker;
  readonly context: BrokerContext;
  readonly activity: Activity;
  readonly gate: ConnectionGate;
  readonly routes: readonly Route[];
  readonly webSockets: WebSocketSessions;
  /** Accepts the clients of transports without endpoints. */
  readonly accept: Acceptor;
  readonly endpoints: readonly { readonly endpoint: EndpointOptions; readonly accept: Acceptor }[];
  /** The WebSocket handlers. */
  readonly handlers: readonly {
    readonly route: WebSocketRoute;
    readonly maxMessageBytes: number;
    readonly accept: Acceptor;
  }[];
  readonly container: Pick<ServerContainer, 'get'>;
  /** Removes the bindings of the server from the application's container. */
  readonly release: () => Promise<void>;
}

/** Starts a session on a new connection. */
type Acceptor = (connection: Connection) => void;

/** A path that accepts clients over HTTP. */
interface HttpPath extends Pick<WebSocketOptions, 'path' | 'subprotocol' | 'maxPartBytes'> {
  readonly options: HandshakeOptions;
  readonly maxMessageBytes: number;
  readonly accept: Acceptor;
}

/** A transport with the function that accepts its clients. */
interface AcceptingTransport {
  readonly transport: Transport;
  readonly maxMessageBytes: number;
  readonly accept: Acceptor;
}

/** The end of the time that `close` waits for some of its parts. */
interface Deadline {
  readonly passed: Promise<void>;
  readonly cancel: () => void;
}

/** The transports that a server of this process has opened: a transport belongs to one server at a time. */
const opened = sharedValue('openedTransports', () => new WeakSet<Transport>());

/** A closed server cannot be started again; a failed start closes it. */
type State = 'built' | 'running' | 'closed';

export class RunningServer implements Server {
  readonly options: ResolvedOptions;
  readonly publisher: Publisher;
  readonly sessions: SessionRegistry;
  readonly webSockets: WebSocketSessions;
  readonly events: SessionEvents;
  #state: State = 'built';
  /** The transports that this server has opened or is opening; `close` must not close those of another server. */
  readonly #transports: Transport[] = [];
  #listener: HttpListener | undefined;
  #starting: Promise<void> | undefined;
  /** Lets a start that never ends fail. */
  #abandonStart = () => {};
  #closing: Promise<void> | undefined;
  #brokerStarted = false;
  /** The reason why the server cannot be started; used when its state is not `built`. */
  #startRefusal = 'closed before it was started';

  constructor(private readonly parts: ServerParts) {
    this.options = parts.options;
    this.publisher = parts.publisher;
    this.sessions = parts.clients;
    this.webSockets = parts.webSockets;
    this.events = parts.events;
  }

  async listen(given: number | string | ListenOptions, givenHost?: string): Promise<void> {
    const { port, host, tls } = resolvePlace(given, givenHost);
    const { limits, connectTimeout } = this.options;
    const { clock, logger } = this.parts.context;
    const paths = this.#paths;
    const listener = new HttpListener({
      endpoints: paths.map(({ path }) => path),
      trustedProxies: paths.flatMap(({ options: { trustedProxies = [] } }) => trustedProxies),
      limits,
      connectTimeout,
      tls,
      clock,
      logger,
    });
    await this.#start(this.#endpoints(), listener.host, () => {
      this.#listener = listener;
      return listener.listen(port, host);
    });
    const fix =
      tls === undefined
        ? `listen(${port}, '0.0.0.0')`
        : `listen({ port: ${port}, host: '0.0.0.0', tls })`;
    logAddress(listener.http, logger, fix);
    listener.secure?.logExpiry(clock, logger);
  }

  async attach(http: NodeHttpServer): Promise<void> {
    requireHttpServer(http);
    await this.#start(this.#endpoints(), httpHostOf(http));
  }

  async start(): Promise<void> {
    await this.#start([], undefined);
  }

  address(): AddressInfo | string | undefined {
    return this.#listener?.http.address() ?? undefined;
  }

  renewCertificate(tls: SecureContextOptions): void {
    requireSecure(this.#listener?.secure).renewCertificate(tls);
  }

  async get<T>(token: Token<T>): Promise<T> {
    return this.parts.container.get(token);
  }

  routes(): readonly RouteDescription[] {
    const { prefixes, separator } = this.options;
    return describeRoutes(this.parts.routes, prefixes.application, separator);
  }

  idle(): Promise<void> {
    return this.parts.activity.idle();
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  /** The paths on HTTP: those of the endpoints and of the WebSocket handlers. */
  get #paths(): readonly HttpPath[] {
    const {
      codecs,
      limits: { maxMessageBytes },
    } = this.options;
    const { endpoints, handlers } = this.parts;
    return [
      ...endpoints.map(({ endpoint, accept }): HttpPath => ({
        path: endpoint.path,
        options: endpoint,
        subprotocol: (offered) => chooseSubprotocol(codecs, offered),
        maxMessageBytes,
        accept,
      })),
      ...handlers.map(({ route: { pattern, options }, ...own }): HttpPath => ({
        path: pattern.pattern,
        options,
        subprotocol: (offered) => options.subprotocols?.find((each) => offered.has(each)),
        maxPartBytes: options.maxPartBytes,
        ...own,
      })),
    ];
  }

  #endpoints(): readonly AcceptingTransport[] {
    const { handshakeInterceptors, handlerTimeout: timeout, limits } = this.options;
    const maxLogged = limits.maxLoggedProblems;
    const { clock, logger } = this.parts.context;
    return this.#paths.flatMap(({ path, options, subprotocol, maxPartBytes, ...own }) => {
      const { allowedOrigins = [], trustedProxies, perMessageDeflate } = options;
      const interceptors = [...handshakeInterceptors, ...(options.handshakeInterceptors ?? [])];
      const webSocket: WebSocketOptions = {
        path,
        subprotocol,
        origin: createOriginCheck({ allowed: allowedOrigins }),
        client: createClientReader(trustedProxies),
        deflate: resolvePerMessageDeflate(perMessageDeflate),
        check: interceptHandshakes(interceptors, { clock, logger, timeout, maxLogged }),
        maxPartBytes,
      };
      const sockJs = resolveSockJs(options.sockjs);
      const transport =
        sockJs === undefined
          ? webSocketTransport(webSocket)
          : sockJsTransport({ ...webSocket, allowedOrigins, options: sockJs });
      const sse = resolveSse(options.sse);
      const transports = [transport];
      if (sse !== undefined)
        transports.push(sseTransport({ ...webSocket, allowedOrigins, options: sse }));
      return transports.map((each) => ({ transport: each, ...own }));
    });
  }

  /** Starts the broker and the transports. After a failure, everything that was opened is closed. */
  async #start(
    endpoints: readonly AcceptingTransport[],
    http: HttpHost | undefined,
    listen?: () => Promise<void>,
  ): Promise<void> {
    if (this.#state !== 'built')
      throw new MessagingError(
        'listen-failed',
        `The server was ${this.#startRefusal}; build another one.`,
      );
    this.#state = 'running';
    this.#startRefusal = 'started before';
    const { accept } = this.parts;
    const { maxMessageBytes } = this.options.limits;
    const transports = this.options.transports.map((transport) => ({
      transport,
      maxMessageBytes,
      accept,
    }));
    this.#starting = this.#open([...endpoints, ...transports], http, listen);
    const abandoned = new Promise<void>((_, reject) => {
      this.#abandonStart = () => reject(closedAtStart());
    });
    try {
      await Promise.race([this.#starting, abandoned]);
    } catch (error) {
      this.#startRefusal = 'closed when its start failed';
      // The first error has the reason why the server cannot start.
      await this.close().catch(() => {});
      throw error;
    }
  }

  /** Checks after each step, because `close` may be called at any time. */
  async #open(
    transports: readonly AcceptingTransport[],
    http: HttpHost | undefined,
    listen?: () => Promise<void>,
  ): Promise<void> {
    const { clock, logger } = this.parts.context;
    const { gate } = this.parts;
    const starting = this.parts.broker.start(this.parts.context);
    this.#brokerStarted = true;
    await starting;
    this.#checkRunning();
    this.parts.publisher.open();
    for (const { transport, maxMessageBytes, accept } of transports) {
      this.#checkRunning();
      const guarded = guardAccept((connection) => this.#accept(connection, accept), logger);
      const limits = { maxMessageBytes };
      await this.#openTransport(transport, { accept: guarded, gate, clock, logger, limits, http });
    }
    this.#checkRunning();
    await listen?.();
    this.#checkRunning();
  }

  async #openTransport(transport: Transport, context: TransportContext): Promise<void> {
    if (opened.has(transport))
      throw new MessagingError(
        'listen-failed',
        `The transport '${transport.name}' is already open; create one for each server.`,
      );
    opened.add(transport);
    // Before the call, because a transport that fails to open may have opened a part of itself.
    this.#transports.push(transport);
    await transport.open(context);
    // It was closed while it opened, after the close timeout.
    if (!opened.has(transport)) await transport.close();
  }

  /** A transport may accept a last client while it closes. */
  #accept(connection: Connection, accept: Acceptor): void {
    if (this.#state === 'running') accept(connection);
    else connection.close(closeCodes.goingAway, 'server-stopping');
  }

  #closeTransport(transport: Transport): void | Promise<void> {
    opened.delete(transport);
    return transport.close();
  }

  #checkRunning(): void {
    if (this.#state === 'closed') throw closedAtStart();
  }

  async #close(): Promise<void> {
    this.#state = 'closed';
    const deadline = this.#deadline();
    void deadline.passed.then(() => this.#terminateAll());
    // Transports can be closed only after they have opened.
    await Promise.race([this.#starting?.catch(() => {}), deadline.passed]);
    this.#abandonStart();
    await closeAll([
      () => this.#closeClients(deadline),
      () => this.parts.publisher.close(),
      // A broker that refused to start may be serving another server.
      () =>
        this.#brokerStarted ? this.#stop('broker', () => this.parts.broker.stop()) : undefined,
      () => this.#stop('container of the services', this.parts.release),
    ]);
  }

  /** Closes the parts together, so that a transport that does not close takes no time from the handlers. */
  async #closeClients(deadline: Deadline): Promise<void> {
    const closed = await Promise.allSettled([
      ...this.#transports.map((transport) =>
        this.#waitFor(`transport '${transport.name}'`, deadline, () =>
          this.#closeTransport(transport),
        ),
      ),
      this.#drainAndStopListening(deadline),
    ]);
    deadline.cancel();
    for (const result of closed) if (result.status === 'rejected') throw result.reason;
  }

  /** The part has its own time, because handlers that hang must not prevent the broker from storing its messages. */
  async #stop(part: string, stop: () => void | Promise<void>): Promise<void> {
    const deadline = this.#deadline();
    try {
      await this.#waitFor(part, deadline, stop);
    } finally {
      deadline.cancel();
    }
  }

  async #drainAndStopListening({ passed }: Deadline): Promise<void> {
    const drained = Promise.race([this.#drained(), passed]);
    // Clients without WebSocket receive the reason of the close by a request.
    const byRequests = ({ options: { sockjs = false, sse = false } }: HttpPath) =>
      sockjs !== false || sse !== false;
    if (this.#paths.some(byRequests)) await drained;
    const stopped = this.#listener?.close();
    await drained;
    await stopped;
  }

  /** Resolves when every session has processed its frames and its connection is closed. */
  async #drained(): Promise<void> {
    await Promise.all([...this.parts.clients.alive()].map((session) => session.drain()));
  }

  #terminateAll(): void {
    for (const session of this.parts.clients.alive()) session.terminate();
  }

  #deadline(): Deadline {
    const { clock, closeTimeout } = this.options;
    let timer: Timer | undefined;
    const passed = new Promise<void>((resolve) => (timer = clock.after(closeTimeout, resolve)));
    return { passed, cancel: () => timer?.cancel() };
  }

  /** Closes a part of the application, and waits for it until the deadline. */
  async #waitFor(
    part: string,
    { passed }: Deadline,
    close: () => void | Promise<void>,
  ): Promise<void> {
    const closing = close();
    if (closing === undefined) return;
    const isLate = await Promise.race([
      Promise.resolve(closing).then(() => false),
      passed.then(() => true),
    ]);
    if (!isLate) return;
    const { closeTimeout } = this.options;
    this.parts.context.logger.warn(
      `The ${part} did not close within ${closeTimeout} ms (closeTimeout). The server no longer waits for it.`,
    );
  }
}

function closedAtStart(): MessagingError {
  return new MessagingError('listen-failed', 'The server was closed while it started.');
}
