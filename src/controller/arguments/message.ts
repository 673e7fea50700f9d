// The message as it came.
import type { Message as PlainMessage } from '../../message/message.js';
import { createParamDecorator } from '../decorators/argument.js';

/** Destination, headers and octets, unconverted (Spring: a `Message<byte[]>` parameter). */
export const Message = createParamDecorator((invocation) => invocation.message);
export type Message = PlainMessage;
