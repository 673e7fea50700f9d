// One client from its connection to its end: all data of one session, and how it is opened and closed.
import { ReplyAddresses, type ReplyDirectory } from '../broker/reply-addresses.js';
import { SessionSubscriber, type SubscriberParts } from '../broker/subscriber.js';
import type { SessionAddress } from '../message/address.js';
import { ended } from '../message/end-of-session.js';
import { MessagingError } from '../message/error.js';
import type { ClientFrame, ConnectFrame, MessageFrame } from '../message/frame.js';
import type { Ids } from '../message/ids.js';
import type { Logger } from '../message/logger.js';
import type { Holding } from '../message/quota.js';
import {
  ClientSession,
  type FrameResult,
  type SessionOwner,
  type SessionParts,
} from '../session/client-session.js';
import type { SessionEventSource } from '../session/event.js';
import { agreeHeartbeat, type HeartbeatOptions } from '../session/heartbeat.js';
import type { FrameHandler } from '../session/interceptor.js';
import type { Connection } from '../transport/transport.js';
import { ClientEntry, type EntryParts } from './client-entry.js';
import type { Hooks } from './hooks.js';
import { failedFrame, type Problems } from './problem.js';
import { Transactions, type TransactionLimits } from './transactions.js';

/** The parts that the clients of a server share. */
export interface ClientParts extends EntryParts {
  readonly ids: Ids;
  readonly logger: Logger;
  readonly events: SessionEventSource;
  readonly subscriber: SubscriberParts;
  readonly replies: ReplyDirectory;
  readonly limits: TransactionLimits & {
    readonly maxSubscriptions: number;
    readonly maxStreams: number;
  };
  readonly heartbeat: HeartbeatOptions;
  /** The header `server` of CONNECTED. */
  readonly serverName: string;
  readonly hooks: Hooks;
  readonly problems: Problems;
  /** Milliseconds after which the frames of a lost session are given up; 0 for never. */
  readonly stallTimeout: number;
  /** The interceptors and the routing behind them; throws when a frame is refused. */
  readonly handle: FrameHandler<Client>;
}

export class Client implements SessionOwner {
  readonly session: ClientSession;
  /** The account that limits count for; the address until CONNECT is accepted. */
  account: string;
  readonly held: Holding;
  readonly #parts: ClientParts;
  readonly #ended: ((code: number, reason: string) => void) | undefined;
  readonly #entry: ClientEntry;
  #subscriber: SessionSubscriber | undefined;
  // Created at the first use: most sessions have no transactions, reply addresses or streams.
  #transactions: Transactions | undefined;
  #replies: ReplyAddresses | undefined;
  /** Running streams. A listener of each on the signal of the session would make the end of a stream slow when there are many. */
  #streams: Set<AbortController> | undefined;

  constructor(connection: Connection, session: SessionParts, parts: ClientParts) {
    this.#parts = parts;
    this.#entry = new ClientEntry(connection.handshake.remoteAddress, 'CONNECT', parts);
    this.held = this.#entry.held;
    this.account = this.held.account;
    this.session = new ClientSession(parts.ids.session(), connection, session, this);
    this.#ended = parts.hooks.onConnection?.(this.session);
    parts.clients.add(this);
  }

