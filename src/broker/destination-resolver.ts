// Resolves the text of a destination to an address, by its prefix. The only place that interprets prefixes.
import type { Address, SessionAddress, UserAddress } from '../message/address.js';
import { MessagingError } from '../message/error.js';
import { problemQueue } from '../message/target.js';
import type { DestinationLimits } from '../pattern/destination-limits.js';
import type { Separator } from '../pattern/separator.js';

/** The prefixes of destinations, which select the receiver of a message. */
export interface PrefixOptions {
  /** Destinations of handlers. @default `['/app']` */
  readonly application: readonly string[];
  /** Destinations of the broker. @default `['/topic', '/queue']` */
  readonly broker: readonly string[];
  /** Queues of users and of their sessions. @default `/user` */
  readonly user: string;
}

/** Prefix of queues that only their session can name; other sessions answer by a reply address (as in ActiveMQ and RabbitMQ). */
export const temporaryPrefix = '/temp-queue';

/** Prefix of reply addresses. */
export const replyPrefix = '/reply-queue';

const temporaryStart = `${temporaryPrefix}/`;
const replyStart = `${replyPrefix}/`;
const none: Address = { kind: 'none' };

export class DestinationResolver {
  /** Such as `/user`. */
  readonly userPrefix: string;
  /** The prefixes of destinations that clients can subscribe to, as a list such as `/topic, /queue or /user`. */
  readonly publishedPrefixes: string;
  readonly #application: readonly string[];
  readonly #broker: readonly string[];
  readonly #user: string;

  /** Prefixes match whole segments: `/topic` matches `/topic/x` and not `/topicx`. */
  constructor(
    { application, broker, user }: PrefixOptions,
    private readonly separator: Separator,
    private readonly limits: Pick<
      DestinationLimits,
      'maxDestinationCharacters' | 'maxDestinationSegments'
    >,
  ) {
    this.userPrefix = user;
    this.publishedPrefixes = `${broker.join(', ')} or ${user}`;
    this.#application = application.map((prefix) => `${prefix}/`);
    this.#broker = broker.map((prefix) => `${prefix}/`);
    this.#user = `${user}/`;
  }

