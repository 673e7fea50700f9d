// Builds a server from its options: creates every part and connects them.
import type { Broker, BrokerContext } from '../broker/broker.js';
import { DestinationResolver } from '../broker/destination-resolver.js';
import { EmbeddedBroker } from '../broker/embedded/embedded-broker.js';
import { defaultQueueOptions } from '../broker/embedded/queue/queue-memory.js';
import { BrokerPublisher } from '../broker/publisher.js';
import { ReplyDirectory } from '../broker/reply-addresses.js';
import { sessionQueueMemory } from '../broker/session-queues.js';
import { SharedSubscriptions } from '../broker/shared-subscriptions.js';
import { MessageFrames } from '../broker/subscriber.js';
import type { ServerContainer } from '../container/container.js';
import { createContainer } from '../container/create-container.js';
import { compileControllers, type CompiledControllers } from '../controller/compile.js';
import { Dispatcher } from '../dispatch/dispatcher.js';
import { RouteTable } from '../dispatch/route-table.js';
import { closeCodes } from '../message/error.js';
import { checkedIds } from '../message/ids.js';
import { adapted, LimitedLog, unfailing } from '../message/logger.js';
import { Quota } from '../message/quota.js';
import { loggedClassRules } from '../payload/class-log.js';
import { Payloads } from '../payload/converter.js';
import { Activity } from '../session/activity.js';
import type { SessionParts } from '../session/client-session.js';
import { SessionEventSource } from '../session/event.js';
import { intercept } from '../session/interceptor.js';
import { Flusher } from '../session/outbox.js';
import { compileSlowConsumers } from '../session/slow-consumer.js';
import { Turns } from '../session/turns.js';
import type { Connection } from '../transport/transport.js';
import { pathOf } from '../transport/http-host.js';
import { compareSpecificity } from '../pattern/destination-pattern.js';
import { Admission } from './admission.js';
import { Application } from './application.js';
import { Client, type ClientParts } from './client.js';
import { Clients } from './clients.js';
import { guardHooks, observeRoute, type Hooks } from './hooks.js';
import { describeCopies } from './copies.js';
import { Idempotency } from './idempotency.js';
import { Inbound } from './inbound.js';
import { KnownDestinations } from './known-destinations.js';
import type { EndpointOptions, ResolvedOptions, ServerOptions } from './options.js';
import { Problems } from './problem.js';
import { resolveOptions } from './resolve-options.js';
import { RunningServer, type Server } from './server.js';
import { version } from './version.js';
import { WebSocketClient, webSocketParts, type WebSocketClientParts } from './websocket-client.js';
import { WebSockets } from './websockets.js';

/**
 * Builds a server; it does not listen yet. All problems of the controllers are reported together.
 *
 * @throws {MessagingError} `option-invalid`, `pattern-invalid`, `controller-invalid`
 * @example
 * ```ts
 * const server = await createServer({ controllers: [ChatController] });
 * await server.listen(8080);
 * ```
 */
export function createServer(given: ServerOptions = {}): Promise<Server> {
  return createObservedServer(given, {});
}

