// The options of test servers, of their clients, and of the frames that clients send.
import type { ContainerModule, Override } from '../container/overrides.js';
import type { AckMode, HeartbeatPair } from '../message/frame.js';
import type { Principal } from '../message/message.js';
import type { ServerOptions } from '../server/options.js';
import type { Interceptor } from '../session/interceptor.js';
import type { ClientProtocolName } from './client-protocol.js';
import type { PayloadDescription } from './destination-map.js';
import type { TestClock } from './test-clock.js';

/**
 * Options of a test server: those of `createServer` and those of the test. `endpoints`, `transports` and `closeTimeout` are
 * ignored, so the options of the real server can be passed on unchanged.
 */
export interface TestServerOptions extends Omit<ServerOptions, 'clock' | 'interceptors'> {
  /**
   * Values to inject instead of the bindings of the container, such as `[[ChatHistory, fakeHistory]]`.
   *
   * @default []
   */
  readonly override?: readonly Override[];
  /**
   * inversify modules to load into the container before `override` is applied.
   *
   * @default []
   */
  readonly modules?: readonly ContainerModule[];
  /**
   * Wire protocol of the clients; `connect({ protocol })` overrides it.
   *
   * @default 'stomp'
   */
  readonly protocol?: ClientProtocolName;
  /**
   * Interceptors of client frames. `false` leaves out all interceptors, including those of server frames.
   *
   * @default []
   */
  readonly interceptors?: readonly Interceptor[] | false;
  /**
   * Clock of the server. Pass one to share it with services.
   *
   * @default testClock()
   */
  readonly clock?: TestClock;
  /**
   * How long an expectation waits for handlers and streams that do something outside of the server, such as reading a file.
   * In milliseconds of real time, more than 0. The default is below the timeouts of most test runners.
   *
   * @default 4000
   */
  readonly timeout?: number;
  /**
   * Whether `close()` also fails if a subscription has unread messages.
   *
   * @default false
   */
  readonly strict?: boolean;
}

/** Options of `TestServer.connectWebSocket()`. */
export interface WebSocketOptions {
  /**
   * User that the transport has authenticated. The `authenticate` option of the server can replace it.
   *
   * @default undefined (anonymous)
   */
  readonly user?: string | Principal;
  /** Headers of the HTTP request. @default {} */
  readonly headers?: Readonly<Record<string, string>>;
  /** The subprotocol that both sides have agreed on. @default none */
  readonly subprotocol?: string;
  /** Address of the client. @default '127.0.0.1' */
  readonly remoteAddress?: string;
  /** Attributes that the session begins with, as if a handshake interceptor had set them. @default none */
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/** Options of `TestServer.connect()`. */
export interface ConnectOptions {
  /**
   * User that the transport has authenticated. The `authenticate` option of the server can replace it.
   *
   * @default undefined (anonymous)
   */
  readonly user?: string | Principal;
  /**
   * Wire protocol of this client.
   *
   * @default `protocol` of the test server
   */
  readonly protocol?: ClientProtocolName;
  /**
   * Headers of CONNECT.
   *
   * @default {}
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** Header `host` of CONNECT. @default none */
  readonly host?: string;
  /** Header `login` of CONNECT. @default none */
  readonly login?: string;
  /** Header `passcode` of CONNECT. @default none */
  readonly passcode?: string;
  /**
   * Intervals in milliseconds: how often the client promises heart-beats, and how often it expects them.
   *
   * @default [0, 0] (none)
   */
  readonly heartbeat?: HeartbeatPair;
  /** The HTTP request that opened the connection. @default a request without headers */
  readonly handshake?: {
    /** @default '/' */
    readonly url?: string;
    /** @default {} */
    readonly headers?: Readonly<Record<string, string>>;
    /** @default '127.0.0.1' */
    readonly remoteAddress?: string;
    /** Attributes that the session begins with, as if a handshake interceptor had set them. @default none */
    readonly attributes?: Readonly<Record<string, unknown>>;
  };
  /**
   * Whether the client subscribes to its problem queue, so that `problems` lists its problems. Without that subscription, a
   * rejected frame ends a STOMP session with ERROR.
   *
   * @default true
   */
  readonly problems?: boolean;
}

/** Options of every frame that a client sends. */
export interface FrameOptions {
  /** Receipt id. The server answers with a RECEIPT, which `receipts` lists. @default none */
  readonly receipt?: string;
}

/** Options of frames that can be part of a transaction. */
export interface TransactedOptions extends FrameOptions {
  /** Transaction of the frame. The server processes the frame at its COMMIT. @default none */
  readonly transaction?: string;
}

/** Options of `TestClient.nack()`. */
export interface NackOptions extends TransactedOptions {
  /** False sends the message to the dead letters. @default true: it is delivered again */
  readonly requeue?: boolean;
}

/** Options of `TestClient.send()`. */
export interface SendOptions extends TransactedOptions {
  /**
   * Headers of SEND. `content-type` chooses the converter; without it the type of the payload does.
   *
   * @default {}
   */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Options of `TestClient.subscribe()`. */
export interface SubscribeOptions<
  T extends PayloadDescription | undefined = undefined,
> extends FrameOptions {
  /**
   * Subscription id, unique in the session.
   *
   * @default 'sub-1', 'sub-2' and so on
   */
  readonly id?: string;
  /**
   * How the client acknowledges messages.
   *
   * @default 'auto'
   */
  readonly ack?: AckMode;
  /**
   * Headers of SUBSCRIBE.
   *
   * @default {}
   */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Class or Standard Schema. Each payload is converted to it and validated when the test reads it.
   *
   * @default none: the payload is converted by its content type
   */
  readonly type?: T;
}

/** Arguments of `TestClient.send()`: a payload that may be undefined can be omitted. */
export type SendArguments<P> = undefined extends P
  ? [payload?: P, options?: SendOptions]
  : [payload: P, options?: SendOptions];
