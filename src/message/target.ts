// The targets of a handler's result.
import type { Headers } from './message.js';

interface Addressed {
  readonly destination: string;
  /** Headers for subscribers, besides the content type. */
  readonly headers?: Headers | undefined;
}

/** To all subscribers of the destination. */
export interface DestinationTarget extends Addressed {
  readonly kind: 'destination';
}

/** To every session of a user that has subscribed `/user` + destination. */
export interface UserTarget extends Addressed {
  readonly kind: 'user';
  readonly user: string;
}

/** To one session's subscription of `/user` + destination. */
export interface SessionTarget extends Addressed {
  readonly kind: 'session';
  readonly session: string;
}

/** To one subscription, without the broker: the answer of a `@SubscribeMapping`. */
export interface SubscriptionTarget extends Addressed {
  readonly kind: 'subscription';
  readonly session: string;
  readonly subscription: string;
}

export type Target = DestinationTarget | UserTarget | SessionTarget | SubscriptionTarget;

/** The queue of a session for problems, below the user prefix; only the server and exception handlers publish to it. */
export const problemQueue = '/queue/errors';
