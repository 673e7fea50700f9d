// The defaults and the checks of all server options.
import {
  replyPrefix,
  temporaryPrefix,
  type PrefixOptions,
} from '../broker/destination-resolver.js';
import { systemClock } from '../message/clock.js';
import { randomIds } from '../message/ids.js';
import { consoleLogger } from '../message/logger.js';
import {
  checkAll,
  checkShape,
  frozenCopy,
  invalidOption,
  isGroup,
  requireCount,
  requireDestinations,
  requireFunction,
  requireMethods,
  requireObject,
  requireOneOf,
  requirePrefix,
  type Shape,
  withDefaults,
} from '../message/option.js';
import { defaultDestinationLimits } from '../pattern/destination-limits.js';
import { defaultClassRules, unknownPropertyRules } from '../payload/class-rules.js';
import { separators, type Separator } from '../pattern/separator.js';
import { checkInterceptors } from '../session/handshake-interceptor.js';
import {
  checkHandshakeOptions,
  encodedPath,
  handshakeShape,
  isPath,
} from '../session/handshake-options.js';
import {
  compileSlowConsumers,
  type SlowConsumerOptions,
  type SlowConsumerPolicy,
  type SlowConsumerRule,
} from '../session/slow-consumer.js';
import { pathOverlaps, servedPath } from '../transport/path-overlap.js';
import { defaultCodecs, defaultConverters } from './defaults.js';
import type { EndpointOptions, LimitOptions, ResolvedOptions, ServerOptions } from './options.js';
import { rejectedFrameAnswers } from './problem.js';

/** Examples of the type of each option that has no default. */
const withoutDefault = { controllers: [], container: {}, broker: {}, authenticate: () => {} };

const slowConsumersShape: Shape<SlowConsumerOptions> = { policy: '', rules: [] };
const ruleShape: Shape<SlowConsumerRule> = { destination: '', policy: '', key: '' };
const endpointShape: Shape<EndpointOptions> = {
  path: '',
  ...handshakeShape,
  slowConsumers: slowConsumersShape,
};

/** The rule for each option that is an object of the application, and its methods; for a list, those of its items. */
const contracts: readonly (readonly [
  keyof ServerOptions,
  what: string,
  methods: readonly string[],
])[] = [
  ['container', 'a Container of inversify', ['bind', 'isBound', 'load', 'register', 'getAllAsync']],
  ['broker', 'a Broker, such as new EmbeddedBroker()', ['start', 'stop', 'connect', 'publish']],
  ['transports', 'a Transport, such as tcpTransport()', ['open', 'close']],
  ['codecs', 'a WireCodec, such as stompCodec', ['begins', 'decoder', 'encoder']],
  ['converters', 'a PayloadConverter', ['read', 'write']],
  ['logger', 'a Logger, such as the console', ['error', 'warn', 'info']],
  ['clock', 'a Clock', ['now', 'date', 'after', 'soon']],
  ['ids', 'Ids', ['session', 'message', 'reply']],
];

const brokerFix = 'it is an option of the broker, as in broker: new EmbeddedBroker({ queue: {} })';

/** The fixes for names that new users expect among the options. */
const fixes: Readonly<Record<string, string>> = {
  port: 'pass the port to listen(), for example server.listen(8080)',
  host: "pass the host to listen(), for example server.listen(8080, '0.0.0.0')",
  tls: 'pass it to listen(), for example server.listen({ port: 8443, tls: { key, cert } })',
  cors: "list the origins of an endpoint: endpoints: [{ path: '/ws', allowedOrigins: [] }]",
  origin: "list the origins of an endpoint: endpoints: [{ path: '/ws', allowedOrigins: [] }]",
  providers: "services need no list; for bindings of inversify, pass a 'container'",
  guards: "use 'authenticate' or 'interceptors'",
  store: brokerFix,
  topic: brokerFix,
  queue: brokerFix,
  retain: brokerFix,
  durable: brokerFix,
};

/** The least values of the numbers that belong to no group. */
const counts = [
  ['connectTimeout', 1],
  ['handlerTimeout', 0],
  ['stallTimeout', 0],
  ['concurrency', 1],
  ['closeTimeout', 0],
] as const;

const policies: readonly SlowConsumerPolicy[] = ['close', 'drop-oldest', 'drop-newest', 'conflate'];

