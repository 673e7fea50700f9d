// Publishing: a value and its targets become publications, which go to the broker or to queues of sessions.
import { inspect } from 'node:util';
import type { PublishAddress, SessionAddress, UserAddress } from '../message/address.js';
import { MessagingError } from '../message/error.js';
import type { NextPart } from '../message/clock.js';
import { LimitedLogs } from '../message/limited-log.js';
import { noHeaders, type Headers, type Message } from '../message/message.js';
import { shapeMistake, type Shape } from '../message/option.js';
import { quote } from '../message/quote.js';
import { constantMap } from '../message/read-only.js';
import { problemQueue, type Target } from '../message/target.js';
import type { Payloads, WrittenPayload } from '../payload/converter.js';
import type { Broker, BrokerContext } from './broker.js';
import type { DestinationResolver } from './destination-resolver.js';
import {
  publicationOf,
  type AddressedPublication,
  type Publication,
  type Sender,
  type SessionPublication,
} from './publication.js';
import type { ReplyDirectory } from './reply-addresses.js';
import type { SessionSubscriber, TransactionStep } from './subscriber.js';
import type { UserDirectory } from './user-directory.js';

/** Options of one publication. */
export interface PublishOptions {
  /**
   * Headers for subscribers, as an object or a map. `content-type` chooses the converter; without it the type of the value does.
   *
   * @default none
   */
  readonly headers?: Readonly<Record<string, string>> | Headers;
}

/**
 * Publishes for the application; inject it (Spring: SimpMessagingTemplate). Every method rejects with `payload-unwritable`
 * when no converter can write the value, with `publication-invalid` for a destination that cannot have subscribers, an empty user or
 * session, a header that is not a string and an unknown option, and with `broker-unavailable` before the server has started and after
 * it has closed. When a handler does not catch `publication-invalid`, the log has the error, and the client receives `handler-failed`.
 */
export abstract class Publisher {
  /**
   * Publishes to all subscribers of a destination, or answers to a `reply-to` address. Resolves when the broker has accepted
   * the message.
   */
  abstract publish(destination: string, value: unknown, options?: PublishOptions): Promise<void>;
  /**
   * Publishes to every session of the user that has subscribed to `/user` + destination. A destination without a slash at its
   * beginning gets one, as in Spring.
   */
  abstract publishToUser(
    user: string,
    destination: string,
    value: unknown,
    options?: PublishOptions,
  ): Promise<void>;
  /** Publishes to one session, if it has subscribed to `/user` + destination. */
  abstract publishToSession(
    session: string,
    destination: string,
    value: unknown,
    options?: PublishOptions,
  ): Promise<void>;
}

/** Called when a message is published. Returns a function that is called when the broker has accepted or refused it. */
export type PublicationHook = (
  publication: Publication,
  address: PublishAddress,
) => ((refusal?: unknown) => void) | undefined;

export interface PublisherParts {
  readonly broker: Broker;
  readonly context: BrokerContext;
  readonly payloads: Payloads;
  readonly resolver: DestinationResolver;
  readonly users: UserDirectory;
  readonly replies: ReplyDirectory;
  /** The subscriber of a session of this process. */
  readonly subscriberOf: (session: string) => SessionSubscriber | undefined;
  readonly onPublication: PublicationHook | undefined;
  /** Prefixes that the queues of users have, such as `/queue`; any other one is probably a mistake. */
  readonly usual: readonly string[];
}

/** Unusual prefixes that are logged: an application may compute them from the data of clients. */
const loggedPrefixes = 20;

export class BrokerPublisher implements Publisher {
  #open = false;
  /** The log of messages that probably should have reached a client. */
  readonly #lost: LimitedLogs;
  readonly #usual: readonly string[];
  /** The unusual prefixes that were logged. */
  readonly #logged = new Set<string>();

  constructor(private readonly parts: PublisherParts) {
    const { clock, logger } = parts.context;
    this.#lost = new LimitedLogs(clock, logger, 'warn');
    this.#usual = parts.usual.map((prefix) => `${prefix}/`);
  }

  /** The broker has started. */
  open(): void {
    this.#open = true;
  }

