// Builds a server from its options: creates every part and connects them.
import type { Broker, BrokerContext } from '../broker/broker.js';
import { DestinationResolver, temporaryPrefix } from '../broker/destination-resolver.js';
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
import type { WebSocketRoute } from '../controller/compile-websocket-handler.js';
import { Dispatcher } from '../dispatch/dispatcher.js';
import type { Route } from '../dispatch/route.js';
import { RouteTable } from '../dispatch/route-table.js';
import { closeCodes } from '../message/error.js';
import { checkedIds } from '../message/ids.js';
import { LimitedLog, LimitedLogs } from '../message/limited-log.js';
import { adapted, unfailing } from '../message/logger.js';
import { requireResult } from '../message/promise.js';
import { Quota } from '../message/quota.js';
import { problemQueue } from '../message/target.js';
import { compareSpecificity } from '../pattern/destination-pattern.js';
import { loggedClassRules } from '../payload/class-log.js';
import { Payloads } from '../payload/converter.js';
import { Activity } from '../session/activity.js';
import type { SessionParts } from '../session/client-session.js';
import { SessionEventSource } from '../session/event.js';
import { intercept } from '../session/interceptor.js';
import { Flusher } from '../session/outbox.js';
import { compileSlowConsumers } from '../session/slow-consumer.js';
import { Turns } from '../session/turns.js';
import { matchesPath, pathOf } from '../transport/http-host.js';
import { servedPath } from '../transport/path-overlap.js';
import type { Connection } from '../transport/transport.js';
import { Admission } from './admission.js';
import { Application } from './application.js';
import { Client, type ClientParts } from './client.js';
import { Clients } from './clients.js';
import { describeCopies } from './copies.js';
import { guardHooks, observeRoute, type Hooks } from './hooks.js';
import { Idempotency } from './idempotency.js';
import { Inbound } from './inbound.js';
import { KnownDestinations } from './known-destinations.js';
import type { EndpointOptions, ResolvedOptions, ServerOptions } from './options.js';
import { Problems } from './problem.js';
import { resolveOptions } from './resolve-options.js';
import { RunningServer, type Server } from './server.js';
import { version } from './version.js';
import { WebSocketClient, webSocketParts } from './websocket-client.js';
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

/**
 * Builds a server with hooks.
 *
 * @param alsoKnown names of options of the caller, for the hint at an unknown name
 */
export async function createObservedServer(
  given: ServerOptions,
  observing: Hooks,
  alsoKnown?: readonly string[],
): Promise<Server> {
  const options = resolveOptions(given, alsoKnown);
  const common = createCommonParts(options, observing);
  const messaging = createMessaging(options, common);
  const { container, routes, handlers } = await createRoutes(options, common, messaging);
  const client = createClientParts(options, common, messaging, routes);
  const session = createSessionParts(options, common);
  const { clients, webSockets, events, activity, admission } = common;
  const { publisher, broker, context } = messaging;
  return new RunningServer({
    options,
    publisher,
    clients,
    webSockets,
    events,
    broker,
    context,
    activity,
    gate: admission,
    routes,
    ...createAcceptors(options, common, handlers, session, client),
    container,
    release: () => container.close(),
  });
}

/** The parts that all others use: logger, hooks and the tables of clients. */
type CommonParts = ReturnType<typeof createCommonParts>;

function createCommonParts(options: ResolvedOptions, observing: Hooks) {
  const { clock, limits } = options;
  const logger = unfailing(adapted(options.logger));
  // Interceptors of WebSocket handlers can identify clients, too, but the handlers are not known yet.
  const hasUsers =
    options.authenticate !== undefined ||
    options.handshakeInterceptors.length > 0 ||
    options.endpoints.some(({ handshakeInterceptors = [] }) => handshakeInterceptors.length > 0);
  return {
    clock,
    ids: checkedIds(options.ids),
    logger,
    closeLog: new LimitedLogs(clock, logger, 'warn'),
    hooks: guardHooks(observing, logger),
    activity: new Activity(clock),
    clients: new Clients(),
    webSockets: new WebSockets(),
    admission: new Admission({ limits, clock, logger, hasUsers }),
    events: new SessionEventSource(logger),
  };
}

