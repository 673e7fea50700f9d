// The options of a server.
import type { Container } from '../container/container.js';
import type { Broker } from '../broker/broker.js';
import type { PrefixOptions } from '../broker/destination-resolver.js';
import type { Clock } from '../message/clock.js';
import type { Ids } from '../message/ids.js';
import type { Logger } from '../message/logger.js';
import type { Constructor, PayloadConverter, UnknownProperties } from '../payload/converter.js';
import type { Authenticator } from '../security/authenticator.js';
import type { HandshakeInterceptor } from '../session/handshake-interceptor.js';
import type { HandshakeOptions } from '../session/handshake-options.js';
import type { HeartbeatOptions } from '../session/heartbeat.js';
import type { Interceptor, OutboundInterceptor } from '../session/interceptor.js';
import type { DestinationLimits } from '../pattern/destination-limits.js';
import type { Separator } from '../pattern/separator.js';
import type { SlowConsumerOptions } from '../session/slow-consumer.js';
import type { RejectedFrameAnswer } from './problem.js';
import type { Transport } from '../transport/transport.js';
import type { WireCodec } from '../wire/codec.js';

/** One WebSocket endpoint. */
export interface EndpointOptions extends HandshakeOptions {
  /** Such as `/ws`. */
  readonly path: string;
  /** The policy for clients of this endpoint that read too slowly. @default the `slowConsumers` of the server */
  readonly slowConsumers?: Partial<SlowConsumerOptions>;
}

/** Limits for everything that a client can make grow. */
export interface LimitOptions extends DestinationLimits {
  /** Connected sessions. @default 32,768 */
  readonly maxSessions: number;
  /** Sessions of one user. @default 256, or a share of `maxSessions` when that is less */
  readonly maxSessionsPerUser: number;
  /** Anonymous sessions of one address. @default a share of `maxSessions`: 4,096 */
  readonly maxSessionsPerAddress: number;
  /**
   * Connections that have not finished CONNECT, and as many HTTP connections of `listen` that have not become a WebSocket. One
   * address may have a share of each. @default 8,192
   */
  readonly maxHandshakes: number;
  /** Bytes of one frame. @default 65,536 */
  readonly maxFrameBytes: number;
  /** Bytes of one WebSocket message; a larger one closes the connection with 1009. @default twice `maxFrameBytes` */
  readonly maxMessageBytes: number;
  /** Headers of one frame. @default 64 */
  readonly maxHeaders: number;
  /** Bytes of one header line. @default 8,192 */
  readonly maxHeaderBytes: number;
  /** Bytes of one header line of CONNECT, which may carry a token. @default 16,384 */
  readonly maxConnectHeaderBytes: number;
  /** Live subscriptions of one session. @default 128 */
  readonly maxSubscriptions: number;
  /** Bytes of all live subscriptions of one session, with headers and bookkeeping. @default 262,144 */
  readonly maxSubscriptionBytes: number;
  /** Running streams of one session: async iterables that handlers have returned. @default 256 */
  readonly maxStreams: number;
  /** Open transactions of one session. @default 8 */
  readonly maxTransactions: number;
  /** Frames of one transaction. @default 1,000 */
  readonly maxTransactionFrames: number;
  /** Bytes of all transactions of one session, with headers, receipts and bookkeeping. @default 16 times `maxFrameBytes` */
  readonly maxTransactionBytes: number;
  /**
   * The number of parts of each limit that all clients share. One client may use one part: a user with all its sessions, or
   * all anonymous clients of an address. Applies to `maxIdempotencyKeys`, `maxHandshakes`, `maxHeldBytes`, and the limits of the broker for all
   * clients together. 1 lets one client use everything. @default 8
   */
  readonly shares: number;
  /** Values of `idempotency-key` that the server remembers. @default 10,000 */
  readonly maxIdempotencyKeys: number;
  /** Characters of one `idempotency-key`. @default 256 */
  readonly maxIdempotencyKeyCharacters: number;
  /** Milliseconds that the server remembers a key. @default 300,000 */
  readonly idempotencyRetention: number;
  /**
   * Lines of the log per minute for the rejected frames of one client that cannot receive the problems (a user with all its sessions,
   * or all anonymous clients of an address), and for the failures of one place in the application. Further ones are counted. All
   * clients and places together have at most ten times as many. @default 100
   */
  readonly maxLoggedProblems: number;
  /** Bytes that may wait for one session. @default the larger of 524,288 and twice `maxFrameBytes` */
  readonly maxOutboxBytes: number;
  /** Milliseconds that a byte may wait for a session. @default 10,000 */
  readonly outboxTimeout: number;
  /** Frames of one session that may wait; beyond it the server stops reading from the client. @default 64 */
  readonly maxWaitingFrames: number;
  /**
   * Bytes of memory for waiting frames of one session; beyond it the server stops reading from the client until none waits.
   * Before CONNECT is accepted, 4,096.
   *
   * @default 4 times `maxFrameBytes`
   */
  readonly maxWaitingBytes: number;
  /**
   * Bytes of the waiting frames and the open transactions of all sessions. A client that has used its share gets
   * `transaction-limit`, and the server reads from each of its sessions only while no frame of the session waits. @default 268,435,456
   */
  readonly maxHeldBytes: number;
  /** Objects inside of a payload that a class or schema validates; an array in an array counts. @default 1,000 */
  readonly maxPayloadObjects: number;
}

