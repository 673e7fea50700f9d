// The message as it came.
import type { Message as PlainMessage } from '../../message/message.js';
import { argument } from '../decorators/argument.js';

/** Destination, headers and octets, unconverted (Spring: a `Message<byte[]>` parameter). */
export const Message = argument((invocation) => invocation.message);
export type Message = PlainMessage;
