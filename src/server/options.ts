// What an application can choose, what it gets when it does not, and what is refused.
import type { Container } from 'inversify';
import type { Broker } from '../broker/broker.js';
import type { Clock } from '../message/clock.js';
import { systemClock } from '../message/clock.js';
import { MessagingError } from '../message/error.js';
import { randomIds, type Ids } from '../message/ids.js';
import { consoleLogger, type Logger } from '../message/logger.js';
import type { Constructor, PayloadConverter } from '../payload/converter.js';
import type { Authenticator } from '../security/authenticator.js';
import type { HeartbeatOptions } from '../session/heartbeat.js';
import type { Interceptor, OutboundInterceptor } from '../session/interceptor.js';
import type { Transport } from '../transport/transport.js';
import type { WireCodec } from '../wire/codec.js';
import { defaultCodecs, defaultConverters } from './defaults.js';

/** Where clients connect by WebSocket. */
export interface EndpointOptions {
  readonly path: string;
  /** Origins that may connect, exact or as patterns (`https://*.example.org:[443,8443]`); default: the server's own. */
  readonly allowedOrigins?: readonly string[];
  /** Addresses of proxies whose `X-Forwarded-Host` and `X-Forwarded-Proto` are believed; default: none. */
  readonly trustedProxies?: readonly string[];
}

export interface PrefixOptions {
  /** Of what handlers serve. Default `/app`. */
  readonly application: readonly string[];
  /** Of what the broker serves. Default `/topic`, `/queue`. */
  readonly broker: readonly string[];
  /** Of users' own queues. Default `/user`. */
  readonly user: string;
}

/** Everything that a client can make grow; sizes in octets, times in milliseconds. */
export interface LimitOptions {
  /** A whole frame. Default 65,536. */
  readonly frameSize: number;
  /** One WebSocket message; beyond it the connection closes with 1009. Default twice the frame size. */
  readonly webSocketMessage: number;
  /** Headers of a frame. Default 64. */
  readonly headerCount: number;
  /** One header line. Default 8,192. */
  readonly headerSize: number;
  /** One header line of CONNECT, where tokens travel. Default 16,384. */
  readonly connectHeaderSize: number;
  /** Live subscriptions of a session. Default 128. */
  readonly subscriptions: number;
  /** Octets that may wait for a session. Default the larger of 524,288 and twice the frame size. */
  readonly outboxSize: number;
  /** How long an octet may wait for a session. Default 10,000. */
  readonly outboxAge: number;
  /** Frames of a session that may wait before reading pauses. Default 64. */
  readonly waitingFrames: number;
  /** Time until a client must have connected. Default 60,000, or 10,000 when `authenticate` is set. */
  readonly connectWithin: number;
}

export interface ServerOptions {
  /** Controllers to bind and serve; without it, those that `container` has bound. */
  readonly controllers?: readonly Constructor[];
  /** The application's container; default: one of the server's own, in which plain classes need no binding. */
  readonly container?: Container;
  /** WebSocket endpoints. Default: one at `/ws`. */
  readonly endpoints?: readonly EndpointOptions[];
  /** Transports beside the endpoints. Default: none. */
  readonly transports?: readonly Transport[];
  /** Wire protocols, in order of preference. Default: STOMP. */
  readonly codecs?: readonly WireCodec[];
  /** Default: the embedded broker. */
  readonly broker?: Broker;
  /** Payload converters, asked before those for text, bytes and JSON. Default: none. */
  readonly converters?: readonly PayloadConverter[];
  readonly prefixes?: Partial<PrefixOptions>;
  /** What parts destinations behind their prefix. Default `/`. */
  readonly separator?: '/' | '.';
  /** Around every client frame, the first outermost. Default: none. */
  readonly interceptors?: readonly Interceptor[];
  /** On every server frame, the first first. Default: none. */
  readonly outboundInterceptors?: readonly OutboundInterceptor[];
  /** Says at CONNECT who a client is. Default: the transport's principal, or nobody. */
  readonly authenticate?: Authenticator;
  /** Whether clients may SEND past the handlers, to the broker and to users. Default true, as in Spring. */
  readonly clientPublish?: boolean;
  readonly heartbeat?: Partial<HeartbeatOptions>;
  /** Milliseconds that a handler may take; 0 is without end. Default 30,000. */
  readonly handlerTimeout?: number;
  /** Handlers of one session that may run at a time. Default 1: replies keep the order of their messages. */
  readonly concurrency?: number;
  readonly limits?: Partial<LimitOptions>;
  /** Milliseconds that `close` waits for handlers and clients. Default 10,000. */
  readonly closeWithin?: number;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly ids?: Ids;
}

/** The options with every default filled in; frozen. */
export interface ResolvedOptions extends Required<Omit<ServerOptions, 'controllers' | 'container' | 'broker' | 'authenticate' | 'prefixes' | 'heartbeat' | 'limits'>> {
  readonly controllers: readonly Constructor[] | undefined;
  readonly container: Container | undefined;
  readonly broker: Broker | undefined;
  readonly authenticate: Authenticator | undefined;
  readonly prefixes: PrefixOptions;
  readonly heartbeat: HeartbeatOptions;
  readonly limits: LimitOptions;
}

