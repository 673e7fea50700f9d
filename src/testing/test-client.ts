// A client of the server under test: sends frames, and stores received frames as values.
import type {
  AckMode,
  ConnectFrame,
  Heartbeat,
  ServerFrame,
  SubscribeFrame,
} from '../message/frame.js';
import { noHeaders } from '../message/message.js';
import { payloadTypeOf } from '../payload/payload-type.js';
import type { MemoryClient } from '../transport/memory.js';
import { ClientConnection } from './client-connection.js';
import type { ClientProtocol } from './client-protocol.js';
import { ClientState } from './client-state.js';
import type {
  AnyDestinations,
  KnownDestination,
  PayloadAs,
  PayloadAt,
  PayloadDescription,
} from './destination-map.js';
import type { TestEnvironment } from './environment.js';
import { describeProblem } from './explain.js';
import {
  callSiteOf,
  formatCount,
  type CallSite,
  type ClientProblem,
  type SessionEnd,
} from './failure.js';
import { receivedMessage, type ReceivedMessage } from './messages.js';
import type {
  FrameOptions,
  SendArguments,
  SubscribeOptions,
  NackOptions,
  TransactedOptions,
} from './options.js';
import { TestSubscription } from './test-subscription.js';

/** Id of the subscription to the problem queue that the kit makes for each client. */
const problemsId = 'problems';

/** @internal */
export interface ClientParts {
  readonly environment: TestEnvironment;
  readonly connection: MemoryClient;
  readonly protocol: ClientProtocol;
}

/** A client of a test server; `TestServer.connect()` returns it. */
export class TestClient<M extends object = AnyDestinations> {
  readonly #environment: TestEnvironment;
  readonly #state: ClientState;
  readonly #connection: ClientConnection;
  /** By id; ended subscriptions stay until their id is used again. */
  readonly #subscriptions = new Map<string, TestSubscription>();
  #connected = false;
  #subscriptionIds = 0;

