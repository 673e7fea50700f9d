// A client of the server under test: says what clients say, and keeps what it hears as values.
import type { ConnectFrame } from '../message/frame.js';
import { payloadTypeOf } from '../payload/payload-type.js';
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
import { showEnding } from './explain.js';
import { siteOf, type Site } from './failure.js';
import type {
  FrameOptions,
  SendArguments,
  SubscribeOptions,
  TransactedOptions,
} from './frame-options.js';
import { Heard, problemsId } from './heard.js';
import { Line, type Verdict } from './line.js';
import type { Pipeline } from './pipeline.js';
import type { Received } from './received.js';
import { subscribeFrame } from './said-frame.js';
import { problemDestination, type Scene } from './scene.js';
import { Speech } from './speech.js';
import { TestSubscription } from './test-subscription.js';

/** @internal */
export interface ClientParts {
  readonly scene: Scene;
  readonly pipeline: Pipeline;
  readonly connection: MemoryClient;
  readonly protocol: ClientProtocol;
}

export class TestClient<M extends object = AnyDestinations> {
  readonly #parts: ClientParts;
  readonly #problemQueue: string;
  readonly #heard: Heard;
  readonly #line: Line;
  readonly #speech: Speech;
  #connected = false;
  #ids = 0;

  /** @internal */
  constructor(
    /** The server's id of its session. */
    readonly session: string,
    user: string | undefined,
    parts: ClientParts,
  ) {
    const { scene, pipeline, connection, protocol } = parts;
    this.#parts = parts;
    this.#problemQueue = problemDestination(scene);
    this.#heard = new Heard(user, this.#problemQueue, scene.payloads);
    this.#line = new Line(connection, protocol, (frame) => this.#heard.hear(frame));
    const { trouble } = this.#heard;
    this.#speech = new Speech({ scene, pipeline, line: this.#line, trouble, speaker: this });
  }

  /** Who the server says it is; before it said so, who the test says. */
  get user(): string | undefined {
    return this.#heard.user;
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
    this.#heard.trouble.expectEnd();
    return this.#line.ending;
  }

  /** The ERROR that ended the session, if one did. */
  get error(): ClientProblem | undefined {
    return this.#heard.trouble.readError();
  }

  /** What the client was told of failures that the session survived, in order. */
  get problems(): readonly ClientProblem[] {
    return this.#heard.trouble.readProblems();
  }

  /** The ids of the receipts that came, in order. */
  get receipts(): readonly string[] {
    return [...this.#heard.receipts];
  }

  /** How many heart-beats came. */
  get heartbeats(): number {
    return this.#heard.heartbeats;
  }

  /** All that it was told of failures, which counts as no look. @internal */
  get told(): readonly ClientProblem[] {
    return this.#heard.trouble.all;
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
    const message = this.#speech.compose(destination, payload, options, site);
    await this.#speech.say({ kind: 'send', message, receipt, transaction }, site);
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
    await this.#speech.say({ kind: 'begin', transaction, ...options }, siteOf(this, 'begin'));
  }

  async commit(transaction: string, options: FrameOptions = {}): Promise<void> {
    await this.#speech.say({ kind: 'commit', transaction, ...options }, siteOf(this, 'commit'));
  }

  async abort(transaction: string, options: FrameOptions = {}): Promise<void> {
    await this.#speech.say({ kind: 'abort', transaction, ...options }, siteOf(this, 'abort'));
  }

  /** A heart-beat. */
  beat(): void {
    this.#speech.mustLive('heart-beat', siteOf(this, 'beat'));
    this.#line.beat();
  }

  /** Says DISCONNECT, and is gone when this resolves. */
  async disconnect(options: FrameOptions = {}): Promise<void> {
    await this.#speech.say({ kind: 'disconnect', ...options }, siteOf(this, 'disconnect'));
  }

  /** Is gone without a word, as a client whose network broke. */
  async vanish(): Promise<void> {
    this.#heard.trouble.expectEnd();
    await this.#line.leave();
  }

  /** Says CONNECT, and at once what is to follow it; a refusal stands in `error` and `closed`. @internal */
  async open(frame: ConnectFrame, problems: boolean, site: Site): Promise<void> {
    const said = [frame, ...(problems ? [subscribeFrame(problemsId, this.#problemQueue)] : [])];
    const [connected] = await Promise.all(said.map((each) => this.#speech.say(each, site)));
    this.#connected = connected!;
  }

  /** The server begins with the next frame. @internal */
  begun(): Verdict {
    return this.#line.begin();
  }

  /** Leaves, whatever is under way. @internal */
  async leave(): Promise<void> {
    if (this.#line.ending !== undefined) return;
    this.#heard.trouble.expectEnd();
    await this.#line.leave(1000);
  }

  /** What went wrong and no expectation looked at; with `strict`, what came and nobody read as well. @internal */
  looseEnds(strict: boolean): string[] {
    const troubles = this.#heard.trouble.looseEnds(
      this.label,
      this.#line.ending,
      this.#parts.scene,
    );
    const unread = this.#heard.unread.map(
      (each) => `${this.label} has not read ${each.unread.length} of ${each.destination}.`,
    );
    return strict ? [...troubles, ...unread] : troubles;
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
    const { subscriptions } = this.#heard;
    const wanted = type === undefined ? undefined : payloadTypeOf(type);
    if (type !== undefined && wanted === undefined)
      throw this.#speech.fail(`No payload can become what the type of ${destination} says.`, site);
    if (subscriptions.has(id))
      throw this.#speech.fail(`${this.label} has a subscription '${id}' already.`, site);
    const subscription: TestSubscription = new TestSubscription(id, destination, {
      ...this.#parts,
      client: this,
      type: wanted,
      ended: () => this.#endOf(subscription),
      end: (end) => this.#unsubscribe(subscription, end),
    });
    subscriptions.set(id, subscription);
    const frame = { ...subscribeFrame(id, destination, ack, headers), receipt };
    if (await this.#speech.say(frame, site)) return subscription;
    subscriptions.delete(id);
    throw this.#speech.refusal(`SUBSCRIBE ${destination}`, site);
  }

  async #unsubscribe(subscription: TestSubscription, site: Site): Promise<void> {
    const { id, destination } = subscription;
    if (!this.#isLive(subscription))
      throw this.#speech.fail(
        `${this.label} has ended its subscription to ${destination} already.`,
        site,
      );
    this.#heard.subscriptions.delete(id);
    if (!(await this.#speech.say({ kind: 'unsubscribe', id }, site)))
      throw this.#speech.refusal(`UNSUBSCRIBE ${destination}`, site);
  }

  async #settle(
    kind: 'ack' | 'nack',
    { ack, subscription, destination }: Received,
    options: TransactedOptions,
    site: Site,
  ): Promise<void> {
    if (ack === undefined)
      throw this.#speech.fail(
        `The message of ${destination} wants no acknowledgement; subscribe with { ack: 'client' }.`,
        site,
      );
    await this.#speech.say({ kind, id: ack, subscription, ...options }, site);
  }

  #isLive(subscription: TestSubscription): boolean {
    return this.#heard.subscriptions.get(subscription.id) === subscription;
  }

  #endOf(subscription: TestSubscription): string | undefined {
    const { ending } = this.#line;
    if (ending !== undefined) return `The session was ${showEnding(ending)}.`;
    return this.#isLive(subscription) ? undefined : 'It was unsubscribed.';
  }
}
