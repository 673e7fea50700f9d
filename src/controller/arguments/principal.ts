// The decorator for the user of the session, and the type of the parameter.
import type { Principal as SessionPrincipal } from '../../message/message.js';
import { createParamDecorator } from '../decorators/param-decorator.js';

/**
 * The authenticated user of the sender's session; undefined if the client is anonymous (Spring: a `Principal` parameter).
 *
 * @example
 * ```ts
 * @MessageMapping('/say')
 * say(text: string, @Principal() user?: Principal) {
 *   return `${user?.name ?? 'guest'}: ${text}`;
 * }
 * ```
 */
export const Principal: () => ParameterDecorator = createParamDecorator(
  (invocation) => invocation.session.principal,
);

/** The user of a session, as the authenticator returned it. */
export interface Principal extends SessionPrincipal {}
