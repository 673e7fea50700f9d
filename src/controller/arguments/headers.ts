// All headers of the message.
import type { Headers as MessageHeaders } from '../../message/message.js';
import { createParamDecorator } from '../decorators/argument.js';

/** The headers that the client sent, without those that the server owns (Spring: `@Headers`). */
export const Headers = createParamDecorator((invocation) => invocation.message.headers);
export type Headers = MessageHeaders;
