// The decorator for all headers of the message, and the type of the parameter.
import type { Headers as MessageHeaders } from '../../message/message.js';
import { createParamDecorator } from '../decorators/param-decorator.js';

/**
 * All headers of the client's message, without those that the server owns (Spring: `@Headers`).
 *
 * @example
 * ```ts
 * @MessageMapping('/order')
 * order(@Headers() headers: Headers) {
 *   return headers.get('tenant');
 * }
 * ```
 */
export const Headers: () => ParameterDecorator = createParamDecorator(
  (invocation) => invocation.message.headers,
);

/** Names and values of headers, in the order of the frame. Names are case-sensitive. */
export interface Headers extends MessageHeaders {}
