// The decorator for the whole message, and the type of the parameter.
import type { Message as PlainMessage } from '../../message/message.js';
import { createParamDecorator } from '../decorators/param-decorator.js';

/**
 * The client's message: destination, headers and the bytes of the body (Spring: a `Message<byte[]>` parameter).
 *
 * @example
 * ```ts
 * @MessageMapping('/upload')
 * upload(@Message() message: Message) {
 *   return message.body.length;
 * }
 * ```
 */
export const Message: () => ParameterDecorator = createParamDecorator(
  (invocation) => invocation.message,
);

/** A message with its destination, headers and the bytes of its body. */
export interface Message extends PlainMessage {}
