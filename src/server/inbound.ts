// Routes each client frame to its receiver, after the interceptors.
import type { AddressedPublication } from '../broker/publication.js';
import type { BrokerPublisher } from '../broker/publisher.js';
import type { DestinationResolver } from '../broker/destination-resolver.js';
import { subscriptionBytes, type TransactionStep } from '../broker/subscriber.js';
import type { Settlement } from '../broker/broker.js';
import type { Address } from '../message/address.js';
import { MessagingError } from '../message/error.js';
import type {
  ClientFrame,
  SendFrame,
  SettleFrame,
  SubscribeFrame,
  TransactionFrame,
  UnsubscribeFrame,
} from '../message/frame.js';
import type { Logger } from '../message/logger.js';
import type { Message } from '../message/message.js';
import { quote } from '../message/quote.js';
import { problemQueue } from '../message/target.js';
import { checkPatternBudget } from '../pattern/destination-limits.js';
import type { Application } from './application.js';
import type { Client } from './client.js';
import { ownedKey, type Idempotency } from './idempotency.js';
import type { KnownDestinations } from './known-destinations.js';
import type { LimitOptions } from './options.js';
import { noRoute } from './problem.js';
import type { HeldFrame } from './transactions.js';

export interface InboundParts {
  readonly resolver: DestinationResolver;
  readonly application: Application;
  readonly publisher: BrokerPublisher;
  readonly destinations: KnownDestinations;
  readonly idempotency: Idempotency;
  /** True when clients may publish to the broker and to users. */
  readonly clientPublish: boolean;
  readonly limits: LimitOptions;
  readonly logger: Logger;
}

/** Destinations that are probably meant as the problem queue. */
const meantAsProblemQueue = /^\/(?:queue\/)?errors?$/;

export class Inbound {
  /** True when a subscription that is probably meant as one of the problem queue was logged. */
  #isProblemQueueLogged = false;

  constructor(private readonly parts: InboundParts) {}

  /** Processes a frame. @throws {MessagingError} when the frame is refused or its handler failed */
  readonly route = (frame: ClientFrame, client: Client): void | Promise<void> => {
    switch (frame.kind) {
      case 'connect':
        return client.admit(frame);
      case 'send':
        return this.#send(frame, client);
      case 'subscribe':
        return this.#subscribe(frame, client);
      case 'unsubscribe':
        return this.#unsubscribe(frame, client);
      case 'ack':
      case 'nack':
        return this.#settle(frame, client);
      case 'begin':
        return client.transactions.begin(frame.transaction);
      case 'commit':
        return this.#commit(frame, client);
      case 'abort':
        return client.transactions.release(client.transactions.take(frame.transaction));
      case 'disconnect':
        return;
      default:
        return frame satisfies never;
    }
  };

  #send(frame: SendFrame, client: Client): void | Promise<void> {
    const { message, transaction } = frame;
    // First, because an invalid key must be refused before COMMIT.
    const key = this.#keyOf(message, client);
    if (transaction !== undefined) return client.transactions.hold(transaction, frame);
    return key === undefined
      ? this.#process(message, client)
      : this.parts.idempotency.once(key, client.account, () => this.#process(message, client));
  }

