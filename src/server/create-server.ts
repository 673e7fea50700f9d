// A server from its options: every part is made here and handed to those that need it.
import { EmbeddedBroker } from '../broker/embedded/embedded-broker.js';
import { BrokerPublisher } from '../broker/publisher.js';
import { ReplyAddresses } from '../broker/reply-address.js';
import { Subscribers } from '../broker/subscribers.js';
import { UserDestinations } from '../broker/user-destination.js';
import { compileControllers } from '../controller/compile.js';
import { Dispatcher } from '../dispatch/dispatcher.js';
import type { Route } from '../dispatch/route.js';
import { RouteTable } from '../dispatch/route-table.js';
import { unfailing } from '../message/logger.js';
import { Payloads } from '../payload/converter.js';
import { Activity } from '../session/activity.js';
import { ClientSession, type SessionParts } from '../session/client-session.js';
import { SessionEventSource } from '../session/event.js';
import { Flusher } from '../session/flusher.js';
import { intercept } from '../session/interceptor.js';
import { compileSlowConsumers } from '../session/slow-consumer.js';
import { LocalSessionRegistry } from '../session/registry.js';
import type { Connection } from '../transport/transport.js';
import { ContainerLease } from '../container/container-lease.js';
import { Admission } from './admission.js';
import { Application } from './application.js';
import { Idempotency } from './idempotency.js';
import { Inbound } from './inbound.js';
import { noInstruments, type Instruments } from './instruments.js';
import type { EndpointOptions, ResolvedOptions, ServerOptions } from './options.js';
import { Prefixes } from './prefix.js';
import { Problems } from './problem.js';
import { resolveOptions } from './resolve-options.js';
import { Transactions } from './transactions.js';
import { RunningServer, type Server } from './server.js';

/**
 * Builds a server; nothing listens yet. Everything that is wrong with the controllers is said at once.
 * Errors: `option-invalid`, `pattern-invalid`, `controller-invalid`.
 */
export function createServer(given: ServerOptions = {}): Promise<Server> {
  return createInstrumentedServer(given, noInstruments);
}

/** The same, with instruments in it: the way in for the test kit. */
export async function createInstrumentedServer(
  given: ServerOptions,
  instruments: Instruments,
): Promise<Server> {
  const options = resolveOptions(given);
  const { clock, ids, limits } = options;
  const logger = unfailing(options.logger);
  const activity = new Activity(clock);
  const registry = new LocalSessionRegistry<ClientSession>();
  const events = new SessionEventSource(logger);
  const users = new UserDestinations(options.prefixes.user);
  const replies = new ReplyAddresses(() => ids.reply(), limits.maxSubscriptions);
  const prefixes = new Prefixes(
    options.prefixes.application,
    options.prefixes.broker,
    users,
    replies,
    options.separator,
  );
  const broker = instruments.broker(
    options.broker ?? new EmbeddedBroker({ ids, clock, separator: options.separator, logger }),
  );
  const payloads = new Payloads(options.converters);
  const publisher = new BrokerPublisher({
    broker,
    payloads,
    recipients: registry,
    users,
    replies,
    ids,
    serves: (destination) => prefixes.servedByBroker(destination),
  });

  const lease = new ContainerLease(options.container, { publisher, registry, events });
  const compile = async () => {
    await lease.prepare((container) => instruments.container(container));
    return compileRoutes(lease, options, payloads);
  };
  const compiled = await compile().catch(async (error: unknown) => {
    // Why it could not be built says more than what could not be ended after that.
    await lease.end().catch(() => {});
    throw error;
  });
  const routes = compiled.map((route) => instruments.route(route));
  const dispatcher = new Dispatcher({
    routes: new RouteTable(routes, { separator: options.separator }),
    clock,
    timeLimit: options.handlerTimeout,
  });
  const subscribers = new Subscribers(broker, users);
  const transactions = new Transactions(limits);
  const problems = new Problems({
    publisher,
    subscribers,
    logger,
    refusalCloses: options.errors === 'close',
  });
  const inbound = new Inbound({
    prefixes,
    users,
    admission: new Admission({
      authenticate: options.authenticate,
      heartbeat: options.heartbeat,
      serverName: 'signalbox/0.1.0',
      subscribers,
      registry,
      events,
    }),
    application: new Application({ dispatcher, publisher, problems, activity }),
    publisher,
    subscribers,
    transactions,
    replies,
    idempotency: new Idempotency(clock, limits),
    events,
    clientPublish: options.clientPublish,
    limits,
    separator: options.separator,
  });
  const chain = intercept<ClientSession>(options.interceptors, (frame, from) =>
    inbound.route(frame, from),
  );
  const alive = new Set<ClientSession>();
  const session: SessionParts = {
    clock,
    activity,
    logger,
    outbox: {
      clock,
      activity,
      flusher: new Flusher(clock, activity),
      limits: { size: limits.maxOutboxBytes, age: limits.outboxTimeout },
      treatmentOf: compileSlowConsumers(options.slowConsumers, options.separator),
    },
    codecs: options.codecs,
    limits,
    connectTimeout: options.connectTimeout,
    concurrency: options.concurrency,
    outboundInterceptors: options.outboundInterceptors,
    handle: instruments.frames(problems.guard(chain)),
    gone(of, code, reason) {
      subscribers.find(of)?.stopStreams();
      if (!of.connected) return;
      registry.remove(of);
      events.emit('disconnected', { session: of, code, reason });
    },
    dropped: (of, { subscription, message: { destination } }) =>
      events.emit('dropped', { session: of, subscription, destination }),
    finished(of) {
      alive.delete(of);
      transactions.abortAll(of);
      replies.forget(of.id);
      void subscribers.close(of).catch((error: unknown) => {
        logger.error('The broker could not end the line of a session.', error);
      });
    },
  };
  const acceptorOf = (parts: SessionParts) => (connection: Connection) =>
    void alive.add(new ClientSession(ids.session(), connection, parts));
  const accept = acceptorOf(session);
  const acceptors = new Map(
    options.endpoints.map((endpoint) => [
      endpoint,
      acceptorOf(partsFor(endpoint, session, options)),
    ]),
  );
  return new RunningServer({
    options,
    publisher,
    sessions: registry,
    events,
    broker,
    activity,
    routes,
    alive,
    acceptor: (endpoint) => (endpoint && acceptors.get(endpoint)) ?? accept,
    release: () => lease.end(),
  });
}

/** What the sessions of an endpoint share; of one that says nothing else, with those of all others. */
function partsFor(
  { slowConsumers }: EndpointOptions,
  session: SessionParts,
  options: ResolvedOptions,
): SessionParts {
  if (slowConsumers === undefined) return session;
  const chosen = { ...options.slowConsumers, ...slowConsumers };
  const treatmentOf = compileSlowConsumers(chosen, options.separator);
  return { ...session, outbox: { ...session.outbox, treatmentOf } };
}

async function compileRoutes(
  lease: ContainerLease,
  { controllers, separator, prefixes: { broker, user } }: ResolvedOptions,
  payloads: Payloads,
): Promise<readonly Route[]> {
  const built = await lease.controllers(controllers);
  return compileControllers(built, { payloads, separator, prefixes: [...broker, user] });
}
