// A session as the broker sees it: its line to the broker, its subscriptions, and how a delivery becomes a frame.
import { MessagingError } from '../message/error.js';
import type { DeliveryMarks, MessageFrame, ServerFrame, SubscribeFrame } from '../message/frame.js';
import type { Headers, Message } from '../message/message.js';
import type { Broker, BrokerConnection, Subscriber, Subscription } from './broker.js';
import type { SharedSubscriptions } from './shared-subscriptions.js';
import { isInternal, type UserDestinations } from './user-destination.js';

/** What a subscriber needs of its session. */
export interface Recipient {
  readonly id: string;
  readonly outbox: {
    /** False when more than half of its limit waits. */
    send(frame: ServerFrame): boolean;
    /** Leaves out what still waits for a subscription that has ended, and may be. */
    forget(subscription: string): void;
  };
  /** Whether frames of it wait or run. */
  readonly busy: boolean;
  /** Whether nothing reaches its client any more. */
  readonly gone: boolean;
  room(): Promise<void>;
  fail(error: MessagingError): void;
}

/** One live subscription of a session. */
export interface LiveSubscription {
  readonly id: string;
  /** As the client named it. */
  readonly requested: string;
  /** What the broker knows it by; undefined when a handler answers it and the broker never hears of it. */
  readonly destination: string | undefined;
  /** Fires when it ends: the stream that answers it stops. */
  readonly stream?: AbortController;
}

/** One that a handler answers. */
export interface AnsweredSubscription extends LiveSubscription {
  readonly stream: AbortController;
}

/** Makes the frames of deliveries; subscribers that chose one id share one frame, so nothing is made for each of them. */
export class MessageFrames {
  /** What was delivered last, as the broker named it, and the frame that came of it. */
  #message: Message | undefined;
  #last: MessageFrame | undefined;

  constructor(private readonly users: UserDestinations) {}

  frame(
    subscription: string,
    messageId: string,
    message: Message,
    marks: DeliveryMarks | undefined,
  ): MessageFrame {
    const last = this.#last;
    if (
      this.#message === message &&
      last !== undefined &&
      last.messageId === messageId &&
      last.subscription === subscription &&
      last.marks === marks
    ) {
      return last;
    }
    // Another subscription to the message before: what its octets are kept by stays the same object.
    const outgoing = this.#message === message ? last!.message : this.#visible(message);
    this.#message = message;
    return (this.#last = { kind: 'message', subscription, messageId, marks, message: outgoing });
  }

  /** With the destination as clients know it. */
  #visible(message: Message): Message {
    const destination = this.users.visible(message.destination);
    return destination === message.destination ? message : { ...message, destination };
  }
}

/** How many ended subscriptions are remembered, so that a late UNSUBSCRIBE succeeds quietly. */
const rememberedEnds = 128;

/** What the subscribers of a server share. */
export interface SubscriberParts {
  readonly broker: Broker;
  readonly frames: MessageFrames;
  readonly subscriptions: SharedSubscriptions;
}

export class SessionSubscriber implements Subscriber {
  // What a delivery touches stands first.
  readonly #outbox: Recipient['outbox'];
  readonly #parts: SubscriberParts;
  readonly #recipient: Recipient;
  readonly #connection: BrokerConnection;
  readonly #client: string | undefined;
  readonly #live = new Map<string, LiveSubscription>();
  /** Made when first wanted, as most subscriptions end with their session. */
  #ended: Set<string> | undefined;

