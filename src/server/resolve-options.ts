// The defaults and the checks of all server options.
import { systemClock } from '../message/clock.js';
import { randomIds } from '../message/ids.js';
import { consoleLogger } from '../message/logger.js';
import {
  checkShape,
  frozenCopy,
  invalidOption,
  requireCount,
  requireDestinations,
  requireMethods,
  requireObject,
  requirePrefix,
  type Shape,
  withDefaults,
} from '../message/option.js';
import { defaultDestinationLimits } from '../pattern/destination-limits.js';
import { defaultClassRules, unknownPropertyRules } from '../payload/class-rules.js';
import { separators, type Separator } from '../pattern/separator.js';
import { checkInterceptors } from '../session/handshake-interceptor.js';
import { checkHandshakeOptions, handshakeShape, isPath } from '../session/handshake-options.js';
import {
  compileSlowConsumers,
  type SlowConsumerOptions,
  type SlowConsumerPolicy,
  type SlowConsumerRule,
} from '../session/slow-consumer.js';
import { defaultCodecs, defaultConverters } from './defaults.js';
import type { EndpointOptions, ResolvedOptions, ServerOptions } from './options.js';
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
  ['interceptors', 'a function', []],
  ['outboundInterceptors', 'a function', []],
];

/** Names that new users expect among the options. */
const elsewhere: Readonly<Record<string, string>> = {
  port: 'is unknown; pass the port to listen(), for example server.listen(8080)',
  host: "is unknown; pass the host to listen(), for example server.listen(8080, '0.0.0.0')",
};

const policies: readonly SlowConsumerPolicy[] = ['close', 'drop-oldest', 'drop-newest', 'conflate'];

/**
 * Adds the defaults, checks all options and freezes them.
 *
 * @throws {MessagingError} `option-invalid` with the name of the option and the rule; `pattern-invalid` with the pattern
 */
export function resolveOptions(given: ServerOptions): ResolvedOptions {
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
  for (const [name, text] of Object.entries(elsewhere))
    if (Object.hasOwn(given, name)) throw invalidOption(name, text);
  checkShape('', given, { ...defaults, ...withoutDefault });
  const options: ResolvedOptions = {
    // Groups of options get their defaults below.
    ...withDefaults<ResolvedOptions>('', defaults, given as Partial<ResolvedOptions>),
    prefixes: withDefaults('prefixes.', defaults.prefixes, given.prefixes),
    heartbeat: withDefaults('heartbeat.', defaults.heartbeat, given.heartbeat),
    limits: withDefaults('limits.', defaults.limits, given.limits),
    slowConsumers: withDefaults('slowConsumers.', defaults.slowConsumers, given.slowConsumers),
    converters: [...(given.converters ?? []), ...defaultConverters],
  };
  for (const endpoint of options.endpoints)
    checkShape<EndpointOptions>('endpoints.', endpoint, endpointShape);
  check(options);
  return frozen(options);
}

function numberOr(value: unknown, other: number): number {
  return typeof value === 'number' ? value : other;
}

function check(options: ResolvedOptions): void {
  const { limits, heartbeat, prefixes } = options;
  for (const [name, what, methods] of contracts) {
    const value = options[name];
    if (Array.isArray(value))
      for (const [i, item] of value.entries()) requireMethods(`${name}.${i}`, item, what, methods);
    else if (value !== undefined) requireMethods(name, value, what, methods);
  }
  for (const [name, value] of Object.entries(limits)) requireCount(`limits.${name}`, value, 1);
  requireCount('heartbeat.minSendInterval', heartbeat.minSendInterval, 1);
  requireCount('heartbeat.expectedInterval', heartbeat.expectedInterval, 0);
  requireCount('connectTimeout', options.connectTimeout, 1);
  requireCount('handlerTimeout', options.handlerTimeout, 0);
  requireCount('stallTimeout', options.stallTimeout, 0);
  requireCount('concurrency', options.concurrency, 1);
  requireCount('closeTimeout', options.closeTimeout, 0);
  if (limits.maxMessageBytes < limits.maxFrameBytes) {
    throw invalidOption('limits.maxMessageBytes', 'must not be smaller than limits.maxFrameBytes');
  }
  if (!separators.includes(options.separator))
    throw invalidOption('separator', `must be '/' or '.'`);
  checkSlowConsumers('slowConsumers', options.slowConsumers, options.separator);
  if (!rejectedFrameAnswers.includes(options.onRejectedFrame))
    throw invalidOption('onRejectedFrame', `must be 'report', 'close' or 'ignore'`);
  if (!unknownPropertyRules.includes(options.unknownProperties))
    throw invalidOption('unknownProperties', `must be 'drop', 'reject' or 'keep'`);
  for (const [i, type] of (options.controllers ?? []).entries()) {
    // Arrow functions have no prototype, and a circular import gives undefined.
    if (typeof type !== 'function' || (type.prototype as unknown) === undefined)
      throw invalidOption('controllers', `must be a list of classes; item ${i} is not a class`);
  }
  if (new Set(options.transports).size < options.transports.length)
    throw invalidOption('transports', 'must not contain the same transport twice');
  if (options.codecs.length === 0) throw invalidOption('codecs', 'must not be empty');
  const all = [...prefixes.application, ...prefixes.broker, prefixes.user];
  for (const prefix of all) requirePrefix('prefixes', prefix);
  const overlap = all.find((prefix, i) =>
    all.some((other, j) => i !== j && `${prefix}/`.startsWith(`${other}/`)),
  );
  if (overlap !== undefined)
    throw invalidOption(
      'prefixes',
      `must not contain each other; '${overlap}' lies within another prefix`,
    );
  checkInterceptors(options.handshakeInterceptors);
  for (const endpoint of options.endpoints) checkEndpoint(endpoint, options.separator);
  const paths = options.endpoints.map(({ path }) => path);
  if (new Set(paths).size < paths.length)
    throw invalidOption('endpoints', 'must have different paths');
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
