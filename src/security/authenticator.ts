// Who a client is, as its CONNECT tells.
import type { ConnectFrame } from '../message/frame.js';
import type { Principal } from '../message/message.js';
import type { Handshake } from '../transport/transport.js';

/**
 * Called for each CONNECT. The principal it gives is the session's; undefined leaves the client anonymous; throwing a
 * MessagingError of code `access-refused` (or anything else) refuses the client, and no more is told than that.
 */
export type Authenticator = (
  connect: ConnectFrame,
  handshake: Handshake,
) => Principal | undefined | Promise<Principal | undefined>;