/**
 * Adds the defaults, checks all options and freezes them.
 *
 * @param alsoKnown names of options that the caller has removed, for the hint at an unknown name
 * @throws {MessagingError} `option-invalid` with the name of the option and the rule, for all options that are not valid;
 *   `pattern-invalid` with the pattern
 */
export function resolveOptions(
  given: ServerOptions,
  alsoKnown: readonly string[] = [],
): ResolvedOptions {
  requireObject('', given, 'controllers');
  // Other defaults depend on these. A value that is not a number is refused below.
  const maxFrameBytes = numberOr(given.limits?.maxFrameBytes, 64 * 1024);
  const maxSessions = numberOr(given.limits?.maxSessions, 32_768);
  const shares = numberOr(given.limits?.shares, 8);
  const sessionShare = Math.max(1, Math.floor(maxSessions / shares));
  const handlerTimeout = numberOr(given.handlerTimeout, 30_000);
  const defaults: ResolvedOptions = {
    controllers: undefined,
    container: undefined,
    endpoints: [{ path: '/ws' }],
    transports: [],
    codecs: defaultCodecs,
    broker: undefined,
    converters: [],
    unknownProperties: defaultClassRules.unknownProperties,
    prefixes: { application: ['/app'], broker: ['/topic', '/queue'], user: '/user' },
    separator: '/',
    interceptors: [],
    outboundInterceptors: [],
    handshakeInterceptors: [],
    authenticate: undefined,
    clientPublish: true,
    onRejectedFrame: 'report',
    heartbeat: { minSendInterval: 1000, expectedInterval: 10_000 },
    connectTimeout: given.authenticate === undefined ? 60_000 : 10_000,
    handlerTimeout,
    // A handler that hangs must end before its session does.
    stallTimeout: 2 * handlerTimeout,
    concurrency: 1,
    limits: {
      shares,
      maxSessions,
      maxSessionsPerUser: Math.min(256, sessionShare),
      maxSessionsPerAddress: sessionShare,
      maxHandshakes: 8192,
      maxFrameBytes,
      maxMessageBytes: 2 * maxFrameBytes,
      maxHeaders: 64,
      maxHeaderBytes: 8 * 1024,
      maxConnectHeaderBytes: 16 * 1024,
      ...defaultDestinationLimits,
      maxSubscriptions: 128,
      maxSubscriptionBytes: 256 * 1024,
      maxStreams: 256,
      maxTransactions: 8,
      maxTransactionFrames: 1000,
      maxTransactionBytes: 16 * maxFrameBytes,
      maxIdempotencyKeys: 10_000,
      maxIdempotencyKeyCharacters: 256,
      idempotencyRetention: 300_000,
      maxLoggedProblems: 100,
      maxOutboxBytes: Math.max(512 * 1024, 2 * maxFrameBytes),
      outboxTimeout: 10_000,
      maxWaitingFrames: 64,
      maxWaitingBytes: 4 * maxFrameBytes,
      maxHeldBytes: 256 * 1024 * 1024,
      maxPayloadObjects: defaultClassRules.maxObjects,
    },
    slowConsumers: { policy: 'close', rules: [] },
    closeTimeout: 10_000,
    logger: consoleLogger,
    clock: systemClock,
    ids: given.ids ?? randomIds(),
  };
  checkShapes(given, defaults, alsoKnown);
  const options: ResolvedOptions = {
    // Groups of options get their defaults below.
    ...withDefaults<ResolvedOptions>('', defaults, given as Partial<ResolvedOptions>),
    prefixes: withDefaults('prefixes.', defaults.prefixes, given.prefixes),
    heartbeat: withDefaults('heartbeat.', defaults.heartbeat, given.heartbeat),
    limits: withDefaults('limits.', defaults.limits, given.limits),
    slowConsumers: withDefaults('slowConsumers.', defaults.slowConsumers, given.slowConsumers),
    converters: [...(given.converters ?? []), ...defaultConverters],
  };
  checkAll(checksOf(options, given));
  return frozen(options);
}

function numberOr(value: unknown, other: number): number {
  return typeof value === 'number' ? value : other;
}