  /** @internal */
  constructor(
    /** Session id. */
    readonly session: string,
    user: string | undefined,
    { environment, connection, protocol }: ClientParts,
  ) {
    const state = new ClientState(session, user);
    this.#environment = environment;
    this.#state = state;
    this.#connection = new ClientConnection({
      environment,
      state,
      connection,
      protocol,
      onFrame: (frame) => this.#receive(frame),
    });
    environment.clients.set(session, state);
  }

  /** User of the session as the server reported it; before CONNECTED, the user that the test named. */
  get user(): string | undefined {
    return this.#state.user;
  }

  /** Name of the client in failure messages, such as `ann (session-1)`. */
  get label(): string {
    return this.#state.label;
  }

  /** True if the server accepted CONNECT and the session is open. */
  get connected(): boolean {
    return this.#connected && this.#state.end === undefined;
  }

  /** How the session ended; undefined while it is open. */
  get closed(): SessionEnd | undefined {
    return this.#state.readEnd();
  }

  /** The ERROR that ended the session; undefined if there was none. */
  get error(): ClientProblem | undefined {
    return this.#state.readError();
  }

  /** Problems that did not end the session, in order of arrival. */
  get problems(): readonly ClientProblem[] {
    return this.#state.readProblems();
  }

  /** Ids of the receipts that the client received, in order of arrival. */
  get receipts(): readonly string[] {
    return [...this.#state.receipts];
  }

  /** Number of heart-beats that the client received. */
  get heartbeats(): number {
    return this.#state.heartbeats;
  }

  /**
   * Sends SUBSCRIBE. Resolves when the subscription is active.
   *
   * @throws {TestFailure} when the server rejects the subscription; its `problem` is the reason
   */
  async subscribe<const D extends string, T extends PayloadDescription | undefined = undefined>(
    destination: D & KnownDestination<M, D>,
    options: SubscribeOptions<T> = {},
  ): Promise<TestSubscription<T extends PayloadDescription ? PayloadAs<T> : PayloadAt<M, D>>> {
    const site = callSiteOf(this, 'subscribe');
    const subscription = await this.#subscribe(destination, options, site);
    return subscription as TestSubscription<
      T extends PayloadDescription ? PayloadAs<T> : PayloadAt<M, D>
    >;
  }

  /**
   * Sends SEND. Resolves when the server has processed the frame and everything that it caused has arrived. If the server
   * rejects the frame or its handler fails, the problem is in `problems`.
   *
   * @throws {TestFailure} when no converter can write the payload, or the session has ended
   */
  async send<const D extends string>(
    destination: D & KnownDestination<M, D>,
    ...[payload, options = {}]: SendArguments<PayloadAt<M, D>>
  ): Promise<void> {
    const site = callSiteOf(this, 'send');
    const { receipt, transaction } = options;
    const message = this.#connection.writeMessage(destination, payload, options, site);
    await this.#connection.send({ kind: 'send', message, receipt, transaction }, site);
  }

  /**
   * Sends ACK for a message of a subscription with `ack: 'client'` or `'client-individual'`.
   *
   * @throws {TestFailure} when the subscription has `ack: 'auto'`
   */
  async ack(message: ReceivedMessage, options: TransactedOptions = {}): Promise<void> {
    await this.#settle('ack', message, options, callSiteOf(this, 'ack'));
  }

  /**
   * Sends NACK for a message of a subscription with `ack: 'client'` or `'client-individual'`.
   *
   * @throws {TestFailure} when the subscription has `ack: 'auto'`
   */
  async nack(message: ReceivedMessage, options: NackOptions = {}): Promise<void> {
    await this.#settle('nack', message, options, callSiteOf(this, 'nack'));
  }

  /** Sends BEGIN: starts a transaction with this id. */
  async begin(transaction: string, options: FrameOptions = {}): Promise<void> {
    const site = callSiteOf(this, 'begin');
    await this.#connection.send({ kind: 'begin', transaction, ...options }, site);
  }

  /** Sends COMMIT: the server processes the frames of the transaction. */
  async commit(transaction: string, options: FrameOptions = {}): Promise<void> {
    const site = callSiteOf(this, 'commit');
    await this.#connection.send({ kind: 'commit', transaction, ...options }, site);
  }

  /** Sends ABORT: the server drops the frames of the transaction. */
  async abort(transaction: string, options: FrameOptions = {}): Promise<void> {
    const site = callSiteOf(this, 'abort');
    await this.#connection.send({ kind: 'abort', transaction, ...options }, site);
  }

  /** Sends a heart-beat. */
  beat(): void {
    this.#connection.sendHeartbeat(callSiteOf(this, 'beat'));
  }

  /** Sends DISCONNECT. Resolves when the session has ended. */
  async disconnect(options: FrameOptions = {}): Promise<void> {
    const site = callSiteOf(this, 'disconnect');
    await this.#connection.send({ kind: 'disconnect', ...options }, site);
  }

  /** Cuts off the connection without a close code, like a network failure. */
  async vanish(): Promise<void> {
    this.#state.expectEnd();
    await this.#connection.close();
  }

  /** Sends CONNECT, and right after it the subscription to the problem queue. @internal */
  async open(frame: ConnectFrame, subscribeProblems: boolean, site: CallSite): Promise<void> {
    const { problemDestination } = this.#environment;
    const frames = subscribeProblems
      ? [frame, subscribeFrame(problemsId, problemDestination)]
      : [frame];
    const [connected] = await Promise.all(frames.map((each) => this.#connection.send(each, site)));
    this.#connected = connected!;
  }

  /** Called when the server starts to process the next frame. @internal */
  frameStarted(): (processed: boolean) => void {
    return this.#connection.frameStarted();
  }

  /** Closes the connection at the end of the test. @internal */
  async leave(): Promise<void> {
    if (this.#state.end !== undefined) return;
    this.#state.expectEnd();
    await this.#connection.close(1000);
  }

  /**
   * Lists the problems and the abnormal end that the test has not read.
   *
   * @param strict also lists unread messages
   * @internal
   */
  listUnread(strict: boolean): string[] {
    const { label, unreadProblems, end, hasUnreadEnd } = this.#state;
    const problems = unreadProblems.map(
      (problem) =>
        `${label} received ${describeProblem(this.#environment, problem)} The test has not read its 'problems'.`,
    );
    const ends = hasUnreadEnd
      ? [
          `${label} was ${this.#state.describeEnd(end!)}. The test has not read its 'closed' or 'error'.`,
        ]
      : [];
    if (!strict) return [...problems, ...ends];
    const messages = this.#openSubscriptions
      .filter(({ unreadCount }) => unreadCount > 0)
      .map(
        ({ unreadCount, destination }) =>
          `${label} has not read ${formatCount(unreadCount, 'message')} from ${destination}.`,
      );
    return [...problems, ...ends, ...messages];
  }

  get #openSubscriptions(): readonly TestSubscription[] {
    return [...this.#subscriptions.values()].filter(({ open }) => open);
  }

  #receive(frame: ServerFrame | Heartbeat): void {
    if (frame.kind === 'message')
      this.#receiveMessage(receivedMessage(frame, this.#environment.payloads));
    else this.#state.receive(frame);
  }

  #receiveMessage(message: ReceivedMessage): void {
    // Looked up first: a test may use the id 'problems' for its own subscription.
    const subscription = this.#subscriptions.get(message.subscription);
    if (subscription?.open) return subscription.receive(message);
    if (message.subscription !== problemsId) return;
    const { problemDestination } = this.#environment;
    const readElsewhere = this.#openSubscriptions.some(
      ({ destination }) => destination === problemDestination,
    );
    this.#state.addProblem(message.payload as ClientProblem, readElsewhere);
  }

  async #subscribe(
    destination: string,
    options: SubscribeOptions<PayloadDescription | undefined>,
    site: CallSite,
  ): Promise<TestSubscription> {
    const { id = `sub-${++this.#subscriptionIds}`, ack, headers, receipt } = options;
    const type = options.type === undefined ? undefined : payloadTypeOf(options.type);
    if (options.type !== undefined && type === undefined)
      throw this.#connection.failure(
        site,
        `The 'type' of the subscription to ${destination} is a class that payloads cannot be converted to.`,
      );
    if (this.#subscriptions.get(id)?.open)
      throw this.#connection.failure(site, `${this.label} already has a subscription '${id}'.`);
    const subscription = new TestSubscription(id, destination, {
      environment: this.#environment,
      connection: this.#connection,
      client: this.#state,
      type,
    });
    // Set before the answer: messages can arrive with it.
    this.#subscriptions.set(id, subscription);
    const frame = { ...subscribeFrame(id, destination, ack, headers), receipt };
    if (await this.#connection.send(frame, site)) return subscription;
    this.#subscriptions.delete(id);
    throw this.#connection.rejection(`SUBSCRIBE ${destination}`, site);
  }

  async #settle(
    kind: 'ack' | 'nack',
    { ack, subscription, destination }: ReceivedMessage,
    options: NackOptions,
    site: CallSite,
  ): Promise<void> {
    if (ack === undefined)
      throw this.#connection.failure(
        site,
        `The message from ${destination} needs no acknowledgement; subscribe with { ack: 'client' }.`,
      );
    await this.#connection.send({ kind, id: ack, subscription, ...options }, site);
  }
}

function subscribeFrame(
  id: string,
  destination: string,
  ack: AckMode = 'auto',
  headers: Readonly<Record<string, string>> = {},
): SubscribeFrame {
  const entries = Object.entries(headers);
  return {
    kind: 'subscribe',
    id,
    destination,
    ack,
    headers: entries.length === 0 ? noHeaders : new Map(entries),
  };
}
