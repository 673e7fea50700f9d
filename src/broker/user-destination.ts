// User destinations: `/user/queue/x` means a queue of one session, under a name that no client's text can say or match.
import { MessagingError } from '../message/error.js';

/** No header of a client can hold it: the codecs refuse NUL. */
const internal = '\0';

/** Whether a destination lies in the namespace of sessions' own queues. */
export function isInternal(destination: string): boolean {
  return destination.startsWith(internal);
}

/** The queue of one session behind `/user` + destination (Spring: `/queue/x-user<session>`, which clients can name). */
export function sessionQueue(session: string, destination: string): string {
  return `${internal}${session}${destination.startsWith('/') ? destination : `/${destination}`}`;
}

/** Whose queue it is; undefined for destinations outside of that namespace. */
export function sessionOf(destination: string): string | undefined {
  return isInternal(destination)
    ? destination.slice(internal.length, destination.indexOf('/'))
    : undefined;
}

/** Whom a SEND to a user destination is meant for. */
export interface UserAddress {
  readonly user: string;
  /** What is left behind the name, as `/queue/x`. */
  readonly destination: string;
}

export class UserDestinations {
  readonly #start: string;

  /** @param prefix what user destinations begin with, as `/user` */
  constructor(readonly prefix: string) {
    this.#start = `${prefix}/`;
  }

  matches(destination: string): boolean {
    return destination.startsWith(this.#start);
  }

  /** `/user/queue/x` of a SUBSCRIBE to the session's own queue. */
  own(session: string, destination: string): string {
    const queue = destination.slice(this.prefix.length);
    if (queue.length < 2 || /[*?{}]/.test(queue)) {
      throw new MessagingError(
        'destination-invalid',
        `A subscription below ${this.prefix} names one queue, without wildcards.`,
      );
    }
    return sessionQueue(session, queue);
  }

  /** `/user/ann/queue/x` of a SEND to its parts; `%2F` in the name is a slash. */
  address(destination: string): UserAddress {
    const end = destination.indexOf('/', this.#start.length);
    if (end <= this.#start.length || end === destination.length - 1) {
      throw new MessagingError(
        'destination-invalid',
        `Expected ${this.prefix}/{user}/{destination}.`,
      );
    }
    const user = destination.slice(this.#start.length, end).replaceAll('%2F', '/');
    return { user, destination: destination.slice(end) };
  }

  /** What the client called the queue that this message came by; other destinations as they are. */
  visible(destination: string): string {
    return isInternal(destination)
      ? this.prefix + destination.slice(destination.indexOf('/'))
      : destination;
  }
}