/** Builds a server with hooks. */
export async function createObservedServer(
  given: ServerOptions,
  observing: Hooks,
): Promise<Server> {
  const options = resolveOptions(given);
  const { clock, limits, separator } = options;
  const ids = checkedIds(options.ids);
  const logger = unfailing(adapted(options.logger));
  const hooks = guardHooks(observing, logger);
  const activity = new Activity(clock);
  const clients = new Clients();
  const webSockets = new WebSockets();
  const hasUsers = options.authenticate !== undefined;
  const admission = new Admission({ limits, clock, logger, hasUsers });
  const events = new SessionEventSource(logger);
  const replies = new ReplyDirectory();
  const resolver = new DestinationResolver(options.prefixes, separator, limits);
  const broker: Broker = options.broker ?? new EmbeddedBroker();
  const { shares } = limits;
  const context: BrokerContext = { clock, ids, logger, separator, shares };
  const payloads = new Payloads(
    options.converters,
    loggedClassRules(options.unknownProperties, limits.maxPayloadObjects, logger),
  );
  const publisher = new BrokerPublisher({
    broker,
    context,
    payloads,
    resolver,
    users: clients,
    replies,
    subscriberOf: (session) => clients.subscriberOf(session),
    onPublication: hooks.onPublication,
    unusual: ['/topic', options.prefixes.user, ...options.prefixes.application],
  });

  const container = await createContainer(options.container, {
    publisher,
    registry: clients,
    events,
    webSockets,
  });
  const warn = (text: string) => logger.warn(text);
  const foundCopies = describeCopies();
  if (foundCopies !== undefined) warn(foundCopies);
  const compiled = await compileRoutes(container, options, payloads, hooks, warn).catch(
    async (error: unknown) => {
      // The first error has the reason why the server cannot be built.
      await container.close().catch(() => {});
      throw error;
    },
  );
  const routes = compiled.routes.map((route) => observeRoute(route, hooks));
  const dispatcher = new Dispatcher({
    routes: new RouteTable(routes, { separator }),
    clock,
    handlerTimeout: options.handlerTimeout,
  });
  const destinations = new KnownDestinations(routes, options.prefixes, separator);
  const problems = new Problems({
    publisher,
    logger,
    destinations,
    answer: options.onRejectedFrame,
    maxLogged: limits.maxLoggedProblems,
  });
  const inbound = new Inbound({
    resolver,
    application: new Application({ dispatcher, publisher, problems, activity }),
    publisher,
    destinations,
    idempotency: new Idempotency(clock, limits),
    clientPublish: options.clientPublish,
    limits,
  });
  const heldBytes = new Quota(limits.maxHeldBytes, shares);
  const client: ClientParts = {
    ids,
    logger,
    clients,
    admission,
    events,
    subscriber: {
      broker,
      frames: new MessageFrames(),
      subscriptions: new SharedSubscriptions(),
      sessionQueueMemory: sessionQueueMemory(
        clock,
        logger,
        broker.queueOptions ?? defaultQueueOptions,
        shares,
      ),
      onDelivery: hooks.onDelivery,
    },
    replies,
    heldBytes,
    limits,
    authenticate: options.authenticate,
    heartbeat: options.heartbeat,
    serverName: `signalbox/${version}`,
    hooks,
    problems,
    handle: intercept<Client>(
      options.interceptors,
      inbound.route,
      new LimitedLog(clock, logger, 'error'),
    ),
  };
  const session: SessionParts = {
    clock,
    activity,
    turns: new Turns(clock),
    logger,
    outbox: {
      clock,
      activity,
      flusher: new Flusher(clock, activity),
      limits: { maxBytes: limits.maxOutboxBytes, timeout: limits.outboxTimeout },
      dropRules: compileSlowConsumers(options.slowConsumers, separator),
      interceptors: options.outboundInterceptors,
    },
    codecs: options.codecs,
    limits,
    connectTimeout: options.connectTimeout,
    stallTimeout: options.stallTimeout,
    concurrency: options.concurrency,
  };
  const webSocketClient: WebSocketClientParts = {
    ids,
    clock,
    logger,
    activity,
    clients,
    webSockets,
    admission,
    heldBytes,
    authenticate: options.authenticate,
    handlerTimeout: options.handlerTimeout,
    hooks,
  };
  const admitted = (begin: (connection: Connection) => unknown) => (connection: Connection) => {
    const { remoteAddress, principal } = connection.handshake;
    const refusal = admission.refusal(remoteAddress, principal);
    if (refusal === undefined) begin(connection);
    else connection.close(closeCodes.tryAgainLater, refusal.code);
  };
  const handlerAcceptors = compiled.webSockets
    .toSorted((a, b) => compareSpecificity(a.pattern, b.pattern))
    .map((route) => {
      const parts = webSocketParts(route, session);
      const accept = (connection: Connection) =>
        new WebSocketClient(connection, route, parts, webSocketClient);
      return { route, accept: admitted(accept) };
    });
  const protocolAcceptorOf = (parts: SessionParts) =>
    admitted((connection) => new Client(connection, parts, client));
  const acceptProtocol = protocolAcceptorOf(session);
  /** Without an endpoint, the path of the connection selects its handler. */
  const accept = (connection: Connection) => {
    const path = pathOf(connection.handshake.url);
    const found = connection.wholeMessages
      ? handlerAcceptors.find(({ route }) => route.pattern.match(path) !== undefined)
      : undefined;
    (found?.accept ?? acceptProtocol)(connection);
  };
  const endpointAcceptors = options.endpoints.map((endpoint) => ({
    endpoint,
    accept: protocolAcceptorOf(partsFor(endpoint, session, options)),
  }));
  return new RunningServer({
    options,
    publisher,
    clients,
    events,
    broker,
    context,
    activity,
    gate: admission,
    routes,
    webSockets,
    accept,
    endpoints: endpointAcceptors,
    handlers: handlerAcceptors,
    container,
    release: () => container.close(),
  });
}

/** The parts for the sessions of an endpoint: shared with other endpoints unless the endpoint sets options. */
function partsFor(
  { slowConsumers }: EndpointOptions,
  session: SessionParts,
  options: ResolvedOptions,
): SessionParts {
  if (slowConsumers === undefined) return session;
  const chosen = { ...options.slowConsumers, ...slowConsumers };
  const dropRules = compileSlowConsumers(chosen, options.separator);
  return { ...session, outbox: { ...session.outbox, dropRules } };
}

async function compileRoutes(
  container: ServerContainer,
  { controllers, separator, endpoints, prefixes: { application, broker, user } }: ResolvedOptions,
  payloads: Payloads,
  { onContainer }: Hooks,
  warn: (text: string) => void,
): Promise<CompiledControllers> {
  if (onContainer !== undefined) await container.prepare(onContainer);
  const built = await container.controllers(controllers);
  await payloads.prepare();
  const compiled = compileControllers(built, {
    payloads,
    separator,
    prefixes: [...broker, user],
    application,
    endpoints: endpoints.map(({ path }) => path),
    warn,
  });
  // Again, because the first payload class may be one without validators.
  await payloads.prepare();
  return compiled;
}
