// The one junction: what becomes of each client frame.
import type { Operation, Settlement } from '../broker/broker.js';
import type { BrokerPublisher } from '../broker/publisher.js';
import type { ReplyAddresses } from '../broker/reply-address.js';
import type { Subscribers } from '../broker/subscribers.js';
import { temporaryPrefix, type UserDestinations } from '../broker/user-destination.js';
import { MessagingError } from '../message/error.js';
import type {
  ClientFrame,
  SendFrame,
  SettleFrame,
  SubscribeFrame,
  TransactionFrame,
  UnsubscribeFrame,
} from '../message/frame.js';
import type { Message } from '../message/message.js';
import { checkDestination, checkPatternBudget } from '../pattern/destination-limits.js';
import type { Separator } from '../pattern/separator.js';
import type { ClientSession } from '../session/client-session.js';
import type { SessionEventSource } from '../session/event.js';
import type { Admission } from './admission.js';
import type { Application } from './application.js';
import { idempotencyKey, type Idempotency } from './idempotency.js';
import type { LimitOptions } from './options.js';
import type { Owner, Prefixes } from './prefix.js';
import { problemQueue } from './problem.js';
import type { HeldFrame, Transactions } from './transactions.js';

export interface InboundParts {
  readonly prefixes: Prefixes;
  readonly users: UserDestinations;
  readonly admission: Admission;
  readonly application: Application;
  readonly publisher: BrokerPublisher;
  readonly subscribers: Subscribers;
  readonly transactions: Transactions;
  readonly replies: ReplyAddresses;
  readonly idempotency: Idempotency;
  readonly events: SessionEventSource;
  readonly clientPublish: boolean;
  readonly limits: LimitOptions;
  readonly separator: Separator;
}

/** Whose a destination is that is neither a handler's nor the broker's. */
type SessionOwner = Exclude<Owner, { readonly kind: 'application' | 'broker' }>;

export class Inbound {
  constructor(private readonly parts: InboundParts) {}

  /** Done when the frame has been processed; throws or rejects with a MessagingError when it is refused or its handler failed. */
  route(frame: ClientFrame, session: ClientSession): void | Promise<void> {
    const { transactions } = this.parts;
    switch (frame.kind) {
      case 'connect':
        return this.parts.admission.admit(frame, session);
      case 'send':
        return this.#send(frame, session);
      case 'subscribe':
        return this.#subscribe(frame, session);
      case 'unsubscribe':
        return this.#unsubscribe(frame, session);
      case 'ack':
      case 'nack':
        return this.#settle(frame, session);
      case 'begin':
        return transactions.begin(session, frame.transaction);
      case 'commit':
        return this.#commit(frame, session);
      case 'abort':
        return void transactions.end(session, frame.transaction);
      case 'disconnect':
        return;
      default:
        return frame satisfies never;
    }
  }

  #send(frame: SendFrame, session: ClientSession): void | Promise<void> {
    const { message, transaction } = frame;
    this.#check(message.destination);
    const { transactions, idempotency } = this.parts;
    if (transaction !== undefined) return transactions.hold(session, transaction, frame);
    const key = idempotencyKey(message, session);
    return idempotency.once(key, () => this.#process(message, session));
  }

  #process(said: Message, session: ClientSession): void | Promise<void> {
    const { prefixes, application, publisher, subscribers } = this.parts;
    const message = this.#answerable(said, session);
    const owner = prefixes.owner(message.destination);
    switch (owner.kind) {
      case 'application':
        return application.send(message, owner.lookup, session);
      case 'broker':
        this.#mayPublish();
        return subscribers.get(session).connection.send(message);
      default:
        return publisher.hand(this.#addressed(message, owner, session));
    }
  }

