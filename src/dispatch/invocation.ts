// One message on its way through one handler.
import type { Message } from '../message/message.js';
import type { Session } from '../session/session.js';

export interface Invocation {
  readonly on: 'send' | 'subscribe';
  readonly session: Session;
  /** What the client sent, with its full destination; of a SUBSCRIBE the body is empty. */
  readonly message: Message;
  /** The destination without the application prefix: what patterns are matched with. */
  readonly lookup: string;
  /** The id of the subscription that a SUBSCRIBE opened. */
  readonly subscription: string | undefined;
  /** What the route's pattern found in the destination. */
  readonly variables: ReadonlyMap<string, string>;
  /** Fires when the handler's time is up, its session ends or, for a stream, its subscription. */
  readonly signal: AbortSignal;
  /** What a handler threw; only in exception handlers. */
  readonly error: unknown;
}
