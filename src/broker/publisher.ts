// How values leave the application: a target and a value become messages for the broker.
import { MessagingError } from '../message/error.js';
import type { Ids } from '../message/ids.js';
import { noHeaders, type Headers, type Message } from '../message/message.js';
import type { SubscriptionTarget, Target } from '../message/target.js';
import type { Payloads, WrittenPayload } from '../payload/converter.js';
import type { Session } from '../session/session.js';
import type { Broker } from './broker.js';
import type { ReplyAddresses } from './reply-address.js';
import type { Recipient } from './subscriber.js';
import { sessionQueue, type UserDestinations } from './user-destination.js';

export interface PublishOptions {
  /** Headers for subscribers. `content-type` chooses the converter; without it the value does. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Inject it to publish; type and token in one (Spring: SimpMessagingTemplate). A value that cannot be written rejects with `payload-unwritable`. */
export abstract class Publisher {
  /**
   * To all who subscribed the destination, or to whoever said it in a `reply-to`; resolves when the broker has taken it.
   */
  abstract publish(destination: string, value: unknown, options?: PublishOptions): Promise<void>;
  /** To every session of the user that subscribed `/user` + destination; to nobody when there is none. */
  abstract publishToUser(
    user: string,
    destination: string,
    value: unknown,
    options?: PublishOptions,
  ): Promise<void>;
  /** To one session that subscribed `/user` + destination. */
  abstract publishToSession(
    session: string,
    destination: string,
    value: unknown,
    options?: PublishOptions,
  ): Promise<void>;
}

/** Finds the sessions that a target means. */
export interface Recipients {
  get(session: string): (Session & Recipient) | undefined;
  ofUser(user: string): Iterable<Session>;
}

export interface PublisherParts {
  readonly broker: Broker;
  readonly payloads: Payloads;
  readonly recipients: Recipients;
  readonly users: UserDestinations;
  readonly replies: ReplyAddresses;
  readonly ids: Ids;
  /** Whether the broker serves a destination. */
  readonly serves: (destination: string) => boolean;
}

/** Makes the same message for any destination. */
type Letter = (destination: string) => Message;

export class BrokerPublisher implements Publisher {
  constructor(private readonly parts: PublisherParts) {}

  async publish(destination: string, value: unknown, options?: PublishOptions): Promise<void> {
    await this.#send({ kind: 'destination', destination }, this.#write(value, options));
  }

  async publishToUser(
    user: string,
    destination: string,
    value: unknown,
    options?: PublishOptions,
  ): Promise<void> {
    await this.#send({ kind: 'user', user, destination }, this.#write(value, options));
  }

  async publishToSession(
    session: string,
    destination: string,
    value: unknown,
    options?: PublishOptions,
  ): Promise<void> {
    await this.#send({ kind: 'session', session, destination }, this.#write(value, options));
  }

  /** A handler's value to its targets; written once, however many they are. */
  publishTo(targets: readonly Target[], value: unknown): void | Promise<void> {
    const payload = this.parts.payloads.write(value);
    return inTurn(targets, (target) => this.#send(target, letter(payload, target.headers)));
  }

  /** Messages as they are, one after the other. */
  hand(messages: readonly Message[]): void | Promise<void> {
    return inTurn(messages, (message) => this.parts.broker.publish(message));
  }

  /** What `publishTo` would publish, for those who publish it later; an answer to one subscription is not part of it. */
  composed(targets: readonly Target[], value: unknown): readonly Message[] {
    const payload = this.parts.payloads.write(value);
    return targets.flatMap((target) =>
      target.kind === 'subscription' ? [] : this.#messages(target, letter(payload, target.headers)),
    );
  }

  /** A client's message to a user, once for each session. */
  forwarded(user: string, destination: string, message: Message): readonly Message[] {
    return this.#messages({ kind: 'user', user, destination }, (to) => ({
      ...message,
      destination: to,
    }));
  }

  #send(target: Target, letter: Letter): void | Promise<void> {
    if (target.kind === 'subscription')
      return this.#answer(target.session, target.subscription, letter(target.destination));
    return this.hand(this.#messages(target, letter));
  }

  #messages(target: Exclude<Target, SubscriptionTarget>, letter: Letter): readonly Message[] {
    const { users, replies, recipients } = this.parts;
    switch (target.kind) {
      case 'destination':
        if (users.matches(target.destination)) {
          return this.#messages({ kind: 'user', ...users.address(target.destination) }, letter);
        }
        if (replies.matches(target.destination)) {
          const queue = replies.queueOf(target.destination);
          return queue === undefined ? [] : [letter(queue)];
        }
        if (!this.parts.serves(target.destination)) {
          throw new MessagingError(
            'destination-invalid',
            `No broker prefix matches '${target.destination}', so nobody could receive it.`,
          );
        }
        return [letter(target.destination)];
      case 'session':
        return [letter(sessionQueue(target.session, target.destination))];
      case 'user':
        return Array.from(recipients.ofUser(target.user), ({ id }) =>
          letter(sessionQueue(id, target.destination)),
        );
      default:
        return target satisfies never;
    }
  }

  /** Straight to one subscription; waits while the session's outbox is more than half full. */
  #answer(session: string, subscription: string, message: Message): void | Promise<void> {
    const recipient = this.parts.recipients.get(session);
    const messageId = this.parts.ids.message();
    if (recipient?.outbox.send({ kind: 'message', subscription, messageId, message }) === false)
      return recipient.room();
  }

  #write(value: unknown, options: PublishOptions | undefined): Letter {
    const headers = headersOf(options);
    return letter(this.parts.payloads.write(value, headers.get('content-type')), headers);
  }
}

/** One after the other; a promise only where one of them has to be waited for. */
function inTurn<T>(
  items: readonly T[],
  act: (item: T) => void | Promise<void>,
): void | Promise<void> {
  for (const [i, item] of items.entries()) {
    const pending = act(item);
    if (pending !== undefined) return pending.then(() => inTurn(items.slice(i + 1), act));
  }
}

/** What most messages say of themselves, and no more. */
const typeAlone = new Map(
  ['application/json', 'text/plain;charset=UTF-8'].map((contentType) => [
    contentType,
    new Map([['content-type', contentType]]),
  ]),
);

function letter({ body, contentType }: WrittenPayload, given: Headers = noHeaders): Letter {
  const headers =
    (given.size === 0 ? typeAlone.get(contentType) : undefined) ??
    new Map(given).set('content-type', contentType);
  return (destination) => ({ destination, headers, body });
}

function headersOf(options: PublishOptions | undefined): Headers {
  if (options?.headers === undefined) return noHeaders;
  const headers = new Map(Object.entries(options.headers));
  for (const [name, value] of headers) {
    if (typeof value !== 'string' || name.includes('\0') || value.includes('\0')) {
      throw new MessagingError(
        'payload-unwritable',
        `The header '${name}' must be a string without NUL.`,
      );
    }
  }
  return headers;
}
