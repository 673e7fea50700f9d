// What a test can choose of its server and of its clients.
import type { HeartbeatPair } from '../message/frame.js';
import type { Principal } from '../message/message.js';
import type { ServerOptions } from '../server/options.js';
import type { ContainerModule, Override } from '../container/override.js';
import type { Interceptor } from '../session/interceptor.js';
import type { ClientProtocolName } from './client-protocol.js';
import type { TestClock } from './test-clock.js';

/**
 * The options of `createServer`, and the test's own. Options that a server shares with its tests can be handed over as they
 * are: its endpoints, transports and `closeTimeout` are left out.
 */
export interface TestServerOptions extends Omit<ServerOptions, 'clock' | 'interceptors'> {
  /** What is injected in the place of what is bound: `[[ChatHistory, fakeHistory]]`. Default: none. */
  readonly override?: readonly Override[];
  /** Modules of inversify's that are loaded into the container first. Default: none. */
  readonly modules?: readonly ContainerModule[];
  /** What clients speak that do not say it themselves. Default `stomp`. */
  readonly protocol?: ClientProtocolName;
  /** `false` leaves out the application's interceptors, in both directions. */
  readonly interceptors?: readonly Interceptor[] | false;
  /** Default: one of the server's own, which stands still until `clock.advance`. */
  readonly clock?: TestClock;
  /**
   * Milliseconds of real time that an expectation waits for a handler or a stream that does something outside of the server,
   * as reading a file. Default 4,000, below the time limits of most test runners.
   */
  readonly timeout?: number;
  /** Whether `close` fails when a subscription has messages that nobody read. Default false. */
  readonly strict?: boolean;
}

export interface ConnectOptions {
  /** Who the transport knows the client to be; an authenticator has the last word. Default: nobody. */
  readonly user?: string | Principal;
  /** Default: what the server was made with. */
  readonly protocol?: ClientProtocolName;
  /** Headers of CONNECT. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly host?: string;
  readonly login?: string;
  readonly passcode?: string;
  /** Milliseconds between heart-beats that the client promises, and that it wants. Default: none. */
  readonly heartbeat?: HeartbeatPair;
  /** What is known of the client before it says anything. */
  readonly handshake?: {
    readonly url?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly remoteAddress?: string;
  };
  /**
   * Whether the client subscribes its problem queue, so that `problems` fills and a failure leaves the session alive. Default
   * true; without it a refused frame ends a STOMP session with ERROR.
   */
  readonly problems?: boolean;
}
