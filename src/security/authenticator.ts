// Authentication at CONNECT: the contract of authenticators, and the check of their results.
import { inspect } from 'node:util';
import { MessagingError } from '../message/error.js';
import type { ConnectFrame } from '../message/frame.js';
import type { Principal } from '../message/message.js';
import type { Handshake } from '../transport/transport.js';

/**
 * Called for each CONNECT. Returns the principal of the session: an object with a `name` that is not blank. Undefined keeps the
 * principal of the transport; without one the client is anonymous. When it throws, or returns anything else, the client is
 * refused with `access-refused`. Only the log contains the reason.
 */
export type Authenticator = (
  connect: ConnectFrame,
  handshake: Handshake,
) => Principal | undefined | Promise<Principal | undefined>;

/**
 * The principal of a client.
 *
 * @param authenticate undefined when the server has no authenticator: the principal of the transport is used
 * @throws {MessagingError} `access-refused` with the reason as its cause
 */
export async function authenticated(
  authenticate: Authenticator | undefined,
  connect: ConnectFrame,
  handshake: Handshake,
): Promise<Principal | undefined> {
  try {
    const result: unknown = await authenticate?.(connect, handshake);
    return result === undefined
      ? requirePrincipal(handshake.principal, 'The transport')
      : requirePrincipal(result, 'authenticate()');
  } catch (cause) {
    throw new MessagingError('access-refused', undefined, { cause });
  }
}

/** Refuses null and `{}`, because a mistake in an authenticator must not admit anonymous clients. */
function requirePrincipal(value: unknown, source: string): Principal | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'object' && value !== null && 'name' in value) {
    const { name } = value;
    if (typeof name === 'string' && name.trim() !== '') return value as Principal;
  }
  // Not deeper, because the value may contain secrets.
  const found = inspect(value, { depth: -1 });
  throw new TypeError(
    `${source} returned ${found}, which is not a principal; return an object with a name that is a string and not blank, or undefined.`,
  );
}
