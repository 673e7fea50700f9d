// The decorator for the sender's session, and the type of the parameter.
import type { Session as ClientSession } from '../../session/session.js';
import { createParamDecorator } from '../decorators/param-decorator.js';

/**
 * The sender's session: id, user, handshake, attributes (Spring: `SimpMessageHeaderAccessor`).
 *
 * @example
 * ```ts
 * @MessageMapping('/leave')
 * leave(@Session() session: Session) {
 *   session.close();
 * }
 * ```
 */
export const Session: () => ParameterDecorator = createParamDecorator(
  (invocation) => invocation.session,
);

/** The session of one client. */
export interface Session extends ClientSession {}