  get transactions(): Transactions {
    return (this.#transactions ??= new Transactions(this.#parts.limits, this.held));
  }

  /** The destination by which others answer to a queue of this session. */
  replyDestinationOf(queue: SessionAddress): string {
    const { replies, ids, limits } = this.#parts;
    this.subscriber.acceptReplies(queue.queue, limits.maxSubscriptions);
    this.#replies ??= new ReplyAddresses(replies, ids, limits.maxSubscriptions);
    return this.#replies.destinationOf(queue);
  }

  /** Streams that the session may run. */
  get maxStreams(): number {
    return this.#parts.limits.maxStreams;
  }

  /** Counts a stream that begins; it is aborted when the connection is lost. False when the session has too many. */
  addStream(stream: AbortController): boolean {
    const streams = (this.#streams ??= new Set());
    if (streams.size >= this.maxStreams) return false;
    streams.add(stream);
    if (this.session.gone) stream.abort(ended);
    return true;
  }

  /** A stream has ended. */
  removeStream(stream: AbortController): void {
    this.#streams?.delete(stream);
  }

  /** @throws {MessagingError} `not-connected` before CONNECT was accepted */
  get subscriber(): SessionSubscriber {
    if (this.#subscriber === undefined) throw new MessagingError('not-connected');
    return this.#subscriber;
  }

  /** The subscriber; undefined before CONNECT was accepted. */
  get openSubscriber(): SessionSubscriber | undefined {
    return this.#subscriber;
  }

  /**
   * Processes CONNECT.
   *
   * @throws {MessagingError} `access-refused` without a reason for the client; `session-limit`; `not-connected` when an
   *   authenticator is set and the client began without CONNECT
   */
  async admit(frame: ConnectFrame): Promise<void> {
    const { session } = this;
    const { authenticate, heartbeat, serverName, clients, events, subscriber } = this.#parts;
    if (authenticate !== undefined && frame.implicit === true) {
      const error = new MessagingError('not-connected');
      session.protocolError(error);
      // Interceptors must not continue as after an accepted CONNECT.
      throw error;
    }
    const admitted = await this.#entry.admit(frame, session);
    if (admitted === undefined) return;
    const agreement = agreeHeartbeat(frame.heartbeat, heartbeat);
    const { account } = this.held;
    this.account = account;
    // Before the session is accepted: when the broker refuses the session, it was never connected.
    this.#subscriber = new SessionSubscriber(session, subscriber, {
      account,
      client: durableOwner(frame, account),
    });
    if (!session.accept(admitted.principal, agreement)) return;
    clients.connected(this);
    session.send({
      kind: 'connected',
      session: session.id,
      server: serverName,
      heartbeat: agreement.advertised,
      user: session.user,
    });
    events.emit('connected', { session });
  }

  /** Processes a frame and reports every error; never rejects. */
  async process(frame: ClientFrame): Promise<FrameResult> {
    const { hooks, problems, handle } = this.#parts;
    const end = hooks.onFrame?.(frame, this.session);
    let result: FrameResult;
    try {
      // A broker in JavaScript may return something else, which is not a reason to withhold the receipt.
      result = (await handle(frame, this)) === 'dropped' ? 'dropped' : 'done';
      // An interceptor has dropped CONNECT, or has caught its refusal, so the client still waits for an answer.
      if (frame.kind === 'connect' && !this.session.connected)
        this.session.fail(new MessagingError('access-refused'));
    } catch (thrown) {
      if (frame.kind === 'connect') this.#entry.refuse(thrown, this.session);
      else await problems.reject(thrown, failedFrame(frame), this);
      result = 'failed';
    }
    end?.(result);
    return result;
  }

  /** A subscription has begun. After `disconnected` no event follows. */
  subscribed(subscription: string, destination: string): void {
    const { session } = this;
    if (!session.gone)
      this.#parts.events.emit('subscribed', { session, subscription, destination });
  }

  /** A subscription has ended before its session. */
  unsubscribed(subscription: string, destination: string): void {
    const { session } = this;
    if (!session.gone)
      this.#parts.events.emit('unsubscribed', { session, subscription, destination });
  }

  messageDropped({ subscription, message: { destination } }: MessageFrame): void {
    const { session } = this;
    this.#parts.events.emit('dropped', { session, subscription, destination });
  }

  /** Stops all work that sends to the client; frames that were read are still processed. */
  connectionLost(code: number, reason: string): void {
    const { session } = this;
    this.#subscriber?.stopStreams();
    for (const stream of this.#streams ?? []) stream.abort(ended);
    this.#ended?.(code, reason);
    this.#entry.stopWaiting();
    // A CONNECT that never completes must not count as a handshake for longer than its connection.
    if (!session.connected) return this.#entry.release();
    // Without a limit for stalled frames, one that never completes would count its session forever.
    if (this.#parts.stallTimeout === 0) this.#entry.release();
    this.#parts.clients.disconnected(this);
    this.#parts.events.emit('disconnected', { session, code, reason });
  }

  /** Releases everything that belongs to the session. */
  finished(): void {
    this.#transactions?.clear();
    this.#replies?.clear();
    this.#parts.clients.remove(this);
    this.#entry.release();
    void this.#closeSubscriber();
  }

  async #closeSubscriber(): Promise<void> {
    try {
      await this.#subscriber?.close();
    } catch (error) {
      this.#parts.logger.error('The broker could not close the connection of a session.', error);
    }
  }
}

/**
 * The owner of durable subscriptions; undefined without a `client-id`. Includes the account, because other clients may choose the same
 * `client-id`: without it, an anonymous client could take over the subscriptions of all others.
 */
function durableOwner({ headers }: ConnectFrame, account: string): string | undefined {
  const id = headers.get('client-id') ?? '';
  return id.trim() === '' ? undefined : JSON.stringify([account, id]);
}
