// The contract that identifies a client at CONNECT.
import type { ConnectFrame } from '../message/frame.js';
import type { Principal } from '../message/message.js';
import type { Handshake } from '../transport/transport.js';

/**
 * Called for each CONNECT. Returns the principal of the session, or undefined to keep the principal of the transport; without
 * one the client is anonymous. When it throws, the client is refused with `access-refused`, without the reason.
 */
export type Authenticator = (
  connect: ConnectFrame,
  handshake: Handshake,
) => Principal | undefined | Promise<Principal | undefined>;
