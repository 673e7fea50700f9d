// The subscriptions of one session: at the broker, to its own queues, and those that handlers answer.
import type { BrokerAddress, SessionAddress } from '../message/address.js';
import type { NextPart } from '../message/clock.js';
import { ended } from '../message/end-of-session.js';
import { MessagingError } from '../message/error.js';
import { requireResult } from '../message/promise.js';
import { messageOverhead, sizeOfHeaders } from '../message/kept-message.js';
import type { DeliveryMarks, MessageFrame, ServerFrame, SubscribeFrame } from '../message/frame.js';
import type {
  Broker,
  BrokerConnection,
  Operation,
  Settlement,
  Subscriber,
  Subscription,
} from './broker.js';
import type { QueueMemory } from './embedded/queue/queue-memory.js';
import { checkSupportedHeaders } from './embedded/unsupported.js';
import { temporaryPrefix } from './destination-resolver.js';
import type {
  AddressedPublication,
  Publication,
  Sender,
  SessionPublication,
} from './publication.js';
import { SessionQueues } from './session-queues.js';
import type { SharedSubscriptions } from './shared-subscriptions.js';

/** The members of a session that its subscriber uses. */
export interface Recipient {
  readonly id: string;
  readonly outbox: {
    /** Returns false when more than half of the limit waits. */
    send(frame: ServerFrame): boolean;
    /** Drops waiting messages of a subscription that has ended. */
    forget(subscription: string): void;
  };
  /** True while frames of the session wait or are processed. */
  readonly busy: boolean;
  /** True when the client can no longer receive messages. */
  readonly gone: boolean;
  room(): Promise<void>;
  fail(error: MessagingError): void;
}

/** One live subscription of a session. */
export interface LiveSubscription {
  readonly id: string;
  /** The destination as the client named it. */
  readonly requested: string;
  /** Bytes that it counts for the limit of the session. */
  readonly bytes: number;
  /** The part of the server that serves it. */
  readonly servedBy: 'broker' | 'session' | 'handler';
  /** The name of a durable subscription, unique to its client. */
  readonly durable?: string | undefined;
  /** Aborted when the subscription ends; present when a handler answers it. */
  readonly stream?: AbortController;
}

/** A subscription that a handler answers. */
export interface AnsweredSubscription extends LiveSubscription {
  readonly stream: AbortController;
}

/** Called for each delivery to a session. */
export type DeliveryHook = (
  publication: Publication,
  session: string,
  subscription: string,
) => (() => void) | undefined;

/** Makes the frames of deliveries. Subscribers that chose the same subscription id share one frame. */
export class MessageFrames {
  #publication: Publication | undefined;
  #last: MessageFrame | undefined;

  frame(
    subscription: string,
    publication: Publication,
    marks: DeliveryMarks | undefined,
  ): MessageFrame {
    const last = this.#last;
    if (
      this.#publication === publication &&
      last !== undefined &&
      last.subscription === subscription &&
      last.marks === marks
    )
      return last;
    this.#publication = publication;
    const { id: messageId, message } = publication;
    return (this.#last = { kind: 'message', subscription, messageId, marks, message });
  }
}

const durableName = 'durable-subscription-name';

/** Ended subscriptions that a session remembers, so that a second UNSUBSCRIBE is not an error. */
const rememberedEnds = 128;
/** Longer ids are not remembered. */
const maxRememberedId = 256;

/** The parts that the subscribers of a server share. */
export interface SubscriberParts {
  readonly broker: Broker;
  readonly frames: MessageFrames;
  readonly subscriptions: SharedSubscriptions;
  readonly sessionQueueMemory: QueueMemory;
  readonly onDelivery: DeliveryHook | undefined;
}

/** The data of a session for the broker. */
export interface SubscriberIdentity {
  readonly account: string;
  /** Owner of durable subscriptions; undefined when CONNECT had no `client-id`. */
  readonly client: string | undefined;
}

export class SessionSubscriber implements Subscriber, Sender {
  // The fields that a delivery reads come first: with a thousand subscribers every cache line counts.
  readonly #outbox: Recipient['outbox'];
  readonly #parts: SubscriberParts;
  readonly #recipient: Recipient;
  readonly #connection: BrokerConnection;
  readonly #client: string | undefined;
  readonly account: string;
  /** The id of the session, as the origin of the messages that its client sends. */
  readonly origin: string;
  readonly #live = new Map<string, LiveSubscription>();
  #bytes = 0;
  /** Created at the first subscription of a session queue. */
  #queues: SessionQueues | undefined;
  /** Created at the first UNSUBSCRIBE: most subscriptions end with their session. */
  #ended: Set<string> | undefined;