  /** Takes effect as a whole, but for what was processed before. */
  async #commit({ transaction }: TransactionFrame, session: ClientSession): Promise<void> {
    const { transactions, idempotency } = this.parts;
    const held = transactions.end(session, transaction).map((frame) => ({
      frame,
      key: frame.kind === 'send' ? idempotencyKey(frame.message, session) : undefined,
    }));
    const keys = new Set(held.flatMap(({ key }) => key ?? []));
    await idempotency.together(keys, async (fresh) => {
      const wanted = new Set(fresh);
      // Of each key the first.
      const frames = held
        .filter(({ key }) => key === undefined || wanted.delete(key))
        .map(({ frame }) => frame);
      try {
        await this.#takeEffect(frames, session);
      } catch (cause) {
        throw transactionFailed(cause);
      }
    });
  }

  /** Handlers run in the order of their frames; what comes of all frames reaches the broker at once, or nothing does. */
  async #takeEffect(frames: readonly HeldFrame[], session: ClientSession): Promise<void> {
    const operations: Operation[] = [];
    for (const frame of frames) operations.push(...(await this.#operations(frame, session)));
    await this.parts.subscribers.get(session).connection.commit(operations);
  }

  async #operations(frame: HeldFrame, session: ClientSession): Promise<readonly Operation[]> {
    if (frame.kind !== 'send') return [{ kind: 'settle', settlement: settlementOf(frame) }];
    return (await this.#messages(frame.message, session)).map((message) => ({
      kind: 'send',
      message,
    }));
  }

  /** What a SEND leads to, before it is published. */
  async #messages(said: Message, session: ClientSession): Promise<readonly Message[]> {
    const message = this.#answerable(said, session);
    const owner = this.parts.prefixes.owner(message.destination);
    switch (owner.kind) {
      case 'application':
        return this.parts.application.compose(message, owner.lookup, session);
      case 'broker':
        this.#mayPublish();
        return [message];
      default:
        return this.#addressed(message, owner, session);
    }
  }

  /** A client's message to sessions' own queues. @throws `no-route` for what is nobody's */
  #addressed(message: Message, owner: SessionOwner, session: ClientSession): readonly Message[] {
    if (owner.kind === 'nobody') throw new MessagingError('no-route');
    this.#mayPublish();
    const { users, replies, publisher } = this.parts;
    const to = (queue: string): Message => ({ ...message, destination: queue });
    switch (owner.kind) {
      case 'user': {
        const { user, destination } = users.address(message.destination);
        if (destination === problemQueue) throw new MessagingError('destination-refused');
        return publisher.forwarded(user, destination, message);
      }
      case 'temporary':
        return [to(users.own(session.id, message.destination))];
      case 'reply': {
        // Whoever asked may have left: whoever answers cannot know.
        const queue = replies.queueOf(message.destination);
        return queue === undefined ? [] : [to(queue)];
      }
      default:
        return owner satisfies never;
    }
  }

  /** With `reply-to` as an address that whoever gets the message can answer to. @throws `header-invalid` */
  #answerable(message: Message, session: ClientSession): Message {
    const replyTo = message.headers.get('reply-to');
    if (replyTo === undefined) return message;
    const { prefixes, users, replies } = this.parts;
    switch (prefixes.owner(replyTo).kind) {
      case 'user':
      case 'temporary': {
        const address = replies.addressOf(users.own(session.id, replyTo));
        return { ...message, headers: new Map(message.headers).set('reply-to', address) };
      }
      case 'reply':
        return message;
      default:
        throw new MessagingError(
          'header-invalid',
          `The header reply-to names a queue of the sender's own, below ${users.prefix} or ${temporaryPrefix}.`,
        );
    }
  }

  #check(destination: string): void {
    checkDestination(destination, this.parts.separator, this.parts.limits);
  }

  #mayPublish(): void {
    if (!this.parts.clientPublish) throw new MessagingError('destination-refused');
  }

  async #subscribe(frame: SubscribeFrame, session: ClientSession): Promise<void> {
    const { prefixes, users, application, subscribers, events, limits } = this.parts;
    const subscriber = subscribers.get(session);
    if (subscriber.size >= limits.maxSubscriptions) throw new MessagingError('subscription-limit');
    const { id, destination } = frame;
    this.#check(destination);
    checkPatternBudget(destination, subscriber.destinations(), limits);
    const owner = prefixes.owner(destination);
    switch (owner.kind) {
      case 'application':
        await application.subscribe(frame, owner.lookup, session, subscriber);
        break;
      case 'user':
      case 'temporary':
        await subscriber.subscribe(frame, users.own(session.id, destination));
        break;
      case 'broker':
        await subscriber.subscribe(frame, destination);
        break;
      case 'reply':
      case 'nobody':
        throw new MessagingError('no-route');
      default:
        return owner satisfies never;
    }
    // Of a session that is gone `disconnected` was the last word.
    if (!session.gone) events.emit('subscribed', { session, subscription: id, destination });
  }

  async #unsubscribe({ id, destination }: UnsubscribeFrame, session: ClientSession): Promise<void> {
    const { subscribers, events } = this.parts;
    const ended = await subscribers.get(session).unsubscribe(id, destination);
    if (ended === undefined || session.gone) return;
    const { id: subscription, requested } = ended;
    events.emit('unsubscribed', { session, subscription, destination: requested });
  }

  #settle(frame: SettleFrame, session: ClientSession): void | Promise<void> {
    const { transaction } = frame;
    if (transaction !== undefined) return this.parts.transactions.hold(session, transaction, frame);
    return this.parts.subscribers.get(session).connection.settle(settlementOf(frame));
  }
}

function settlementOf({ kind, id, subscription }: SettleFrame): Settlement {
  return { kind, id, subscription };
}

/** What was wrong with one frame is told as the detail; what an application threw stays with us. */
function transactionFailed(cause: unknown): MessagingError {
  const known = cause instanceof MessagingError ? cause : undefined;
  return new MessagingError('transaction-failed', undefined, {
    cause: known?.cause ?? cause,
    detail: known === undefined ? undefined : `${known.code}: ${known.message}`,
    fields: known?.fields,
  });
}
