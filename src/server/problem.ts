// What a client is told when a frame of its failed.
import { MessagingError, type FieldProblem } from '../message/error.js';

/** The object that travels to `/user/queue/errors`: never a stack, never the payload. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly destination?: string | undefined;
  /** The receipt that the failed frame asked for. */
  readonly receipt?: string | undefined;
  readonly fields?: readonly FieldProblem[] | undefined;
}

/** Where problems of a session go when it subscribed `/user` + this; the server alone writes there. */
export const problemQueue = '/queue/errors';

/** Anything thrown as a MessagingError; the cause stays with us. */
export function asMessagingError(thrown: unknown): MessagingError {
  return thrown instanceof MessagingError
    ? thrown
    : new MessagingError('handler-failed', undefined, { cause: thrown });
}
