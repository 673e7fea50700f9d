// A subscription of a test client: its messages, and failures that explain why a message is missing.
import { MessagingError } from '../message/error.js';
import type { PayloadType } from '../payload/converter.js';
import type { ClientConnection } from './client-connection.js';
import type { ClientState } from './client-state.js';
import type { TestEnvironment } from './environment.js';
import { explainProblems, explainPublications } from './explain.js';
import { callSiteOf, formatCount, formatProblem, formatValue, type CallSite } from './failure.js';
import type { ReceivedMessage } from './messages.js';

/** @internal */
export interface SubscriptionParts {
  readonly environment: TestEnvironment;
  readonly connection: ClientConnection;
  readonly client: ClientState;
  /** Type that payloads are converted to; undefined to read them by their content type. */
  readonly type: PayloadType | undefined;
}

/** Returns true for the message that `next()` waits for. */
export type MessageFilter = (message: ReceivedMessage) => boolean;

interface Reader {
  readonly filter: MessageFilter;
  readonly resolve: (message: ReceivedMessage) => void;
}

const anyMessage: MessageFilter = () => true;

/** A subscription of a test client; `TestClient.subscribe()` returns it. */
export class TestSubscription<T = unknown> {
  readonly #parts: SubscriptionParts;
  readonly #unread: ReceivedMessage[] = [];
  readonly #readers: Reader[] = [];
  /** Number of publications before the subscription started. */
  readonly #since: number;
  #received = 0;
  #open = true;

  /** @internal */
  constructor(
    /** Subscription id. */
    readonly id: string,
    /** Destination of SUBSCRIBE. */
    readonly destination: string,
    parts: SubscriptionParts,
  ) {
    this.#parts = parts;
    this.#since = parts.environment.recorder.publications.length;
  }

  /** True until the subscription is ended by `unsubscribe()`. @internal */
  get open(): boolean {
    return this.#open;
  }

  /** Number of messages that the test has not read. @internal */
  get unreadCount(): number {
    return this.#unread.length;
  }

  /** Called when a message has arrived. @internal */
  receive(message: ReceivedMessage): void {
    this.#received++;
    const index = this.#readers.findIndex(({ filter }) => filter(message));
    const [reader] = index < 0 ? [] : this.#readers.splice(index, 1);
    if (reader === undefined) this.#unread.push(message);
    else reader.resolve(message);
  }

  /**
   * Returns the next unread message. Waits while a handler runs or a stream is open.
   *
   * @param filter returns true for the message to read; the other messages stay unread. It sees payloads before they are
   *   converted to the `type` of the subscription. Default: the first message.
   * @throws {TestFailure} when no message matches and no more messages can arrive; the text lists the messages that were published
   */
  async next(filter: MessageFilter = anyMessage): Promise<ReceivedMessage<T>> {
    const site = callSiteOf(this, 'next');
    const index = this.#unread.findIndex(filter);
    const [message] = index < 0 ? [] : this.#unread.splice(index, 1);
    return this.#convert(message ?? (await this.#arrival(filter, site)), site);
  }

  /**
   * Waits until all handlers have finished, and checks that there is no unread message. It does not wait until open streams end.
   *
   * @throws {TestFailure} when there are unread messages, or a handler still runs after the `timeout` of the test server
   */
  async expectNone(): Promise<void> {
    const site = callSiteOf(this, 'expectNone');
    await this.#parts.environment.waitUntilIdle(`expectNone() of ${this.#name}`, site);
    if (this.#unread.length === 0) return;
    throw this.#failure(site, [
      `${this.#name}, received unexpected messages:`,
      ...this.#listUnread(),
    ]);
  }

  /**
   * Waits until all handlers and streams have finished, and returns all unread messages in order of arrival. Streams of other
   * subscriptions may stay open. Call `next()` to read the items of a stream that does not end.
   *
   * @throws {TestFailure} when a handler still runs, or a stream is open, after the `timeout` of the test server
   */
  async drain(): Promise<readonly ReceivedMessage<T>[]> {
    const site = callSiteOf(this, 'drain');
    const { environment, client } = this.#parts;
    const call = `drain() of ${this.#name}`;
    await environment.waitForAllMessages(client.session, this.id, call, site);
    return Promise.all(this.#unread.splice(0).map((message) => this.#convert(message, site)));
  }

  /**
   * Sends UNSUBSCRIBE. Messages that have already arrived can still be read.
   *
   * @throws {TestFailure} when the client has already unsubscribed
   */
  async unsubscribe(): Promise<void> {
    const site = callSiteOf(this, 'unsubscribe');
    const { connection, client } = this.#parts;
    const { id, destination } = this;
    if (!this.#open)
      throw this.#failure(site, [`${client.label} has already unsubscribed from ${destination}.`]);
    this.#open = false;
    if (!(await connection.send({ kind: 'unsubscribe', id }, site)))
      throw connection.rejection(`UNSUBSCRIBE ${destination}`, site);
  }

  get #name(): string {
    return `${this.#parts.client.label}, subscribed to ${this.destination}`;
  }

  /** Resolves with the first message that matches; rejects when no more messages can arrive. */
  #arrival(filter: MessageFilter, site: CallSite): Promise<ReceivedMessage> {
    return new Promise((resolve, reject) => {
      const reader = { filter, resolve };
      this.#readers.push(reader);
      void this.#parts.environment.waitForLastMessage().then((reason) => {
        const index = this.#readers.indexOf(reader);
        if (index < 0) return;
        this.#readers.splice(index, 1);
        reject(this.#missingMessage(reason, site));
      });
    });
  }

  async #convert(message: ReceivedMessage, site: CallSite): Promise<ReceivedMessage<T>> {
    const { type, environment } = this.#parts;
    if (type === undefined) return message as ReceivedMessage<T>;
    const { destination, headers, body } = message;
    const source = { destination, headers: new Map(Object.entries(headers)), body };
    try {
      return { ...message, payload: (await environment.payloads.read(source, type)) as T };
    } catch (error) {
      if (!(error instanceof MessagingError)) throw error;
      throw this.#failure(site, [
        `${this.#name}, received a payload that does not match its type: ${formatProblem(error)}`,
        `  ${formatValue(message.payload)}`,
      ]);
    }
  }

  /** @param reason why no more messages can arrive */
  #missingMessage(reason: string, site: CallSite): Error {
    const { environment, client } = this.#parts;
    const end = this.#describeEnd();
    return this.#failure(site, [
      `${this.#name}, has no message to read. ${end ?? reason}${this.#describeReceived()}`,
      ...this.#listUnread(),
      ...explainPublications(environment, {
        destination: this.destination,
        session: client.session,
        since: this.#since,
      }),
      ...explainProblems(environment),
    ]);
  }

  #describeEnd(): string | undefined {
    const { end } = this.#parts.client;
    if (end !== undefined) return `The session was ${this.#parts.client.describeEnd(end)}.`;
    return this.#open ? undefined : 'It was unsubscribed.';
  }

  #describeReceived(): string {
    if (this.#received === 0) return '';
    const count = formatCount(this.#received, 'message');
    return this.#unread.length === 0
      ? ` It received ${count} before; all were read.`
      : ` It received ${count} before; these are unread and do not match:`;
  }

  #listUnread(): readonly string[] {
    return this.#unread.map(
      ({ destination, payload }) => `  ${destination} ${formatValue(payload)}`,
    );
  }

  #failure(site: CallSite, lines: readonly string[]): Error {
    return this.#parts.environment.failure(site, lines.join('\n'));
  }
}