  /** The broker stops. */
  close(): void {
    this.#open = false;
  }

  async publish(destination: string, value: unknown, options?: PublishOptions): Promise<void> {
    this.#checkOpen();
    const written = this.#write(value, options);
    await this.#publish(this.#namedAddress(destination), destination, written);
  }

  async publishToUser(
    user: string,
    destination: string,
    value: unknown,
    options?: PublishOptions,
  ): Promise<void> {
    this.#checkOpen();
    requireName(destination);
    const written = this.#write(value, options);
    await this.#publish(this.#userAddress(user, destination), destination, written);
  }

  async publishToSession(
    session: string,
    destination: string,
    value: unknown,
    options?: PublishOptions,
  ): Promise<void> {
    this.#checkOpen();
    requireName(destination);
    const written = this.#write(value, options);
    await this.#publish(this.#sessionAddress(session, destination), destination, written);
  }

  /**
   * Publishes the result of a handler to its targets, one after the other; the value is written once.
   *
   * @param account the account of the client whose frame the handler has processed
   * @param ended fires when the subscription ends that the handler answers: another one may then have its id
   */
  publishTo(
    targets: readonly Target[],
    value: unknown,
    account?: string,
    ended?: AbortSignal,
  ): void | Promise<void> {
    const payload = this.parts.payloads.write(value);
    return inTurn(targets, (target) =>
      target.kind === 'subscription' && ended?.aborted === true
        ? undefined
        : this.#publishTo(target, payload, account),
    );
  }

