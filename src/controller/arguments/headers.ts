// All headers of the message.
import type { Headers as MessageHeaders } from '../../message/message.js';
import { argument } from '../decorators/argument.js';

/** The headers that the client sent, without those that the server owns (Spring: `@Headers`). */
export const Headers = argument((invocation) => invocation.message.headers);
export type Headers = MessageHeaders;
