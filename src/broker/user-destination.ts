// Sessions' own queues: `/user/queue/x` and `/temp-queue/x` mean one of one session, under a name that no client's text can say or match.
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

/** Below it lie queues that nobody but their session can name; others answer to them (the prefix is ActiveMQ's and RabbitMQ's). */
export const temporaryPrefix = '/temp-queue';
const temporaryStart = `${temporaryPrefix}/`;

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

  /** Whether a destination is a temporary queue of whoever says it. */
  isTemporary(destination: string): boolean {
    return destination.startsWith(temporaryStart);
  }

  /** `/user/queue/x` or `/temp-queue/x` of the session that says it. @throws `destination-invalid` */
  own(session: string, destination: string): string {
    const temporary = this.isTemporary(destination);
    const prefix = temporary ? temporaryPrefix : this.prefix;
    const name = destination.slice(prefix.length);
    if (name.length < 2 || /[*?{}]/.test(name) || this.isTemporary(name)) {
      throw new MessagingError(
        'destination-invalid',
        `A subscription below ${prefix} names one queue, without wildcards.`,
      );
    }
    return sessionQueue(session, temporary ? destination : name);
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
    const queue = destination.slice(end);
    // Others reach such a queue by the address that its session has given them.
    if (this.isTemporary(queue)) throw new MessagingError('destination-refused');
    return { user, destination: queue };
  }

  /** What the client called the queue that this message came by; other destinations as they are. */
  visible(destination: string): string {
    if (!isInternal(destination)) return destination;
    const queue = destination.slice(destination.indexOf('/'));
    return this.isTemporary(queue) ? queue : this.prefix + queue;
  }
}