  /** The publications that `publishTo` would make, for a transaction. Answers to one subscription are not part of it. */
  compose(
    targets: readonly Target[],
    value: unknown,
    account?: string,
  ): readonly AddressedPublication[] {
    const payload = this.parts.payloads.write(value);
    return targets.flatMap((target) => {
      if (target.kind === 'subscription') return [];
      const { destination } = target;
      const message = { destination, ...contentOf(payload, checkedHeaders(target.headers)) };
      return [this.address(message, this.#addressOfTarget(target), { account })];
    });
  }

  /**
   * The publication of one message with its address.
   *
   * @param sender the client whose message it is
   */
  address(message: Message, address: PublishAddress, sender?: Sender): AddressedPublication {
    const { context, resolver, replies } = this.parts;
    switch (address.kind) {
      case 'broker':
        return { address, publication: publicationOf(message, context, sender) };
      case 'session':
      case 'user': {
        const destination = resolver.visibleQueue(address.queue);
        return {
          address,
          publication: publicationOf({ ...message, destination }, context, sender),
        };
      }
      case 'reply': {
        const queue = replies.find(address.id);
        // The session of the requester may have ended, which the answering client cannot detect.
        return queue === undefined
          ? { address, publication: publicationOf(message, context, sender) }
          : this.address(message, queue, sender);
      }
      default:
        return address satisfies never;
    }
  }

  /**
   * Publishes to the address.
   *
   * @param via the subscriber whose client sent the message; it sends through its own connection to the broker
   */
  send(addressed: AddressedPublication, via?: SessionSubscriber): void | Promise<void> {
    const { address, publication } = addressed;
    if (address.kind !== 'user') return this.#send(addressed, via);
    const sessions = this.#sessionsOf(address);
    // The publication hook receives every message.
    if (sessions.length === 0) return this.#send(addressed, via);
    const { queue } = address;
    return inTurn(sessions, (session) =>
      this.#send({ address: { kind: 'session', session, queue }, publication }, via),
    );
  }

  /**
   * Commits a transaction of a client: all steps take effect, or none. Session queues receive their messages after the broker has
   * committed.
   *
   * @param nextPart divides the deliveries to session queues among turns of the event loop
   */
  async commit(
    steps: readonly TransactionStep[],
    subscriber: SessionSubscriber,
    nextPart: NextPart,
  ): Promise<void> {
    const sends = steps.filter((step) => step.kind === 'send');
    const toBroker = sends.filter(({ address }) => address.kind === 'broker');
    await this.#observed(toBroker, () => subscriber.commit(steps));
    if (toBroker.length < sends.length)
      await this.#sendTogether(
        sends.filter(({ address }) => address.kind !== 'broker'),
        nextPart,
      );
  }

  /**
   * Sends the messages of a transaction to session queues: all messages of one session, then those of the next one. So a message of
   * another client waits only while its own receiver is served.
   */
  async #sendTogether(sends: readonly AddressedPublication[], nextPart: NextPart): Promise<void> {
    for (const [session, user] of this.#receiversOf(sends)) {
      await nextPart();
      const own = sends.flatMap(({ address, publication }): SessionPublication[] =>
        reaches(address, session, user)
          ? [{ address: { kind: 'session', session, queue: address.queue }, publication }]
          : [],
      );
      await this.#observed(own, async () => {
        const subscriber = this.parts.subscriberOf(session);
        for (const { address } of own) this.#checkReader(subscriber, address);
        await subscriber?.receiveTogether(own, nextPart);
      });
    }
  }

  /**
   * The sessions that the messages of a transaction reach, each with its user if a message names the user. Messages without a receiver
   * are shown to the publication hook.
   */
  #receiversOf(sends: readonly AddressedPublication[]): ReadonlyMap<string, string | undefined> {
    const receivers = new Map<string, string | undefined>();
    const users = new Map<string, readonly string[]>();
    for (const each of sends) {
      const { address } = each;
      if (address.kind === 'session') {
        if (!receivers.has(address.session)) receivers.set(address.session, undefined);
        continue;
      }
      const sessions =
        address.kind === 'user' ? (users.get(address.user) ?? this.#sessionsOf(address)) : [];
      if (sessions.length === 0) void this.#send(each, undefined);
      else if (address.kind === 'user' && !users.has(address.user)) {
        users.set(address.user, sessions);
        for (const session of sessions) receivers.set(session, address.user);
      }
    }
    return receivers;
  }

  /** The sessions of a user; none is probably a mistake in the destination, which is logged. */
  #sessionsOf({ user, queue }: UserAddress): readonly string[] {
    const { resolver, users } = this.parts;
    const sessions = [...users.sessionsOf(user)];
    if (sessions.length === 0 && resolver.isBrokerPrefix(`/${user}`))
      this.#logMissingUser(user, queue);
    return sessions;
  }

  /** Calls the publication hook before an action that publishes the messages, and after it. */
  async #observed(
    publications: readonly AddressedPublication[],
    publish: () => Promise<void>,
  ): Promise<void> {
    const { onPublication } = this.parts;
    if (onPublication === undefined) return publish();
    const ends = publications.flatMap(
      ({ address, publication }) => onPublication(publication, address) ?? [],
    );
    try {
      await publish();
    } catch (refusal) {
      for (const end of ends) end(refusal);
      throw refusal;
    }
    for (const end of ends) end();
  }

  #userAddress(user: string, destination: string): PublishAddress {
    requireText('user', user);
    return { kind: 'user', user, queue: this.#queueOf(destination) };
  }

  #sessionAddress(session: string, destination: string): PublishAddress {
    requireText('session', session);
    return { kind: 'session', session, queue: this.#queueOf(destination) };
  }

  /** The queue of a user or session. A prefix that is probably a mistake is logged once. */
  #queueOf(destination: string): string {
    requireText('destination', destination);
    const queue = destination.startsWith('/') ? destination : `/${destination}`;
    for (const prefix of this.#usual) if (queue.startsWith(prefix)) return queue;
    this.#warnAbout(queue);
    return queue;
  }

  #warnAbout(queue: string): void {
    const { context, resolver } = this.parts;
    const [, prefix = ''] = queue.split('/', 2);
    if (this.#logged.has(prefix) || this.#logged.size === loggedPrefixes) return;
    this.#logged.add(prefix);
    context.logger.warn(
      `A message for a user or session was published to '${queue}'. Only clients that have subscribed to '${resolver.userPrefix}${queue}' receive it. Use a destination such as '/queue/x', or publish() for a topic.`,
    );
  }

  /** Queues of sessions work without the broker, so it cannot refuse their messages. */
  #checkOpen(): void {
    if (!this.#open) throw new MessagingError('broker-unavailable');
  }

  #publish(address: PublishAddress, destination: string, content: Content): void | Promise<void> {
    return this.send(this.address({ destination, ...content }, address));
  }

  #publishTo(
    target: Target,
    payload: WrittenPayload,
    account: string | undefined,
  ): void | Promise<void> {
    const { destination, headers } = target;
    const content = contentOf(payload, checkedHeaders(headers));
    if (target.kind !== 'subscription') {
      const message = { destination, ...content };
      return this.send(this.address(message, this.#addressOfTarget(target), { account }));
    }
    // The result of a subscribe handler is sent to one subscription, without the broker.
    const subscriber = this.parts.subscriberOf(target.session);
    const publication = publicationOf({ destination, ...content }, this.parts.context);
    if (subscriber?.answer(target.subscription, publication) === false) return subscriber.room();
  }

  #send(
    { address, publication }: AddressedPublication,
    via: SessionSubscriber | undefined,
  ): void | Promise<void> {
    const end = this.parts.onPublication?.(publication, address);
    if (end === undefined) return this.#deliver(address, publication, via);
    try {
      const pending = this.#deliver(address, publication, via);
      if (pending === undefined) return end();
      return pending.then(end, (refusal: unknown) => {
        end(refusal);
        throw refusal;
      });
    } catch (refusal) {
      end(refusal);
      throw refusal;
    }
  }

  #deliver(
    address: PublishAddress,
    publication: Publication,
    via: SessionSubscriber | undefined,
  ): void | Promise<void> {
    switch (address.kind) {
      case 'session':
        return this.#deliverToSession(address, publication);
      case 'broker':
        return via === undefined
          ? this.parts.broker.publish(publication)
          : via.connection.send(publication);
      case 'user':
      case 'reply':
        // No session receives it.
        return;
      default:
        return address satisfies never;
    }
  }

  #deliverToSession(address: SessionAddress, publication: Publication): void | Promise<void> {
    const subscriber = this.parts.subscriberOf(address.session);
    this.#checkReader(subscriber, address);
    return subscriber?.receive(address.queue, publication);
  }

  /** Logs that a problem is lost, because the client has not subscribed to the queue. */
  #checkReader(
    subscriber: SessionSubscriber | undefined,
    { session, queue }: SessionAddress,
  ): void {
    if (queue !== problemQueue || subscriber === undefined || subscriber.reads(queue)) return;
    this.#lost.write(
      'problem queue',
      `A message for ${this.parts.resolver.visibleQueue(queue)} of session ${session}, such as the value of a @MessageExceptionHandler, is lost: the client has not subscribed to this queue.`,
    );
  }

  /** `/user/queue/x` without the name of a user is the queue `/x` of a user named `queue`. */
  #logMissingUser(user: string, queue: string): void {
    const { userPrefix } = this.parts.resolver;
    this.#lost.write(
      'user',
      `A message for ${quote(`${userPrefix}/${user}${queue}`)} is lost, because no user is named '${user}'. Write the name of the user: ${userPrefix}/{user}/${user}${quote(queue).slice(1, -1)}.`,
    );
  }

  #addressOfTarget(target: Exclude<Target, { readonly kind: 'subscription' }>): PublishAddress {
    switch (target.kind) {
      case 'destination':
        return this.#addressOf(target.destination);
      case 'user':
        return this.#userAddress(target.user, target.destination);
      case 'session':
        return this.#sessionAddress(target.session, target.destination);
      default:
        return target satisfies never;
    }
  }

  #addressOf(destination: string): PublishAddress {
    requireText('destination', destination);
    const address = this.parts.resolver.resolve(destination);
    if (address.kind === 'handler' || address.kind === 'none')
      throw invalidPublication(
        `${quote(destination)} cannot have subscribers; begin it with ${this.parts.resolver.publishedPrefixes}.`,
      );
    return address;
  }

  /** The address of a destination that the application has named itself, so that every mistake in it is one of the application. */
  #namedAddress(destination: string): PublishAddress {
    requireName(destination);
    try {
      return this.#addressOf(destination);
    } catch (error) {
      const { code, message } = MessagingError.from(error);
      throw code === 'handler-failed'
        ? error
        : invalidPublication(`${quote(destination)}: ${message}`);
    }
  }

  #write(value: unknown, options: PublishOptions | undefined): Content {
    const headers = headersOf(options);
    return contentOf(this.parts.payloads.write(value, headers.get('content-type')), headers);
  }
}

