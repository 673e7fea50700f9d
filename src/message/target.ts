// The targets of a handler's result.
import type { Headers } from './message.js';

/** Fields of every target. */
interface Addressed {
  /** The destination to publish to. For a user or a session, it has no user prefix. */
  readonly destination: string;
  /** Headers for subscribers, in addition to the content type. */
  readonly headers?: Headers | undefined;
}

/** To all subscribers of the destination. */
export interface DestinationTarget extends Addressed {
  readonly kind: 'destination';
}

/** To every session of a user that has subscribed to `/user` + destination. */
export interface UserTarget extends Addressed {
  readonly kind: 'user';
  /** Name of the user. */
  readonly user: string;
}

/** To one session's subscription of `/user` + destination. */
export interface SessionTarget extends Addressed {
  readonly kind: 'session';
  /** Id of the session. */
  readonly session: string;
}

/** To one subscription, without the broker: the result of a `@SubscribeMapping`. */
export interface SubscriptionTarget extends Addressed {
  readonly kind: 'subscription';
  /** Id of the session. */
  readonly session: string;
  /** Id of the subscription in its session. */
  readonly subscription: string;
}

/** The receivers of a handler's result. */
export type Target = DestinationTarget | UserTarget | SessionTarget | SubscriptionTarget;

/** The queue of a session for problems, below the user prefix; only the server and exception handlers publish to it. */
export const problemQueue = '/queue/errors';
