// A client of the server under test: says what clients say, and keeps what it hears as values.
import { MessagingError } from '../message/error.js';
import type { ClientFrame, ConnectFrame, Heartbeat, ServerFrame } from '../message/frame.js';
import type { Message } from '../message/message.js';
import { payloadTypeOf } from '../payload/payload-type.js';
import { problemQueue } from '../server/problem.js';
import type { MemoryClient } from '../transport/memory.js';
import type { ClientProblem, Ending } from './client-problem.js';
import type { ClientProtocol } from './client-protocol.js';
import type {
  AnyDestinations,
  Listed,
  PayloadAs,
  PayloadAt,
  PayloadDescription,
} from './destination-map.js';
import { nearestRoute, showEnding, showProblem } from './explain.js';
import { siteOf, type Site } from './failure.js';
import type {
  FrameOptions,
  SendArguments,
  SendOptions,
  SubscribeOptions,
  TransactedOptions,
} from './frame-options.js';
import { Line, type Verdict } from './line.js';
import type { Pipeline } from './pipeline.js';
import { receivedOf, type Received } from './received.js';
import { messageOf, nameOf, subscribeFrame } from './said-frame.js';
import { failIn, type Scene } from './scene.js';
import { TestSubscription } from './test-subscription.js';
import { Trouble } from './trouble.js';

/** @internal */
export interface ClientParts {
  readonly scene: Scene;
  readonly pipeline: Pipeline;
  readonly connection: MemoryClient;
  readonly protocol: ClientProtocol;
}

/** By which the kit subscribes a client's problems. */
const problemsId = 'problems';

export class TestClient<M extends object = AnyDestinations> {
  readonly #parts: ClientParts;
  readonly #line: Line;
  readonly #subscriptions = new Map<string, TestSubscription>();
  readonly #trouble = new Trouble();
  readonly #receipts: string[] = [];
  #user: string | undefined;
  #connected = false;
  #heartbeats = 0;
  #ids = 0;

  /** @internal */
  constructor(
    /** The server's id of its session. */
    readonly session: string,
    user: string | undefined,
    parts: ClientParts,
  ) {
    this.#user = user;
    this.#parts = parts;
    this.#line = new Line(parts.connection, parts.protocol, (frame) => this.#hear(frame));
  }

  /** Who the server says it is; before it said so, who the test says. */
  get user(): string | undefined {
    return this.#user;
  }

  /** For people: `ann (session-1)`. */
  get label(): string {
    return `${this.user ?? 'anonymous'} (${this.session})`;
  }

  /** Whether CONNECT was accepted and the session lives. */
  get connected(): boolean {
    return this.#connected && this.#line.ending === undefined;
  }

  /** How the session ended; undefined while it lives. */
  get closed(): Ending | undefined {
    this.#trouble.expectEnd();
    return this.#line.ending;
  }

  /** The ERROR that ended the session, if one did. */
  get error(): ClientProblem | undefined {
    return this.#trouble.readError();
  }

  /** What the client was told of failures that the session survived, in order. */
  get problems(): readonly ClientProblem[] {
    return this.#trouble.readProblems();
  }