/** True for the address of a session, or of its user. */
function reaches(
  address: PublishAddress,
  session: string,
  user: string | undefined,
): address is SessionAddress | UserAddress {
  return (
    (address.kind === 'session' && address.session === session) ||
    (address.kind === 'user' && address.user === user)
  );
}

const optionsShape: Shape<PublishOptions> = { headers: undefined };

type Content = Pick<Message, 'headers' | 'body'>;

/** Acts on one item after the other; returns a promise only when one of them has to be awaited. */
function inTurn<T>(
  items: readonly T[],
  act: (item: T) => void | Promise<void>,
): void | Promise<void> {
  if (items.length === 1) return act(items[0]!);
  for (const [i, item] of items.entries()) {
    const pending = act(item);
    if (pending !== undefined) return pending.then(() => inTurn(items.slice(i + 1), act));
  }
}

/** The headers of most messages, shared. */
const contentTypeOnly = new Map(
  ['application/json', 'text/plain;charset=UTF-8'].map((contentType) => [
    contentType,
    constantMap([['content-type', contentType]]),
  ]),
);

function contentOf({ body, contentType }: WrittenPayload, given: Headers = noHeaders): Content {
  const headers =
    (given.size === 0 ? contentTypeOnly.get(contentType) : undefined) ??
    new Map(given).set('content-type', contentType);
  return { headers, body };
}