export function resolveOptions(given: ServerOptions): ResolvedOptions {
  const frameSize = given.limits?.frameSize ?? 64 * 1024;
  const defaults: ResolvedOptions = {
    controllers: undefined,
    container: undefined,
    endpoints: [{ path: '/ws' }],
    transports: [],
    codecs: defaultCodecs,
    broker: undefined,
    converters: [],
    prefixes: { application: ['/app'], broker: ['/topic', '/queue'], user: '/user' },
    separator: '/',
    interceptors: [],
    outboundInterceptors: [],
    authenticate: undefined,
    clientPublish: true,
    heartbeat: { floor: 1000, wanted: 10_000 },
    handlerTimeout: 30_000,
    concurrency: 1,
    limits: {
      frameSize,
      webSocketMessage: 2 * frameSize,
      headerCount: 64,
      headerSize: 8 * 1024,
      connectHeaderSize: 16 * 1024,
      subscriptions: 128,
      outboxSize: Math.max(512 * 1024, 2 * frameSize),
      outboxAge: 10_000,
      waitingFrames: 64,
      connectWithin: given.authenticate === undefined ? 60_000 : 10_000,
    },
    closeWithin: 10_000,
    logger: consoleLogger,
    clock: systemClock,
    ids: given.ids ?? randomIds(),
  };
  refuseUnknown('', given, defaults);
  const options: ResolvedOptions = {
    ...defaults,
    ...withoutUndefined(given),
    prefixes: merge('prefixes', defaults.prefixes, given.prefixes),
    heartbeat: merge('heartbeat', defaults.heartbeat, given.heartbeat),
    limits: merge('limits', defaults.limits, given.limits),
    converters: [...(given.converters ?? []), ...defaultConverters],
  };
  check(options);
  return deepFreeze(options);
}

function merge<T extends object>(name: string, defaults: T, given: Partial<T> | undefined): T {
  refuseUnknown(`${name}.`, given ?? {}, defaults);
  return { ...defaults, ...withoutUndefined(given ?? {}) };
}

function withoutUndefined<T extends object>(given: T): Partial<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function refuseUnknown(path: string, given: object, known: object): void {
  const names = Object.keys(known);
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    throw invalid(`${path}${name}`, `is unknown; the nearest known one is '${path}${nearest(name, names)}'`);
  }
}

function check(options: ResolvedOptions): void {
  const { limits, heartbeat, prefixes } = options;
  for (const [name, value] of Object.entries(limits)) requireCount(`limits.${name}`, value, 1);
  requireCount('heartbeat.floor', heartbeat.floor, 1);
  requireCount('heartbeat.wanted', heartbeat.wanted, 0);
  requireCount('handlerTimeout', options.handlerTimeout, 0);
  requireCount('concurrency', options.concurrency, 1);
  requireCount('closeWithin', options.closeWithin, 0);
  if (limits.webSocketMessage < limits.frameSize) {
    throw invalid('limits.webSocketMessage', 'must not be smaller than limits.frameSize');
  }
  if (options.separator !== '/' && options.separator !== '.') throw invalid('separator', `must be '/' or '.'`);
  if (options.codecs.length === 0) throw invalid('codecs', 'must name at least one');
  const all = [...prefixes.application, ...prefixes.broker, prefixes.user];
  for (const prefix of all) {
    if (!/^\/[^*?{}]*[^/*?{}]$/.test(prefix)) {
      throw invalid('prefixes', `must begin with a slash, end without one and hold no wildcard, unlike '${prefix}'`);
    }
  }
  const overlap = all.find((prefix, i) => all.some((other, j) => i !== j && `${prefix}/`.startsWith(`${other}/`)));
  if (overlap !== undefined) throw invalid('prefixes', `must not lie within each other, as '${overlap}' does`);
  const paths = options.endpoints.map(({ path }) => path);
  for (const path of paths) {
    if (!path.startsWith('/')) throw invalid('endpoints', `need paths that begin with a slash, unlike '${path}'`);
  }
  if (new Set(paths).size < paths.length) throw invalid('endpoints', 'must have paths of their own');
}

function requireCount(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw invalid(name, `must be a whole number of at least ${least}`);
  }
}

function invalid(name: string, what: string): MessagingError {
  return new MessagingError('option-invalid', `The option '${name}' ${what}.`);
}

/** The known name that takes the fewest changes to reach. */
function nearest(name: string, known: readonly string[]): string {
  const distance = (other: string) => editDistance(name.toLowerCase(), other.toLowerCase());
  return known.reduce((best, other) => (distance(other) < distance(best) ? other : best));
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** Freezes the plain data; containers, brokers and the like live on. */
function deepFreeze(options: ResolvedOptions): ResolvedOptions {
  for (const part of [options.prefixes, options.heartbeat, options.limits, options.endpoints, ...options.endpoints]) Object.freeze(part);
  return Object.freeze(options);
}