/** Options of `createServer`. */
export interface ServerOptions {
  /** Controllers and WebSocket handlers to bind and serve. @default the classes that `container` has bound */
  readonly controllers?: readonly Constructor[];
  /** The inversify container of the application. @default a new one, in which plain classes need no binding */
  readonly container?: Container;
  /** WebSocket endpoints. @default `[{ path: '/ws' }]` */
  readonly endpoints?: readonly EndpointOptions[];
  /** Transports in addition to the endpoints, such as `tcpTransport()`. @default none */
  readonly transports?: readonly Transport[];
  /** Wire protocols, the preferred one first. @default `[stompCodec, jsonCodec]` */
  readonly codecs?: readonly WireCodec[];
  /** Delivers publications to subscribers. @default `new EmbeddedBroker()` */
  readonly broker?: Broker;
  /** Payload converters that are tried before those for text, bytes and JSON. @default none */
  readonly converters?: readonly PayloadConverter[];
  /**
   * What happens to a property of a payload that has no class-validator decorator in its class: `drop` removes it and logs its
   * name once, `reject` makes the payload invalid, `keep` passes it to the handler unchecked.
   *
   * @default `drop`
   */
  readonly unknownProperties?: UnknownProperties;
  /** The prefixes of destinations. @default the defaults of `PrefixOptions` */
  readonly prefixes?: Partial<PrefixOptions>;
  /** Separates the segments of a destination behind its prefix. @default `/` */
  readonly separator?: Separator;
  /** Run around every client frame, the first outermost. @default none */
  readonly interceptors?: readonly Interceptor[];
  /** Run for every server frame, in this order. @default none */
  readonly outboundInterceptors?: readonly OutboundInterceptor[];
  /** Run before a client is accepted over HTTP, the first one first. @default none */
  readonly handshakeInterceptors?: readonly HandshakeInterceptor[];
  /** Identifies the client at CONNECT, or before `open` of a WebSocket handler. @default the principal of the transport; without one the client is anonymous */
  readonly authenticate?: Authenticator;
  /** True when clients may SEND to the broker and to users without a handler. @default true, as in Spring */
  readonly clientPublish?: boolean;
  /**
   * The answer to a frame that the server rejects, or whose handler fails.
   *
   * - `report`: the client receives a problem, and the session continues. A STOMP client without a subscription of
   *   `/user/queue/errors` receives ERROR, which ends the session, if the frame has a receipt; otherwise the problem is logged.
   * - `close`: the client receives ERROR, and the session is closed with the code of the error.
   * - `ignore`: the client receives nothing, and the session continues, as in Spring.
   *
   * Failures of handlers are always logged. Frames that break the protocol always end the session.
   *
   * @default `report`
   */
  readonly onRejectedFrame?: RejectedFrameAnswer;
  /** Heart-beat intervals. @default the defaults of `HeartbeatOptions` */
  readonly heartbeat?: Partial<HeartbeatOptions>;
  /**
   * Milliseconds until a client must have sent CONNECT, and on the HTTP server of `listen` a whole request. @default 60,000, or 10,000
   * with `authenticate`
   */
  readonly connectTimeout?: number;
  /** Milliseconds until a handler must have returned; 0 for no limit. @default 30,000 */
  readonly handlerTimeout?: number;
  /**
   * Milliseconds without a completed frame after which a session whose frames wait is closed with 4502, and the frames of a session
   * whose connection is lost are given up; 0 for no limit.
   *
   * @default twice `handlerTimeout`
   */
  readonly stallTimeout?: number;
  /** Handlers of one session that may run at the same time. With 1, replies keep the order of their messages. @default 1 */
  readonly concurrency?: number;
  /** Limits for clients. @default the defaults of `LimitOptions` */
  readonly limits?: Partial<LimitOptions>;
  /** The policy for clients that read too slowly. @default they are disconnected */
  readonly slowConsumers?: Partial<SlowConsumerOptions>;
  /** Milliseconds that `close` waits for handlers and clients. @default 10,000 */
  readonly closeTimeout?: number;
  /** Receives the log of the server. @default the console */
  readonly logger?: Logger;
  /** Measures time and sets timers. @default the system clock */
  readonly clock?: Clock;
  /** Creates the ids of sessions, messages and reply addresses. @default random ids */
  readonly ids?: Ids;
}

/** The options of a running server, with all defaults; frozen. */
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
  /** The controller classes that were given; undefined when the container's bindings are used. */
  readonly controllers: readonly Constructor[] | undefined;
  /** The container that was given; undefined when the server made one. */
  readonly container: Container | undefined;
  /** The broker that was given; undefined when the server made one. */
  readonly broker: Broker | undefined;
  /** The authenticator that was given; undefined without one. */
  readonly authenticate: Authenticator | undefined;
  /** The prefixes of destinations. */
  readonly prefixes: PrefixOptions;
  /** Heart-beat intervals. */
  readonly heartbeat: HeartbeatOptions;
  /** Limits for clients. */
  readonly limits: LimitOptions;
  /** The policy for clients that read too slowly. */
  readonly slowConsumers: SlowConsumerOptions;
}