/** A program in JavaScript can pass other values, which would publish a message without the headers that it needs. */
function headersOf(options: unknown): Headers {
  if (options === undefined) return noHeaders;
  const mistake = shapeMistake(options, optionsShape);
  if (mistake !== undefined) throw invalidPublication(mistake);
  return checkedHeaders((options as PublishOptions).headers) ?? noHeaders;
}

/** The headers as a map; undefined when there are none. */
function checkedHeaders(given: PublishOptions['headers']): Headers | undefined {
  if (given === undefined) return undefined;
  const headers = new Map(headerEntries(given));
  for (const [name, value] of headers)
    if (!isHeaderText(name) || !isHeaderText(value))
      throw invalidPublication(
        `The header ${inspect(name)} must be a string without NUL, unlike ${inspect(value, { depth: 0 })}.`,
      );
  return headers as ReadonlyMap<string, string>;
}

/** Object.entries() finds no headers in a Set, or in the `Headers` of fetch. */
function headerEntries(given: unknown): Iterable<readonly [unknown, unknown]> {
  if (given instanceof Map) return given;
  if (typeof given === 'object' && given !== null && !(Symbol.iterator in given))
    return Object.entries(given);
  throw invalidPublication(
    `The headers of a message must be an object or a Map, unlike ${inspect(given, { depth: 0 })}.`,
  );
}

function isHeaderText(value: unknown): boolean {
  return typeof value === 'string' && !value.includes('\0');
}

/** A program in JavaScript can pass undefined, and an empty name reaches no client. */
function requireText(part: 'user' | 'session' | 'destination', value: unknown): void {
  if (typeof value === 'string' && value !== '') return;
  throw invalidPublication(
    `The ${part} of a published message must be a string that is not empty, unlike ${inspect(value, { depth: 0 })}.`,
  );
}

/** NUL would end the frame of a subscriber, and STOMP 1.0 has no escape for a line end. */
function requireName(destination: unknown): void {
  requireText('destination', destination);
  if (/[\0\n\r]/.test(destination as string))
    throw invalidPublication(
      `The destination of a published message must have no NUL and no line end, unlike ${quote(destination as string)}.`,
    );
}

/** An error whose text is only for the application. */
function invalidPublication(text: string): MessagingError {
  return new MessagingError('publication-invalid', text);
}