  constructor(
    recipient: Recipient,
    parts: SubscriberParts,
    { account, client }: SubscriberIdentity,
  ) {
    this.#client = client;
    this.account = account;
    this.origin = recipient.id;
    this.#outbox = recipient.outbox;
    this.#parts = parts;
    this.#recipient = recipient;
    this.#connection = requireResult(parts.broker.connect(this), 'connect() of the broker');
  }

  get id(): string {
    return this.#recipient.id;
  }

  get busy(): boolean {
    return this.#recipient.busy;
  }

  get gone(): boolean {
    return this.#recipient.gone;
  }

  /** The connection to the broker, for SENDs that need no bookkeeping. */
  get connection(): BrokerConnection {
    return this.#connection;
  }

  /** Number of live subscriptions. */
  get size(): number {
    return this.#live.size;
  }

  /** Bytes of all live subscriptions, with their headers. */
  get bytes(): number {
    return this.#bytes;
  }

  has(id: string): boolean {
    return this.#live.has(id);
  }

  /** The destinations of all live subscriptions, as the client named them. */
  destinations(): readonly string[] {
    return Array.from(this.#live.values(), ({ requested }) => requested);
  }

  /** True when the session has subscribed to this queue of the session. */
  reads(queue: string): boolean {
    return this.#queues?.has(queue) === true;
  }

  /**
   * Delivers answers to a temporary queue that the client has named in `reply-to`, also without a subscription.
   *
   * @param limit number of such queues; a new one replaces the oldest
   */
  acceptReplies(queue: string, limit: number): void {
    if (queue.startsWith(temporaryPrefix)) this.#ownQueues().acceptReplies(queue, limit);
  }

  /** Subscribes a topic or queue of the broker, or a queue of the session. */
  async subscribe(frame: SubscribeFrame, address: BrokerAddress | SessionAddress): Promise<void> {
    const { id } = frame;
    if (this.#live.has(id)) throw new MessagingError('subscription-exists');
    const servedBy = address.kind;
    const durable = this.#durable(frame, servedBy);
    // Before the broker answers, so that the id is taken meanwhile.
    const bytes = subscriptionBytes(frame);
    const live = { id, requested: frame.destination, bytes, servedBy, durable };
    this.#add(live);
    try {
      if (address.kind === 'session')
        this.#ownQueues().subscribe(subscriptionOf(frame, address.queue));
      else {
        const subscription = { ...subscriptionOf(frame, address.destination), durable };
        await this.#connection.subscribe(this.#parts.subscriptions.share(subscription));
      }
    } catch (error) {
      this.#remove(live);
      throw error;
    }
  }

  /**
   * Opens a subscription that a handler answers, once or by a stream.
   *
   * @throws {MessagingError} `subscription-exists`; `not-supported` and `destination-invalid` for headers that would be ignored
   */
  open(frame: SubscribeFrame): AnsweredSubscription {
    const { id, destination: requested } = frame;
    if (this.#live.has(id)) throw new MessagingError('subscription-exists');
    checkSupportedHeaders(frame.headers);
    this.#durable(frame, 'handler');
    const bytes = subscriptionBytes(frame);
    const stream = new AbortController();
    const live: AnsweredSubscription = { id, requested, bytes, servedBy: 'handler', stream };
    this.#add(live);
    return live;
  }

  /** Removes a subscription and remembers its id. Returns false when it was removed before. */
  end(live: LiveSubscription): boolean {
    if (!this.#remove(live)) return false;
    if (live.id.length > maxRememberedId) return true;
    const ended = (this.#ended ??= new Set());
    // Deleted first, so that the id moves to the end.
    ended.delete(live.id);
    ended.add(live.id);
    if (ended.size > rememberedEnds) {
      const [oldest] = ended;
      ended.delete(oldest!);
    }
    return true;
  }

  /** A live subscription by its id or, in STOMP 1.0, by its destination. */
  find(id: string | undefined, destination: string | undefined): LiveSubscription | undefined {
    if (id !== undefined) return this.#live.get(id);
    for (const live of this.#live.values()) if (live.requested === destination) return live;
    return undefined;
  }

  /**
   * Ends a subscription by its id or, in STOMP 1.0, by its destination. Returns undefined when it had ended before.
   *
   * @throws {MessagingError} `subscription-unknown`
   */
  async unsubscribe(
    id: string | undefined,
    destination: string | undefined,
  ): Promise<LiveSubscription | undefined> {
    const live = this.find(id, destination);
    if (live === undefined) {
      if (id !== undefined && this.#ended?.has(id) === true) return undefined;
      if (this.#queues?.refuseReplies(id ?? destination ?? '') === true) return undefined;
      throw new MessagingError('subscription-unknown');
    }
    this.end(live);
    live.stream?.abort(ended);
    if (live.servedBy === 'session') this.#queues?.unsubscribe(live.id);
    try {
      if (live.servedBy === 'broker') await this.#connection.unsubscribe(live.id);
    } finally {
      this.#outbox.forget(live.id);
    }
    return live;
  }

  /** @throws {MessagingError} `acknowledgement-unknown` */
  settle(settlement: Settlement): void | Promise<void> {
    return SessionQueues.delivered(settlement.id)
      ? this.#ownQueues().settle(settlement)
      : this.#connection.settle(settlement);
  }

  /** Commits the acknowledgements of a transaction, and its publications to the broker. */
  async commit(steps: readonly TransactionStep[]): Promise<void> {
    const own = steps.flatMap((step) =>
      step.kind === 'settle' && SessionQueues.delivered(step.settlement.id) ? step.settlement : [],
    );
    for (const settlement of own) this.#ownQueues().check(settlement);
    await this.#connection.commit(steps.flatMap(brokerOperation));
    for (const settlement of own) this.#ownQueues().settleChecked(settlement);
  }

  deliver(subscription: Subscription, publication: Publication, marks?: DeliveryMarks): boolean {
    const { frames, onDelivery } = this.#parts;
    const end = onDelivery?.(publication, this.id, subscription.id);
    const room = this.#outbox.send(frames.frame(subscription.id, publication, marks));
    end?.();
    return room;
  }

  /** Delivers to the subscriptions of a queue of this session. */
  receive(queue: string, publication: Publication): void | Promise<void> {
    return this.#queues?.publish(queue, publication);
  }

  /** Delivers the messages of a transaction to queues of this session. */
  async receiveTogether(
    messages: readonly SessionPublication[],
    nextPart: NextPart,
  ): Promise<void> {
    await this.#queues?.publishTogether(messages, nextPart);
  }

  /**
   * Sends the answer of a handler to one subscription, unless it has ended. Returns false when more than half of the outbox limit
   * waits.
   */
  answer(subscription: string, { id: messageId, message }: Publication): boolean {
    if (!this.#live.has(subscription)) return true;
    return this.#outbox.send({ kind: 'message', subscription, messageId, message });
  }

  room(): Promise<void> {
    return this.#recipient.room();
  }

  fail(error: MessagingError): void {
    this.#recipient.fail(error);
  }

  /** Aborts all streams; the connection to the broker stays open for frames that are still processed. */
  stopStreams(): void {
    for (const live of this.#live.values()) live.stream?.abort(ended);
  }

  close(): void | Promise<void> {
    this.#live.clear();
    this.#queues?.close();
    return this.#connection.close();
  }

  #add(live: LiveSubscription): void {
    this.#live.set(live.id, live);
    this.#bytes += live.bytes;
  }

  /** Returns false when it was removed before. */
  #remove(live: LiveSubscription): boolean {
    if (this.#live.get(live.id) !== live) return false;
    this.#bytes -= live.bytes;
    return this.#live.delete(live.id);
  }

  #ownQueues(): SessionQueues {
    return (this.#queues ??= new SessionQueues(this, this.#parts.sessionQueueMemory));
  }

  /** The name of a durable subscription, from its header (Artemis) and the client's id. */
  #durable(
    { headers }: SubscribeFrame,
    servedBy: LiveSubscription['servedBy'],
  ): string | undefined {
    const name = headers.get(durableName);
    if (name === undefined) return undefined;
    if (name.trim() === '')
      throw new MessagingError('header-refused', `The header ${durableName} must contain a name.`);
    if (servedBy !== 'broker')
      throw new MessagingError(
        'destination-invalid',
        'A subscription of a handler or of a session queue ends with the session, so it cannot be durable.',
      );
    if (this.#client === undefined)
      throw new MessagingError(
        'header-refused',
        'A durable subscription needs the header client-id on CONNECT.',
      );
    const durable = `${this.#client} ${name}`;
    for (const live of this.#live.values())
      if (live.durable === durable)
        throw new MessagingError(
          'subscription-exists',
          'The session already has a durable subscription with this name; end it with UNSUBSCRIBE first.',
        );
    return durable;
  }
}

/** One step of a transaction: a publication with its address, or an acknowledgement. */
export type TransactionStep =
  | ({ readonly kind: 'send' } & AddressedPublication)
  | { readonly kind: 'settle'; readonly settlement: Settlement };

/** Bytes that a subscription counts for the limit of its session. */
export function subscriptionBytes({ id, destination, headers }: SubscribeFrame): number {
  return messageOverhead + id.length + destination.length + sizeOfHeaders(headers);
}

function subscriptionOf({ id, ack, headers }: SubscribeFrame, destination: string): Subscription {
  return { id, destination, ack, headers };
}

/** The part of a step that the broker performs. */
function brokerOperation(step: TransactionStep): Operation[] {
  if (step.kind === 'settle') return SessionQueues.delivered(step.settlement.id) ? [] : [step];
  const { address, publication } = step;
  return address.kind === 'broker' ? [{ kind: 'send', publication }] : [];
}