  /** The ids of the receipts that came, in order. */
  get receipts(): readonly string[] {
    return [...this.#receipts];
  }

  /** How many heart-beats came. */
  get heartbeats(): number {
    return this.#heartbeats;
  }

  /** All that it was told of failures, which counts as no look. @internal */
  get told(): readonly ClientProblem[] {
    return this.#trouble.all;
  }

  /** Resolves when the subscription is live; fails where the server refuses it. */
  async subscribe<const D extends string, T extends PayloadDescription | undefined = undefined>(
    destination: D & Listed<M, D>,
    options: SubscribeOptions<T> = {},
  ): Promise<TestSubscription<T extends PayloadDescription ? PayloadAs<T> : PayloadAt<M, D>>> {
    const site = siteOf(this, 'subscribe');
    const subscription = await this.#subscribe(destination, options, site);
    return subscription as TestSubscription<
      T extends PayloadDescription ? PayloadAs<T> : PayloadAt<M, D>
    >;
  }

  /** Resolves when the server has worked it off and all that came of it has arrived; what went wrong stands in `problems`. */
  async send<const D extends string>(
    destination: D & Listed<M, D>,
    ...[payload, options = {}]: SendArguments<PayloadAt<M, D>>
  ): Promise<void> {
    const site = siteOf(this, 'send');
    const { receipt, transaction } = options;
    const message = this.#compose(destination, payload, options, site);
    await this.#say({ kind: 'send', message, receipt, transaction }, site);
  }

  /** Acknowledges a message of a subscription with `ack: 'client'` or `'client-individual'`. */
  async ack(message: Received, options: TransactedOptions = {}): Promise<void> {
    await this.#settle('ack', message, options, siteOf(this, 'ack'));
  }

  /** Refuses a message of such a subscription. */
  async nack(message: Received, options: TransactedOptions = {}): Promise<void> {
    await this.#settle('nack', message, options, siteOf(this, 'nack'));
  }

  async begin(transaction: string, options: FrameOptions = {}): Promise<void> {
    await this.#say({ kind: 'begin', transaction, ...options }, siteOf(this, 'begin'));
  }

  async commit(transaction: string, options: FrameOptions = {}): Promise<void> {
    await this.#say({ kind: 'commit', transaction, ...options }, siteOf(this, 'commit'));
  }

  async abort(transaction: string, options: FrameOptions = {}): Promise<void> {
    await this.#say({ kind: 'abort', transaction, ...options }, siteOf(this, 'abort'));
  }

  /** A heart-beat. */
  beat(): void {
    this.#mustLive('heart-beat', siteOf(this, 'beat'));
    this.#line.beat();
  }

  /** Says DISCONNECT, and is gone when this resolves. */
  async disconnect(options: FrameOptions = {}): Promise<void> {
    await this.#say({ kind: 'disconnect', ...options }, siteOf(this, 'disconnect'));
  }

  /** Is gone without a word, as a client whose network broke. */
  async vanish(): Promise<void> {
    this.#trouble.expectEnd();
    await this.#line.leave();
  }

  /** Says CONNECT, and at once what is to follow it; a refusal stands in `error` and `closed`. @internal */
  async open(frame: ConnectFrame, problems: boolean, site: Site): Promise<void> {
    const connected = this.#say(frame, site);
    if (problems) await this.#say(subscribeFrame(problemsId, this.#problemQueue), site);
    this.#connected = await connected;
  }

  /** The server begins with the next frame. @internal */
  begun(): Verdict {
    return this.#line.begin();
  }

  /** Leaves, whatever is under way. @internal */
  async leave(): Promise<void> {
    if (this.#line.ending !== undefined) return;
    this.#trouble.expectEnd();
    await this.#line.leave(1000);
  }

  /** What went wrong and no expectation looked at; with `strict`, what came and nobody read as well. @internal */
  looseEnds(strict: boolean): string[] {
    const troubles = this.#trouble.looseEnds(this.label, this.#line.ending, this.#parts.scene);
    if (!strict) return troubles;
    const unread = [...this.#subscriptions.values()].filter(({ unread: { length } }) => length > 0);
    return [
      ...troubles,
      ...unread.map(
        ({ destination, unread: { length } }) =>
          `${this.label} has not read ${length} of ${destination}.`,
      ),
    ];
  }

  get #problemQueue(): string {
    return `${this.#parts.scene.users.prefix}${problemQueue}`;
  }

  async #subscribe(
    destination: string,
    {
      id = `sub-${++this.#ids}`,
      ack = 'auto',
      headers,
      receipt,
      type,
    }: SubscribeOptions<PayloadDescription | undefined>,
    site: Site,
  ): Promise<TestSubscription> {
    const { scene, pipeline } = this.#parts;
    const wanted = type === undefined ? undefined : payloadTypeOf(type);
    if (type !== undefined && wanted === undefined)
      throw failIn(scene, `No payload can become what the type of ${destination} says.`, site);
    if (this.#subscriptions.has(id))
      throw failIn(scene, `${this.label} has a subscription '${id}' already.`, site);
    const subscription: TestSubscription = new TestSubscription(id, destination, {
      scene,
      pipeline,
      client: this,
      type: wanted,
      ended: () => this.#endOf(subscription),
      end: (end) => this.#unsubscribe(subscription, end),
    });
    this.#subscriptions.set(id, subscription);
    const frame = { ...subscribeFrame(id, destination, ack, headers), receipt };
    if (await this.#say(frame, site)) return subscription;
    this.#subscriptions.delete(id);
    throw this.#refused(`SUBSCRIBE ${destination}`, site);
  }

  async #unsubscribe(subscription: TestSubscription, site: Site): Promise<void> {
    const { id, destination } = subscription;
    if (this.#subscriptions.get(id) !== subscription)
      throw failIn(
        this.#parts.scene,
        `${this.label} has ended its subscription to ${destination} already.`,
        site,
      );
    this.#subscriptions.delete(id);
    if (!(await this.#say({ kind: 'unsubscribe', id }, site)))
      throw this.#refused(`UNSUBSCRIBE ${destination}`, site);
  }

  async #settle(
    kind: 'ack' | 'nack',
    { ack, subscription, destination }: Received,
    options: TransactedOptions,
    site: Site,
  ): Promise<void> {
    if (ack === undefined)
      throw failIn(
        this.#parts.scene,
        `The message of ${destination} wants no acknowledgement; subscribe with { ack: 'client' }.`,
        site,
      );
    await this.#say({ kind, id: ack, subscription, ...options }, site);
  }

  /** True when it was processed. */
  async #say(frame: ClientFrame, site: Site): Promise<boolean> {
    const name = nameOf(frame);
    this.#mustLive(name, site);
    return this.#parts.pipeline.after(this.#line.say(frame), `${name} of ${this.label}`, site);
  }

  #mustLive(name: string, site: Site): void {
    const { ending } = this.#line;
    if (ending === undefined) return;
    throw failIn(
      this.#parts.scene,
      `${name}: the session of ${this.label} was ${showEnding(ending)}${this.#trouble.cause}; it can say nothing more.`,
      site,
    );
  }

  #compose(
    destination: string,
    payload: unknown,
    { headers = {} }: SendOptions,
    site: Site,
  ): Message {
    const { scene } = this.#parts;
    try {
      return messageOf(destination, payload, headers, scene.payloads);
    } catch (error) {
      if (!(error instanceof MessagingError)) throw error;
      throw failIn(scene, `SEND ${destination}: ${error.message}`, site);
    }
  }

  #refused(frame: string, site: Site): Error {
    const { scene } = this.#parts;
    const problem = this.#trouble.take();
    if (problem === undefined) return failIn(scene, `${frame} of ${this.label} was refused.`, site);
    return failIn(
      scene,
      `${frame} of ${this.label} was refused: ${showProblem(problem)}${nearestRoute(scene, problem)}`,
      site,
      problem,
    );
  }