/** The broker, and the parts that publish to it. */
type Messaging = ReturnType<typeof createMessaging>;

function createMessaging(options: ResolvedOptions, common: CommonParts) {
  const { limits, prefixes, separator } = options;
  const { clock, ids, logger, hooks, clients } = common;
  const broker: Broker = options.broker ?? new EmbeddedBroker();
  const context: BrokerContext = { clock, ids, logger, separator, shares: limits.shares };
  const replies = new ReplyDirectory();
  const resolver = new DestinationResolver(prefixes, separator, limits);
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
    usual: ['/queue', temporaryPrefix, ...prefixes.broker.filter((prefix) => prefix !== '/topic')],
  });
  return { broker, context, payloads, publisher, replies, resolver };
}

/** Builds the controllers in their container, and compiles their routes. */
async function createRoutes(
  options: ResolvedOptions,
  { clients, webSockets, events, hooks, logger, clock }: CommonParts,
  { payloads, publisher }: Messaging,
): Promise<{
  readonly container: ServerContainer;
  readonly routes: readonly Route[];
  readonly handlers: readonly WebSocketRoute[];
}> {
  const container = await createContainer(options.container, {
    publisher,
    registry: clients,
    events,
    webSockets,
    clock,
  });
  const warn = (text: string) => logger.warn(text);
  const foundCopies = describeCopies();
  if (foundCopies !== undefined) warn(foundCopies);
  try {
    const compiled = await compileRoutes(container, options, payloads, hooks, warn);
    const routes = compiled.routes.map((route) => observeRoute(route, hooks));
    hooks.onWebSocketPaths?.(compiled.webSockets.map(({ pattern }) => pattern.pattern));
    return { container, routes, handlers: compiled.webSockets };
  } catch (error) {
    // The first error has the reason why the server cannot be built.
    await container.close().catch(() => {});
    throw error;
  }
}

/** The parts that clients share: subscribing, and the processing of frames. */
function createClientParts(
  options: ResolvedOptions,
  common: CommonParts,
  messaging: Messaging,
  routes: readonly Route[],
): ClientParts {
  const { limits } = options;
  const { clock, ids, logger, closeLog, hooks, clients, webSockets, admission, events } = common;
  const { broker, replies } = messaging;
  const { inbound, problems } = createProcessing(options, common, messaging, routes);
  const queueOptions = broker.queueOptions ?? defaultQueueOptions;
  return {
    ids,
    logger,
    closeLog,
    clients,
    webSockets,
    admission,
    events,
    subscriber: {
      broker,
      frames: new MessageFrames(),
      subscriptions: new SharedSubscriptions(),
      sessionQueueMemory: sessionQueueMemory(clock, logger, queueOptions, limits.shares),
      onDelivery: hooks.onDelivery,
    },
    replies,
    heldBytes: new Quota(limits.maxHeldBytes, limits.shares),
    limits,
    authenticate: options.authenticate,
    heartbeat: options.heartbeat,
    serverName: `signalbox/${version}`,
    hooks,
    problems,
    stallTimeout: options.stallTimeout,
    handle: intercept<Client>(
      options.interceptors,
      inbound.route,
      new LimitedLog(clock, logger, 'error'),
    ),
  };
}