  /** @param client by which durable subscriptions are its own; undefined where it did not say one */
  constructor(recipient: Recipient, parts: SubscriberParts, client: string | undefined) {
    this.#client = client;
    this.#outbox = recipient.outbox;
    this.#parts = parts;
    this.#recipient = recipient;
    this.#connection = parts.broker.connect(this);
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

  /** Its line to the broker, for what needs no bookkeeping. */
  get connection(): BrokerConnection {
    return this.#connection;
  }

  get size(): number {
    return this.#live.size;
  }

  has(id: string): boolean {
    return this.#live.has(id);
  }

  /** The destinations of all live subscriptions, as the client named them. */
  destinations(): readonly string[] {
    return Array.from(this.#live.values(), ({ requested }) => requested);
  }

  /** Whether it subscribed this destination of the broker's. */
  listensTo(destination: string): boolean {
    for (const live of this.#live.values()) if (live.destination === destination) return true;
    return false;
  }

  /** A subscription that the broker serves. */
  async subscribe(frame: SubscribeFrame, destination: string): Promise<void> {
    const { ack, headers } = frame;
    const subscription = this.#parts.subscriptions.share({
      id: frame.id,
      destination,
      ack,
      headers,
      durable: this.#durable(headers, destination),
    });
    const { id } = subscription;
    // Known before the broker is asked: while an outside one takes its time, the id is taken.
    this.#add({ id, requested: frame.destination, destination });
    try {
      await this.#connection.subscribe(subscription);
    } catch (error) {
      this.#live.delete(id);
      throw error;
    }
  }

  /** A subscription that a handler answers, by one reply or by a stream. */
  open(id: string, requested: string): AnsweredSubscription {
    const live = { id, requested, destination: undefined, stream: new AbortController() };
    this.#add(live);
    return live;
  }

  /** Takes a subscription out and remembers its id; harmless when it is out, and when another took its id. */
  end(live: LiveSubscription): void {
    if (this.#live.get(live.id) !== live) return;
    this.#live.delete(live.id);
    const ended = (this.#ended ??= new Set());
    // Last again, where it had ended before.
    ended.delete(live.id);
    ended.add(live.id);
    if (ended.size > rememberedEnds) {
      for (const oldest of ended) return void ended.delete(oldest);
    }
  }

  /** Ends a subscription by its id or, as STOMP 1.0 may, by its destination; undefined when it was over before. */
  async unsubscribe(
    id: string | undefined,
    destination: string | undefined,
  ): Promise<LiveSubscription | undefined> {
    const live = this.#find(id, destination);
    if (live === undefined) {
      if (id !== undefined && this.#ended?.has(id) === true) return undefined;
      throw new MessagingError('subscription-unknown');
    }
    this.end(live);
    live.stream?.abort();
    if (live.destination !== undefined) await this.#connection.unsubscribe(live.id);
    this.#outbox.forget(live.id);
    return live;
  }

  deliver(
    subscription: Subscription,
    messageId: string,
    message: Message,
    marks?: DeliveryMarks,
  ): boolean {
    return this.#outbox.send(this.#parts.frames.frame(subscription.id, messageId, message, marks));
  }

  room(): Promise<void> {
    return this.#recipient.room();
  }

  fail(error: MessagingError): void {
    this.#recipient.fail(error);
  }

  /** Ends the streams; the line to the broker stays for frames that still run. */
  stopStreams(): void {
    for (const live of this.#live.values()) live.stream?.abort();
  }

  close(): void | Promise<void> {
    this.#live.clear();
    return this.#connection.close();
  }

  /** The header `durable-subscription-name`, as Artemis has it, and whose it is. */
  #durable(headers: Headers, destination: string): string | undefined {
    const name = headers.get('durable-subscription-name');
    if (name === undefined) return undefined;
    if (isInternal(destination))
      throw new MessagingError(
        'destination-invalid',
        "A session's own queue ends with the session, and no subscription of it can be durable.",
      );
    if (this.#client === undefined)
      throw new MessagingError(
        'header-missing',
        'A durable subscription needs the header client-id on CONNECT.',
      );
    return `${this.#client} ${name}`;
  }

  #add(live: LiveSubscription): void {
    if (this.#live.has(live.id)) throw new MessagingError('subscription-exists');
    this.#live.set(live.id, live);
  }

  #find(id: string | undefined, destination: string | undefined): LiveSubscription | undefined {
    if (id !== undefined) return this.#live.get(id);
    for (const live of this.#live.values()) if (live.requested === destination) return live;
    return undefined;
  }
}
