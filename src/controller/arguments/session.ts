// The session that the message came by.
import type { Session as ClientSession } from '../../session/session.js';
import { createParamDecorator } from '../decorators/argument.js';

/** The sender's session: its id, handshake, attributes (Spring: `SimpMessageHeaderAccessor`). */
export const Session = createParamDecorator((invocation) => invocation.session);
export type Session = ClientSession;