/** The processing of client frames, and the answers to failed frames. */
function createProcessing(
  options: ResolvedOptions,
  { clock, logger }: CommonParts,
  { publisher, resolver }: Messaging,
  routes: readonly Route[],
): { readonly inbound: Inbound; readonly problems: Problems } {
  const { limits, prefixes, separator, clientPublish, handlerTimeout } = options;
  const destinations = new KnownDestinations(routes, prefixes, separator);
  const problems = new Problems({
    publisher,
    logger,
    destinations,
    answer: options.onRejectedFrame,
    problemQueue: resolver.visibleQueue(problemQueue),
    clock,
    maxLogged: limits.maxLoggedProblems,
  });
  const table = new RouteTable(routes, { separator });
  const dispatcher = new Dispatcher({ routes: table, clock, logger, handlerTimeout });
  const inbound = new Inbound({
    resolver,
    application: new Application({ dispatcher, publisher, problems }),
    publisher,
    destinations,
    idempotency: new Idempotency(clock, limits),
    clientPublish,
    limits,
    logger,
  });
  return { inbound, problems };
}

/** The parts that sessions share: reading and writing of frames. */
function createSessionParts(
  options: ResolvedOptions,
  { clock, logger, closeLog, activity }: CommonParts,
): SessionParts {
  const { limits, separator, codecs, connectTimeout, stallTimeout, concurrency } = options;
  return {
    clock,
    activity,
    turns: new Turns(clock),
    logger,
    closeLog,
    outbox: {
      clock,
      activity,
      flusher: new Flusher(clock, activity),
      limits: { maxBytes: limits.maxOutboxBytes, timeout: limits.outboxTimeout },
      dropRules: compileSlowConsumers(options.slowConsumers, separator),
      interceptors: options.outboundInterceptors,
    },
    codecs,
    limits,
    connectTimeout,
    stallTimeout,
    concurrency,
  };
}

/** The acceptors of endpoints, of WebSocket handlers, and of transports without endpoints. */
function createAcceptors(
  options: ResolvedOptions,
  common: CommonParts,
  webSocketRoutes: readonly WebSocketRoute[],
  session: SessionParts,
  client: ClientParts,
) {
  const admitted = (begin: (connection: Connection) => unknown) => (connection: Connection) => {
    const { remoteAddress, principal } = connection.handshake;
    const refusal = common.admission.refusal(remoteAddress, principal);
    if (refusal === undefined) begin(connection);
    else
      requireResult(
        connection.close(closeCodes.tryAgainLater, refusal.code),
        'close() of the connection',
      );
  };
  const acceptProtocol = (parts: SessionParts) =>
    admitted((connection) => new Client(connection, parts, client));
  const endpoints = options.endpoints.map((endpoint) => ({
    endpoint,
    accept: acceptProtocol(partsFor(endpoint, session, options)),
  }));
  const { authenticate, handlerTimeout } = options;
  const { heldBytes } = client;
  const webSocketClient = {
    ...common,
    heldBytes,
    authenticate,
    handlerTimeout,
  };
  const handlers = webSocketRoutes
    .toSorted((a, b) => compareSpecificity(a.pattern, b.pattern))
    .map((route) => {
      const maxMessageBytes = route.options.maxMessageBytes ?? options.limits.maxMessageBytes;
      const { maxPartBytes = maxMessageBytes } = route.options;
      const parts = webSocketParts(route, session, Math.min(maxMessageBytes, maxPartBytes));
      const own = { ...webSocketClient, maxMessageBytes };
      const accept = (connection: Connection) => new WebSocketClient(connection, route, parts, own);
      return { route, maxMessageBytes, accept: admitted(accept) };
    });
  const acceptOther = acceptProtocol(session);
  /** Without an endpoint, the path of the connection selects its handler. */
  const accept = (connection: Connection) => {
    const path = pathOf(connection.handshake.url);
    const found = connection.wholeMessages
      ? handlers.find(({ route }) => matchesPath(route.pattern, path))
      : undefined;
    (found?.accept ?? acceptOther)(connection);
  };
  return { accept, endpoints, handlers };
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
    endpoints: endpoints.map((endpoint) => servedPath(endpoint.path, endpoint)),
    warn,
  });
  // Again, because the first payload class may be one without validators.
  await payloads.prepare();
  return compiled;
}
