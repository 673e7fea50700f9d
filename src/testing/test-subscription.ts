// A subscription of a test's client: what came to it, what comes next, and that nothing comes.
import { MessagingError } from '../message/error.js';
import type { Payloads, PayloadType } from '../payload/converter.js';
import { explainProblems, explainPublished, show, showProblem } from './explain.js';
import { siteOf, type Site } from './failure.js';
import type { Pipeline } from './pipeline.js';
import type { Received } from './received.js';
import { failIn, type Player, type Scene } from './scene.js';

/** @internal */
export interface SubscriptionParts {
  readonly scene: Scene;
  readonly pipeline: Pipeline;
  /** Whose it is. */
  readonly client: Player;
  /** What payloads are to be; undefined for what their content type says. */
  readonly type: PayloadType | undefined;
  /** How it has ended, as a sentence; undefined while it is live. */
  readonly ended: () => string | undefined;
  readonly end: (site: Site) => Promise<void>;
}

/** Says of a message whether it is the one that is waited for. */
export type Fits = (message: Received) => boolean;

interface Waiter {
  readonly fits: Fits;
  readonly take: (message: Received) => void;
}

const anyMessage: Fits = () => true;

export class TestSubscription<T = unknown> {
  readonly #parts: SubscriptionParts;
  readonly #unread: Received[] = [];
  readonly #waiters: Waiter[] = [];
  /** Publications before it began. */
  readonly #since: number;
  #count = 0;

  /** @internal */
  constructor(
    readonly id: string,
    /** As the client named it. */
    readonly destination: string,
    parts: SubscriptionParts,
  ) {
    this.#parts = parts;
    this.#since = parts.scene.publications.all.length;
  }

  /** The messages that came and that nobody has read. @internal */
  get unread(): readonly Received[] {
    return this.#unread;
  }

  /** A message came. @internal */
  receive(message: Received): void {
    this.#count++;
    const at = this.#waiters.findIndex(({ fits }) => fits(message));
    const [waiter] = at < 0 ? [] : this.#waiters.splice(at, 1);
    if (waiter === undefined) this.#unread.push(message);
    else waiter.take(message);
  }

  /**
   * The next message, in the order in which they came. Where none is there and nothing more can come it fails, and says what
   * was published instead.
   *
   * @param fits which message it is to be, by its payload before any class or schema; others are left to be read. Default: any.
   */
  async next(fits: Fits = anyMessage): Promise<Received<T>> {
    const site = siteOf(this, 'next');
    const at = this.#unread.findIndex(fits);
    const [message] = at < 0 ? [] : this.#unread.splice(at, 1);
    return this.#read(message ?? (await this.#arrival(fits, site)), site);
  }

  /** Resolves when the server has come to rest and no message is left to read; fails with those that are. */
  async expectNone(): Promise<void> {
    const site = siteOf(this, 'expectNone');
    await this.#parts.pipeline.rest(`Whether ${this.#name} gets nothing cannot be said`, site);
    if (this.#unread.length === 0) return;
    throw this.#failure(
      [`${this.#name} got what was not expected:`, ...this.#explainUnread()],
      site,
    );
  }

  /** Waits for rest, and takes all messages that nobody has read. */
  async drain(): Promise<readonly Received<T>[]> {
    const site = siteOf(this, 'drain');
    await this.#parts.pipeline.rest(`All that ${this.#name} gets cannot be said`, site);
    return Promise.all(this.#unread.splice(0).map((message) => this.#read(message, site)));
  }

  /** UNSUBSCRIBE; what came before can still be read. */
  async unsubscribe(): Promise<void> {
    await this.#parts.end(siteOf(this, 'unsubscribe'));
  }

  get #name(): string {
    return `${this.#parts.client.label}, subscribed to ${this.destination},`;
  }

  #explainUnread(): readonly string[] {
    return this.#unread.map(({ destination, payload }) => `  ${destination} ${show(payload)}`);
  }

  #arrival(fits: Fits, site: Site): Promise<Received> {
    return new Promise((resolve, reject) => {
      const waiter = { fits, take: resolve };
      this.#waiters.push(waiter);
      void this.#parts.pipeline.exhausted().then((why) => {
        const at = this.#waiters.indexOf(waiter);
        if (at < 0) return;
        this.#waiters.splice(at, 1);
        reject(this.#missing(why, site));
      });
    });
  }

  async #read(message: Received, site: Site): Promise<Received<T>> {
    const { type, scene } = this.#parts;
    if (type === undefined) return message as Received<T>;
    try {
      return { ...message, payload: (await readAs(message, type, scene.payloads)) as T };
    } catch (error) {
      if (!(error instanceof MessagingError)) throw error;
      throw this.#failure(
        [
          `${this.#name} got a payload that is not of its type: ${showProblem(error)}`,
          `  ${show(message.payload)}`,
        ],
        site,
      );
    }
  }

  #missing(why: string, site: Site): Error {
    const { scene, client, ended } = this.#parts;
    const unread = this.#explainUnread();
    const left = unread.length === 0 ? 'all of them read.' : 'and these do not fit:';
    const before = this.#count === 0 ? '' : ` It got ${this.#count} before, ${left}`;
    return this.#failure(
      [
        `${this.#name} has no message to read. ${ended() ?? why}${before}`,
        ...unread,
        ...explainPublished(scene, {
          destination: this.destination,
          session: client.session,
          since: this.#since,
        }),
        ...explainProblems(scene),
      ],
      site,
    );
  }

  #failure(lines: readonly string[], site: Site): Error {
    return failIn(this.#parts.scene, lines.join('\n'), site);
  }
}

function readAs(message: Received, type: PayloadType, payloads: Payloads): unknown {
  const { destination, headers, body } = message;
  return payloads.read({ destination, headers: new Map(Object.entries(headers)), body }, type);
}