  #endOf(subscription: TestSubscription): string | undefined {
    const { ending } = this.#line;
    if (ending !== undefined) return `The session was ${showEnding(ending)}.`;
    return this.#subscriptions.get(subscription.id) === subscription
      ? undefined
      : 'It was unsubscribed.';
  }

  #hear(frame: ServerFrame | Heartbeat): void {
    switch (frame.kind) {
      case 'connected':
        this.#user = frame.user;
        return;
      case 'heartbeat':
        this.#heartbeats++;
        return;
      case 'receipt':
        this.#receipts.push(frame.receipt);
        return;
      case 'message':
        return this.#receive(receivedOf(frame, this.#parts.scene.payloads));
      case 'error': {
        const { kind: _, fatal, ...problem } = frame;
        if (fatal) this.#trouble.fail(problem);
        else this.#trouble.tell(problem);
        return;
      }
      default:
        return frame satisfies never;
    }
  }

  #receive(message: Received): void {
    if (message.subscription === problemsId) {
      const subscriptions = [...this.#subscriptions.values()];
      const elsewhere = subscriptions.some(({ destination }) => destination === this.#problemQueue);
      this.#trouble.tell(message.payload as ClientProblem, elsewhere);
    } else this.#subscriptions.get(message.subscription)?.receive(message);
  }
}