/** Checks the names and types of all options, also within groups. */
function checkShapes(
  given: ServerOptions,
  defaults: ResolvedOptions,
  alsoKnown: readonly string[],
): void {
  const { prefixes, heartbeat, limits } = defaults;
  const groups = { prefixes, heartbeat, limits, slowConsumers: slowConsumersShape };
  const shape = {
    ...defaults,
    ...withoutDefault,
    ...Object.fromEntries(alsoKnown.map((name) => [name, undefined])),
  };
  const options = Object.entries({ ...groups, endpoints: endpointShape }).flatMap(
    ([group, members]) => Object.keys(members).map((name) => `${group}.${name}`),
  );
  const endpoints: readonly EndpointOptions[] = Array.isArray(given.endpoints)
    ? given.endpoints
    : [];
  checkAll([
    // Refuses also a group that is not an object, and endpoints that are not a list.
    () => checkShape('', given, shape, { options, fixes }),
    ...Object.entries(groups).map(([name, members]) => () => {
      const group = given[name as keyof typeof groups];
      if (isGroup(group)) checkShape<object>(`${name}.`, group, members);
    }),
    ...endpoints.map(
      (endpoint) => () => checkShape<EndpointOptions>('endpoints.', endpoint, endpointShape),
    ),
  ]);
}

/** The checks of the values, whose types are right. Numbers that depend on a given one are not checked, only those given. */
function* checksOf(options: ResolvedOptions, given: ServerOptions): Iterable<() => void> {
  const { separator } = options;
  yield* contracts.flatMap(([name, what, methods]) =>
    itemsOf(name, options[name]).map(
      ([path, item]) =>
        () =>
          requireMethods(path, item, what, methods),
    ),
  );
  for (const name of ['interceptors', 'outboundInterceptors', 'authenticate'] as const)
    for (const [path, item] of itemsOf(name, options[name]))
      yield () => requireFunction(path, item);
  for (const name of Object.keys(given.limits ?? {}) as (keyof LimitOptions)[])
    yield () => requireCount(`limits.${name}`, options.limits[name], 1);
  yield () => checkMessageBytes(given.limits, options.limits);
  yield () => requireCount('heartbeat.minSendInterval', options.heartbeat.minSendInterval, 1);
  yield () => requireCount('heartbeat.expectedInterval', options.heartbeat.expectedInterval, 0);
  for (const [name, least] of counts)
    if (given[name] !== undefined) yield () => requireCount(name, options[name], least);
  yield () => requireOneOf('separator', separator, separators);
  yield () => requireOneOf('onRejectedFrame', options.onRejectedFrame, rejectedFrameAnswers);
  yield () => requireOneOf('unknownProperties', options.unknownProperties, unknownPropertyRules);
  yield () => checkControllers(options.controllers);
  if (new Set(options.transports).size < options.transports.length)
    yield () => {
      throw invalidOption('transports', 'must not contain the same transport twice');
    };
  if (options.codecs.length === 0)
    yield () => {
      throw invalidOption('codecs', 'must not be empty');
    };
  yield () => checkPrefixes(options.prefixes);
  yield () => checkInterceptors(options.handshakeInterceptors);
  yield () => checkPaths(options.endpoints);
  // The patterns of slow consumers need a valid separator.
  if (!separators.includes(separator)) return;
  yield () => checkSlowConsumers('slowConsumers', options.slowConsumers, separator);
  for (const endpoint of options.endpoints) yield () => checkEndpoint(endpoint, separator);
}

/** The items of a list with their paths, or a single value; none for undefined. */
function itemsOf(name: string, value: unknown): (readonly [path: string, item: unknown])[] {
  if (Array.isArray(value)) return value.map((item: unknown, i) => [`${name}.${i}`, item]);
  return value === undefined ? [] : [[name, value]];
}

function checkMessageBytes(given: Partial<LimitOptions> = {}, limits: LimitOptions): void {
  if (given.maxMessageBytes !== undefined && limits.maxMessageBytes < limits.maxFrameBytes)
    throw invalidOption('limits.maxMessageBytes', 'must not be smaller than limits.maxFrameBytes');
}

function checkControllers(controllers: readonly unknown[] = []): void {
  for (const [i, type] of controllers.entries()) {
    // Arrow functions have no prototype, and a circular import gives undefined.
    if (typeof type !== 'function' || (type.prototype as unknown) === undefined)
      throw invalidOption('controllers', `must be a list of classes; item ${i} is not a class`);
  }
}

const reservedPrefixes = [temporaryPrefix, replyPrefix];

