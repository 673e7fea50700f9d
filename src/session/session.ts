// One client as applications see it.
import type { Principal } from '../message/message.js';
import type { Handshake } from '../transport/transport.js';

export interface Session {
  /** Made by the server; never a client's choice. */
  readonly id: string;
  /** Who it speaks for; undefined while anonymous. */
  readonly principal: Principal | undefined;
  readonly handshake: Handshake;
  /** The wire protocol's name and version, as `stomp 1.2`. */
  readonly protocol: string;
  /** What the application wants to remember for as long as the session lives. */
  readonly attributes: Map<string, unknown>;
  /** Fires when the session has ended. */
  readonly signal: AbortSignal;
  /** Ends the session; what waits is flushed first. The default is 1000 and an empty reason. */
  close(code?: number, reason?: string): void;
}