  /**
   * The address of a message. `/user/ann/queue/x` is the queue of a user, and `/user/a%2Fb/queue/x` of the user `a/b`.
   *
   * @param session the session that sends it; undefined for the application
   * @throws {MessagingError} `destination-invalid` for a malformed user or session queue, and for a destination of a session that
   *   exceeds the limits; `destination-refused` for a temporary queue of another session
   */
  resolve(destination: string, session?: string): Address {
    if (session !== undefined) this.#checkLimits(destination);
    const handlerOrBroker = this.#handlerOrBroker(destination);
    if (handlerOrBroker !== undefined) return handlerOrBroker;
    if (destination.startsWith(this.#user)) return this.#userQueue(destination);
    if (destination.startsWith(replyStart))
      return { kind: 'reply', id: destination.slice(replyStart.length) };
    if (session !== undefined && destination.startsWith(temporaryStart))
      return ownQueue(
        session,
        destination,
        destination.slice(temporaryPrefix.length),
        temporaryPrefix,
      );
    return none;
  }

  /**
   * The address of a subscription. `/user/queue/x` is the session's own queue.
   *
   * @throws {MessagingError} `destination-invalid` for a session queue with wildcards or without a name
   */
  resolveOwn(destination: string, session: string): Address {
    if (!destination.startsWith(this.#user)) return this.resolve(destination, session);
    this.#checkLimits(destination);
    const queue = destination.slice(this.userPrefix.length);
    return ownQueue(session, queue, queue, this.userPrefix);
  }

  /**
   * The queue of the session that its header `reply-to` names: `/temp-queue/x`, or `/user` and a destination of the broker.
   * Undefined for any other value, such as the queue of another user, which is not changed.
   *
   * @throws {MessagingError} the errors of `resolveOwn`; `destination-refused` for the problem queue
   */
  resolveReplyTo(replyTo: string, session: string): SessionAddress | undefined {
    if (!replyTo.startsWith(temporaryStart) && !this.#isUserBrokerQueue(replyTo)) return undefined;
    const address = this.resolveOwn(replyTo, session);
    if (address.kind !== 'session') return undefined;
    if (address.queue === problemQueue)
      throw new MessagingError(
        'destination-refused',
        `The header reply-to must not name ${this.userPrefix}${problemQueue}, because only the server sends to it.`,
      );
    return address;
  }

  /** True for a prefix of destinations of the broker, such as `/queue`. */
  isBrokerPrefix(prefix: string): boolean {
    return this.#broker.includes(`${prefix}/`);
  }

  /** The destination under which clients know a session queue. */
  visibleQueue(queue: string): string {
    return queue.startsWith(temporaryStart) ? queue : this.userPrefix + queue;
  }

  /** True for `/user/queue/x`, false for `/user/ann/queue/x`. */
  #isUserBrokerQueue(destination: string): boolean {
    return (
      destination.startsWith(this.#user) &&
      this.#broker.some((prefix) => destination.startsWith(prefix, this.userPrefix.length))
    );
  }

  #checkLimits(destination: string): void {
    const { maxDestinationCharacters, maxDestinationSegments } = this.limits;
    if (destination.length > maxDestinationCharacters)
      throw new MessagingError(
        'destination-invalid',
        `A destination may have at most ${maxDestinationCharacters} characters (limits.maxDestinationCharacters).`,
      );
    // Most destinations are too short to have this many segments.
    if (destination.length < 2 * maxDestinationSegments) return;
    const segments = destination.split(this.separator).filter((segment) => segment !== '');
    if (segments.length > maxDestinationSegments)
      throw new MessagingError(
        'destination-invalid',
        `A destination may have at most ${maxDestinationSegments} segments (limits.maxDestinationSegments).`,
      );
  }

  #handlerOrBroker(destination: string): Address | undefined {
    for (const prefix of this.#application) {
      if (destination.startsWith(prefix))
        return { kind: 'handler', lookup: this.#lookup(destination, prefix) };
    }
    for (const prefix of this.#broker)
      if (destination.startsWith(prefix)) return { kind: 'broker', destination };
    return undefined;
  }

  /** With slashes the lookup keeps the leading one (`/a/b`); with dots it has none (`red.blue`), as in Spring. */
  #lookup(destination: string, prefix: string): string {
    return destination.slice(this.separator === '/' ? prefix.length - 1 : prefix.length);
  }

  /** The name of a user is encoded by `encodeURIComponent`. */
  #userQueue(destination: string): UserAddress {
    const start = this.#user.length;
    const end = destination.indexOf('/', start);
    if (end <= start || end === destination.length - 1)
      throw new MessagingError(
        'destination-invalid',
        `Expected ${this.userPrefix}/{user}/{destination}.`,
      );
    const queue = destination.slice(end);
    // Other sessions reach a temporary queue only by its reply address.
    if (queue.startsWith(temporaryStart)) throw new MessagingError('destination-refused');
    return { kind: 'user', user: this.#userOf(destination.slice(start, end)), queue };
  }

  #userOf(segment: string): string {
    if (!segment.includes('%')) return segment;
    try {
      return decodeURIComponent(segment);
    } catch {
      throw new MessagingError(
        'destination-invalid',
        `Write the user in a destination below ${this.userPrefix} as encodeURIComponent() does, with %25 for a percent sign.`,
      );
    }
  }
}

/** @param name the part behind the prefix */
function ownQueue(session: string, queue: string, name: string, prefix: string): SessionAddress {
  if (name.length < 2 || /[*?{}]/.test(name) || name.startsWith(temporaryStart))
    throw new MessagingError(
      'destination-invalid',
      `A destination below ${prefix} names one queue, without wildcards.`,
    );
  return { kind: 'session', session, queue };
}