  /** The idempotency key of a SEND; undefined without the header. @throws {MessagingError} `header-refused` */
  #keyOf({ headers }: Message, { session }: Client): string | undefined {
    const key = headers.get('idempotency-key');
    if (key === undefined) return undefined;
    const { maxIdempotencyKeyCharacters } = this.parts.limits;
    if (key.length > maxIdempotencyKeyCharacters)
      throw new MessagingError(
        'header-refused',
        `The header idempotency-key may have at most ${maxIdempotencyKeyCharacters} characters (limits.maxIdempotencyKeyCharacters).`,
      );
    return ownedKey(key, session);
  }

  #process(sent: Message, client: Client): void | Promise<void> {
    const { resolver, application, publisher } = this.parts;
    const message = this.#withReplyAddress(sent, client);
    const address = resolver.resolve(message.destination, client.session.id);
    if (address.kind === 'handler') return application.send(message, address.lookup, client);
    return publisher.send(this.#publication(message, address, client), client.subscriber);
  }

  async #commit({ transaction }: TransactionFrame, client: Client): Promise<void> {
    const frames = client.transactions.take(transaction);
    try {
      await this.#commitFrames(frames, client);
    } finally {
      client.transactions.release(frames);
    }
  }

  /** SENDs whose idempotency key was processed before are left out. */
  async #commitFrames(taken: readonly HeldFrame[], client: Client): Promise<void> {
    const held = taken.map((frame) => ({
      frame,
      key: frame.kind === 'send' ? this.#keyOf(frame.message, client) : undefined,
    }));
    const keys = new Set(held.flatMap(({ key }) => key ?? []));
    await this.parts.idempotency.together(keys, client.account, async (fresh) => {
      const wanted = new Set(fresh);
      // The first frame of each key.
      const frames = held
        .filter(({ key }) => key === undefined || wanted.delete(key))
        .map(({ frame }) => frame);
      try {
        await this.#takeEffect(frames, client);
      } catch (cause) {
        throw transactionFailed(cause);
      }
    });
  }

  /**
   * Calls handlers in the order of their frames. The broker then receives the results of all frames together, or none of them. A long
   * transaction uses several turns of the event loop.
   */
  async #takeEffect(frames: readonly HeldFrame[], client: Client): Promise<void> {
    const steps: TransactionStep[] = [];
    const work = client.session.divideWork();
    const nextPart = () => {
      client.session.progressed();
      return work.nextPart();
    };
    for (const frame of frames) {
      await nextPart();
      try {
        steps.push(...(await this.#steps(frame, client)));
      } catch (thrown) {
        throw this.#explain(thrown, frame);
      }
    }
    await this.parts.publisher.commit(steps, client.subscriber, nextPart);
  }

  async #steps(frame: HeldFrame, client: Client): Promise<readonly TransactionStep[]> {
    if (frame.kind !== 'send') return [{ kind: 'settle', settlement: settlementOf(frame) }];
    const message = this.#withReplyAddress(frame.message, client);
    const address = this.parts.resolver.resolve(message.destination, client.session.id);
    const publications =
      address.kind === 'handler'
        ? await this.parts.application.compose(message, address.lookup, client)
        : [this.#publication(message, address, client)];
    return publications.map((publication) => ({ kind: 'send', ...publication }));
  }

  /** The error with the destination of the frame, because COMMIT has none. */
  #explain(thrown: unknown, frame: HeldFrame): unknown {
    return thrown instanceof MessagingError && frame.kind === 'send'
      ? this.parts.destinations.explain(thrown, frame.kind, frame.message.destination)
      : thrown;
  }

  /** The publication of a client's message. @throws {MessagingError} `no-route`, `destination-refused` */
  #publication(
    message: Message,
    address: Exclude<Address, { readonly kind: 'handler' }>,
    { subscriber }: Client,
  ): AddressedPublication {
    if (address.kind === 'none') throw noRoute(message.destination);
    if (!this.parts.clientPublish) throw new MessagingError('destination-refused');
    if (address.kind === 'user' && address.queue === problemQueue)
      throw new MessagingError('destination-refused');
    return this.parts.publisher.address(message, address, subscriber);
  }

  /** The message, in which a `reply-to` header that names a queue of the sender is an address that others can answer to. */
  #withReplyAddress(message: Message, client: Client): Message {
    const replyTo = message.headers.get('reply-to');
    if (replyTo === undefined) return message;
    // Without spaces, because many clients write one after the colon, and other servers and clients remove it.
    const queue = this.parts.resolver.resolveReplyTo(replyTo.trim(), client.session.id);
    if (queue === undefined) return message;
    const headers = new Map(message.headers).set('reply-to', client.replyDestinationOf(queue));
    return { ...message, headers };
  }

  async #subscribe(frame: SubscribeFrame, client: Client): Promise<void> {
    const { resolver, application, limits } = this.parts;
    const { session, subscriber } = client;
    if (subscriber.size >= limits.maxSubscriptions)
      throw new MessagingError(
        'subscription-limit',
        `A session may have at most ${limits.maxSubscriptions} subscriptions (limits.maxSubscriptions).`,
      );
    if (subscriber.bytes + subscriptionBytes(frame) > limits.maxSubscriptionBytes)
      throw new MessagingError(
        'subscription-limit',
        `The subscriptions of a session may have together at most ${limits.maxSubscriptionBytes} bytes (limits.maxSubscriptionBytes).`,
      );
    const { id, destination } = frame;
    const address = resolver.resolveOwn(destination, session.id);
    checkPatternBudget(destination, subscriber.destinations(), limits);
    switch (address.kind) {
      case 'handler':
        return application.subscribe(frame, address.lookup, client);
      case 'broker':
      case 'session':
        await subscriber.subscribe(frame, address);
        this.#checkProblemQueue(destination);
        return client.subscribed(id, destination);
      case 'user':
      case 'reply':
      case 'none':
        throw noRoute(destination);
      default:
        return address satisfies never;
    }
  }

  #checkProblemQueue(destination: string): void {
    const { resolver, logger } = this.parts;
    if (this.#isProblemQueueLogged) return;
    const queue = resolver.visibleQueue(problemQueue);
    const { userPrefix } = resolver;
    const name = destination.startsWith(`${userPrefix}/`)
      ? destination.slice(userPrefix.length)
      : destination;
    if (destination === queue || !meantAsProblemQueue.test(name)) return;
    this.#isProblemQueueLogged = true;
    logger.warn(
      `A client has subscribed to ${quote(destination)}. To receive its problems, it must subscribe to ${queue}.`,
    );
  }

  /** The subscription ends, and its event is sent, also when the broker refuses the frame. */
  async #unsubscribe({ id, destination }: UnsubscribeFrame, client: Client): Promise<void> {
    const { subscriber } = client;
    const live = subscriber.find(id, destination);
    try {
      await subscriber.unsubscribe(id, destination);
    } finally {
      if (live !== undefined) client.unsubscribed(live.id, live.requested);
    }
  }

  #settle(frame: SettleFrame, client: Client): void | Promise<void> {
    const { refusal, transaction } = frame;
    if (refusal !== undefined) throw refusal;
    if (transaction !== undefined) return client.transactions.hold(transaction, frame);
    return client.subscriber.settle(settlementOf(frame));
  }
}

function settlementOf({ kind, id, subscription, requeue }: SettleFrame): Settlement {
  return { kind, id, subscription, requeue };
}

/** The detail names the error of the frame that failed, except one whose text is not for clients. */
function transactionFailed(cause: unknown): MessagingError {
  const known = MessagingError.from(cause);
  const { code, message, fields } = known;
  const detail = known.cause === cause ? undefined : `${code}: ${message}`;
  return new MessagingError('transaction-failed', undefined, { cause, detail, fields });
}
