// Who the sender speaks for.
import type { Principal as SessionPrincipal } from '../../message/message.js';
import { createParamDecorator } from '../decorators/argument.js';

/** The authenticated user of the session; undefined while it is anonymous (Spring: a `Principal` parameter). */
export const Principal = createParamDecorator((invocation) => invocation.session.principal);
export type Principal = SessionPrincipal;
