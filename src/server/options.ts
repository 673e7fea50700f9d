// What an application can choose, and what it has when it does not.
import type { Container } from '../container/container-lease.js';
import type { Broker } from '../broker/broker.js';
import type { Clock } from '../message/clock.js';
import type { Ids } from '../message/ids.js';
import type { Logger } from '../message/logger.js';
import type { Constructor, PayloadConverter } from '../payload/converter.js';
import type { Authenticator } from '../security/authenticator.js';
import type { HeartbeatOptions } from '../session/heartbeat.js';
import type { Interceptor, OutboundInterceptor } from '../session/interceptor.js';
import type { SlowConsumerOptions } from '../session/slow-consumer.js';
import type { Transport } from '../transport/transport.js';
import type { WireCodec } from '../wire/codec.js';
import type { DestinationLimits } from '../pattern/destination-limits.js';
import type { Separator } from '../pattern/separator.js';

/** Where clients connect by WebSocket. */
export interface EndpointOptions {
  readonly path: string;
  /** Origins that may connect beside the server's own, exact or as patterns (`https://*.example.org:[443,8443]`). Default: none. */
  readonly allowedOrigins?: readonly string[];
  /** Addresses of proxies whose `X-Forwarded-Host` and `X-Forwarded-Proto` are believed; default: none. */
  readonly trustedProxies?: readonly string[];
  /** What gives way when a client of this endpoint reads too slowly. Default: what the server's `slowConsumers` says. */
  readonly slowConsumers?: Partial<SlowConsumerOptions>;
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
export interface LimitOptions extends DestinationLimits {
  /** A whole frame. Default 65,536. */
  readonly maxFrameBytes: number;
  /** One WebSocket message; beyond it the connection closes with 1009. Default twice the frame size. */
  readonly maxMessageBytes: number;
  /** Headers of a frame. Default 64. */
  readonly maxHeaders: number;
  /** One header line. Default 8,192. */
  readonly maxHeaderBytes: number;
  /** One header line of CONNECT, where tokens travel. Default 16,384. */
  readonly maxConnectHeaderBytes: number;
  /** Live subscriptions of a session. Default 128. */
  readonly maxSubscriptions: number;
  /** Open transactions of a session. Default 8. */
  readonly maxTransactions: number;
  /** Frames that a transaction may hold. Default 1,000. */
  readonly maxTransactionFrames: number;
  /** Octets that the transactions of a session may hold. Default 16 times the frame size. */
  readonly maxTransactionBytes: number;
  /** Values of `idempotency-key` that the server remembers. Default 10,000. */
  readonly maxIdempotencyKeys: number;
  /** How long it remembers each. Default 300,000. */
  readonly idempotencyRetention: number;
  /** Octets that may wait for a session. Default the larger of 524,288 and twice the frame size. */
  readonly maxOutboxBytes: number;
  /** How long an octet may wait for a session. Default 10,000. */
  readonly outboxTimeout: number;
  /** Frames of a session that may wait before reading pauses. Default 64. */
  readonly maxWaitingFrames: number;
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
  /** Wire protocols, in order of preference. Default: STOMP and JSON. */
  readonly codecs?: readonly WireCodec[];
  /** Default: the embedded broker. */
  readonly broker?: Broker;
  /** Payload converters, asked before those for text, bytes and JSON. Default: none. */
  readonly converters?: readonly PayloadConverter[];
  readonly prefixes?: Partial<PrefixOptions>;
  /** What parts destinations behind their prefix. Default `/`. */
  readonly separator?: Separator;
  /** Around every client frame, the first outermost. Default: none. */
  readonly interceptors?: readonly Interceptor[];
  /** On every server frame, the first first. Default: none. */
  readonly outboundInterceptors?: readonly OutboundInterceptor[];
  /** Says at CONNECT who a client is. Default: the transport's principal, or nobody. */
  readonly authenticate?: Authenticator;
  /** Whether clients may SEND past the handlers, to the broker and to users. Default true, as in Spring. */
  readonly clientPublish?: boolean;
  /**
   * What becomes of a refused frame: `problem` tells the client and lets the session live, where the client can be told; `close`
   * answers ERROR and closes, as Spring does. For handlers that fail it changes nothing. Default `problem`.
   */
  readonly errors?: 'problem' | 'close';
  readonly heartbeat?: Partial<HeartbeatOptions>;
  /** Milliseconds until a client must have sent CONNECT. @default 60,000, or 10,000 with `authenticate` */
  readonly connectTimeout?: number;
  /** Milliseconds that a handler may take; 0 is without end. Default 30,000. */
  readonly handlerTimeout?: number;
  /** Handlers of one session that may run at a time. Default 1: replies keep the order of their messages. */
  readonly concurrency?: number;
  readonly limits?: Partial<LimitOptions>;
  /** What gives way when a client reads too slowly: by default the session, which is closed. */
  readonly slowConsumers?: Partial<SlowConsumerOptions>;
  /** Milliseconds that `close` waits for handlers and clients. Default 10,000. */
  readonly closeTimeout?: number;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly ids?: Ids;
}

/** The options with every default filled in; frozen. */
export interface ResolvedOptions extends Required<
  Omit<
    ServerOptions,
    | 'controllers'
    | 'container'
    | 'broker'
    | 'authenticate'
    | 'prefixes'
    | 'heartbeat'
    | 'limits'
    | 'slowConsumers'
  >
> {
  readonly controllers: readonly Constructor[] | undefined;
  readonly container: Container | undefined;
  readonly broker: Broker | undefined;
  readonly authenticate: Authenticator | undefined;
  readonly prefixes: PrefixOptions;
  readonly heartbeat: HeartbeatOptions;
  readonly limits: LimitOptions;
  readonly slowConsumers: SlowConsumerOptions;
}
