// A built server: start, drain, stop.
import type { AddressInfo } from 'node:net';
import type { Broker } from '../broker/broker.js';
import type { Publisher } from '../broker/publisher.js';
import type { Route } from '../dispatch/route.js';
import type { Timer } from '../message/clock.js';
import { MessagingError } from '../message/error.js';
import type { Activity } from '../session/activity.js';
import type { ClientSession } from '../session/client-session.js';
import type { SessionEvents } from '../session/event.js';
import type { SessionRegistry } from '../session/registry.js';
import { HttpListener } from '../transport/http-listener.js';
import { createOriginCheck } from '../transport/origin.js';
import type { Acceptor, Transport } from '../transport/transport.js';
import type { HttpHost } from '../transport/upgrade.js';
import { webSocketTransport } from '../transport/websocket.js';
import { chooseSubprotocol } from '../wire/codec.js';
import { Attempts } from '../message/attempts.js';
import type { EndpointOptions, ResolvedOptions } from './options.js';

/** A route as people read it. */
export interface RouteDescription {
  readonly on: 'send' | 'subscribe';
  /** As clients name it, with the application prefix. */
  readonly destination: string;
  readonly handler: string;
}

export interface Server {
  readonly options: ResolvedOptions;
  readonly publisher: Publisher;
  readonly sessions: SessionRegistry;
  readonly events: SessionEvents;
  /**
   * Starts on a server of its own: a port (0 for any free one, digits as a text as well) or the path of a Unix socket.
   * Errors: `listen-failed`.
   * @param host default 127.0.0.1
   */
  listen(port: number | string, host?: string): Promise<void>;
  /**
   * Starts on an application's HTTP server, beside its own routes; closing it stays the application's business.
   * Errors: `option-invalid` where another server has the path of an endpoint.
   */
  attach(http: HttpHost): Promise<void>;
  /** Starts without any HTTP server, on the `transports` alone. */
  start(): Promise<void>;
  /** Where it listens; undefined while it does not listen on its own. */
  address(): AddressInfo | string | undefined;
  /** What was found in the controllers. */
  routes(): readonly RouteDescription[];
  /** Resolves when nothing is under way: lanes, outboxes and publications are empty. */
  idle(): Promise<void>;
  /**
   * Refuses new clients, lets running handlers end, flushes, closes with 1001; bounded by `closeTimeout`. What cannot be
   * closed keeps nothing else from it; the promise then rejects with the first failure.
   */
  close(): Promise<void>;
}

export interface ServerParts {
  readonly options: ResolvedOptions;
  readonly publisher: Publisher;
  readonly sessions: SessionRegistry;
  readonly events: SessionEvents;
  readonly broker: Broker;
  readonly activity: Activity;
  readonly routes: readonly Route[];
  /** The sessions whose connection is there, or of which something still runs. */
  readonly alive: ReadonlySet<ClientSession>;
  /** For clients of an endpoint, or of a transport beside the endpoints. */
  readonly acceptor: (endpoint?: EndpointOptions) => Acceptor;
  /** Gives back what was borrowed from the application's container. */
  readonly release: () => Promise<void>;
}

/** A transport, and who takes its clients. */
interface WayIn {
  readonly transport: Transport;
  readonly accept: Acceptor;
}

/** `built`: not started; `running`; `closed`: for good. */
type State = 'built' | 'running' | 'closed';

export class RunningServer implements Server {
  readonly options: ResolvedOptions;
  readonly publisher: Publisher;
  readonly sessions: SessionRegistry;
  readonly events: SessionEvents;
  #state: State = 'built';
  #waysIn: readonly WayIn[] = [];
  #listener: HttpListener | undefined;
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #closeTimer: Timer | undefined;

  constructor(private readonly parts: ServerParts) {
    this.options = parts.options;
    this.publisher = parts.publisher;
    this.sessions = parts.sessions;
    this.events = parts.events;
  }

  async listen(port: number | string, host = '127.0.0.1'): Promise<void> {
    const listener = new HttpListener();
    await this.#start(this.#endpoints(listener.http), () => {
      this.#listener = listener;
      return listener.listen(port, host);
    });
  }

  async attach(http: HttpHost): Promise<void> {
    await this.#start(this.#endpoints(http));
  }

  async start(): Promise<void> {
    await this.#start([]);
  }

  address(): AddressInfo | string | undefined {
    return this.#listener?.http.address() ?? undefined;
  }

  routes(): readonly RouteDescription[] {
    const { application } = this.options.prefixes;
    return this.parts.routes.flatMap(({ on, pattern, handler }) =>
      application.map((prefix) => ({
        on,
        destination: pattern.startsWith('/') ? prefix + pattern : `${prefix}/${pattern}`,
        handler,
      })),
    );
  }

  idle(): Promise<void> {
    return this.parts.activity.idle();
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  #endpoints(http: HttpHost): readonly WayIn[] {
    const { endpoints, codecs, limits } = this.options;
    return endpoints.map((endpoint) => {
      const { path, allowedOrigins, trustedProxies } = endpoint;
      const transport = webSocketTransport({
        path,
        http,
        subprotocol: (offered) => chooseSubprotocol(codecs, offered),
        origin: createOriginCheck({ allowed: allowedOrigins, trustedProxies }),
        maxMessageSize: limits.maxMessageBytes,
      });
      return { transport, accept: this.parts.acceptor(endpoint) };
    });
  }

  /** What opened before a failure is closed again. */
  async #start(endpoints: readonly WayIn[], listen?: () => Promise<void>): Promise<void> {
    if (this.#state !== 'built')
      throw new MessagingError(
        'listen-failed',
        'The server was started before; build another one.',
      );
    this.#state = 'running';
    const accept = this.parts.acceptor();
    this.#waysIn = [
      ...endpoints,
      ...this.options.transports.map((transport) => ({ transport, accept })),
    ];
    this.#starting = this.#open(listen);
    try {
      await this.#starting;
    } catch (error) {
      // Why it could not start says more than what could not be closed after that.
      await this.close().catch(() => {});
      throw error;
    }
  }

  /** Step by step: `close` may be called between any two. */
  async #open(listen?: () => Promise<void>): Promise<void> {
    await this.parts.broker.start();
    for (const { transport, accept } of this.#waysIn) {
      this.#mayGoOn();
      await transport.open(accept);
    }
    this.#mayGoOn();
    await listen?.();
    this.#mayGoOn();
  }

  #mayGoOn(): void {
    if (this.#state === 'closed')
      throw new MessagingError('listen-failed', 'The server was closed while it started.');
  }

  async #close(): Promise<void> {
    this.#state = 'closed';
    const overtime = this.#overtime();
    const attempts = new Attempts();
    // Only what is open can be closed.
    await Promise.race([this.#starting?.catch(() => {}), overtime]);
    for (const { transport } of this.#waysIn) await attempts.make(() => transport.close());
    const stopped = this.#listener?.close();
    await Promise.race([this.#drained(), overtime]);
    this.#closeTimer?.cancel();
    await stopped;
    await attempts.make(() => this.parts.broker.stop());
    await attempts.make(() => this.parts.release());
    attempts.conclude();
  }

  /** Every session has run what it had read, and its connection is gone. */
  async #drained(): Promise<void> {
    await Promise.all([...this.parts.alive].map((session) => session.drain()));
  }

  /** Those that are not through in time are cut off. */
  #overtime(): Promise<void> {
    const { clock, closeTimeout } = this.options;
    return new Promise((resolve) => {
      this.#closeTimer = clock.after(closeTimeout, () => {
        for (const session of this.parts.alive) session.terminate();
        resolve();
      });
    });
  }
}