function checkPrefixes({ application, broker, user }: PrefixOptions): void {
  const all = [...application, ...broker, user];
  for (const prefix of all) requirePrefix('prefixes', prefix);
  const overlap = all.find((prefix, i) =>
    all.some((other, j) => i !== j && isWithin(prefix, other)),
  );
  if (overlap !== undefined)
    throw invalidOption(
      'prefixes',
      `must not contain each other; '${overlap}' lies within another prefix`,
    );
  // The server serves them itself: as destinations of the broker, they would be topics that every client can read.
  const reserved = all.find((prefix) =>
    reservedPrefixes.some((other) => isWithin(prefix, other) || isWithin(other, prefix)),
  );
  if (reserved !== undefined)
    throw invalidOption(
      'prefixes',
      `must leave out ${reservedPrefixes.join(' and ')}, which the server always serves; remove '${reserved}'`,
    );
}

function isWithin(prefix: string, other: string): boolean {
  return `${prefix}/`.startsWith(`${other}/`);
}

function checkPaths(endpoints: readonly EndpointOptions[]): void {
  const paths = endpoints.map(({ path }) => path);
  if (new Set(paths).size < paths.length)
    throw invalidOption('endpoints', 'must have different paths');
  const valid = endpoints.filter(({ path }) => isPath(path));
  const [overlap] = pathOverlaps(valid.map((each) => servedPath(each.path, each)));
  if (overlap !== undefined)
    throw invalidOption('endpoints', `is not valid: ${overlap.slice(0, -1)}`);
}

/** @throws {MessagingError} `option-invalid`, also for a malformed origin or proxy address */
function checkEndpoint(endpoint: EndpointOptions, separator: Separator): void {
  const { path, slowConsumers = {} } = endpoint;
  if (!isPath(path)) {
    throw invalidOption(
      'endpoints',
      `must have paths that begin with a slash and have no query; '${path}' has not`,
    );
  }
  const encoded = encodedPath(path);
  if (encoded !== path) {
    throw invalidOption(
      'endpoints.path',
      `must be '${encoded}', as clients send it; '${path}' never matches`,
    );
  }
  checkHandshakeOptions(endpoint, path);
  checkSlowConsumers('endpoints.slowConsumers', slowConsumers, separator);
}

function checkSlowConsumers(
  name: string,
  given: Partial<SlowConsumerOptions>,
  separator: Separator,
): void {
  checkShape(`${name}.`, given, slowConsumersShape);
  const { policy = 'close', rules = [] } = given;
  for (const rule of rules) {
    checkShape(`${name}.rules.`, rule, ruleShape);
    if (rule.destination === undefined)
      throw invalidOption(`${name}.rules`, 'must have a destination each');
  }
  requireDestinations(
    `${name}.rules`,
    rules.map(({ destination }) => destination),
  );
  for (const each of [policy, ...rules.map((rule) => rule.policy)]) {
    if (!policies.includes(each))
      throw invalidOption(name, `must have one of the policies ${policies.join(', ')}`);
  }
  compileSlowConsumers({ policy, rules }, separator);
}

/** Interceptors stay as they are, because they may be instances of classes. */
function frozenEndpoint({ handshakeInterceptors, ...others }: EndpointOptions): EndpointOptions {
  if (handshakeInterceptors === undefined) return frozenCopy(others);
  return Object.freeze({
    ...frozenCopy(others),
    handshakeInterceptors: Object.freeze([...handshakeInterceptors]),
  });
}

/** Copies and freezes lists and plain data, which the application can still change. Transports and other objects are not copied. */
function frozen(options: ResolvedOptions): ResolvedOptions {
  const { controllers } = options;
  return Object.freeze({
    ...options,
    controllers: controllers && Object.freeze([...controllers]),
    transports: Object.freeze([...options.transports]),
    codecs: Object.freeze([...options.codecs]),
    converters: Object.freeze([...options.converters]),
    interceptors: Object.freeze([...options.interceptors]),
    outboundInterceptors: Object.freeze([...options.outboundInterceptors]),
    handshakeInterceptors: Object.freeze([...options.handshakeInterceptors]),
    prefixes: frozenCopy(options.prefixes),
    heartbeat: frozenCopy(options.heartbeat),
    limits: frozenCopy(options.limits),
    slowConsumers: frozenCopy(options.slowConsumers),
    endpoints: Object.freeze(options.endpoints.map(frozenEndpoint)),
  });
}
