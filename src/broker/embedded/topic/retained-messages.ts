// Retained messages: the last message of each chosen destination, delivered first to new subscriptions.
import {
  isClientPattern,
  matchesClientPattern,
  parseClientPattern,
  splitDestination,
} from '../../../pattern/client-pattern.js';
import {
  compileDestination,
  type DestinationPattern,
} from '../../../pattern/destination-pattern.js';
import type { Separator } from '../../../pattern/separator.js';
import type { Logger } from '../../../message/logger.js';
import { sizeOf } from '../../../message/kept-message.js';
import type { Message } from '../../../message/message.js';
import { Quota } from '../../../message/quota.js';
import { SharedMap } from '../../../message/shared-map.js';
import { keptPublication, type Publication } from '../../publication.js';
import type { Entry } from './subscription-index.js';

/** Topics whose last message is kept for new subscribers. */
export interface RetainOptions {
  /** Destinations and patterns whose last message is kept. @default none */
  readonly destinations: readonly string[];
  /** True to keep every message with the header `retain:true`; clients can then fill the store. @default false */
  readonly byHeader: boolean;
  /**
   * Destinations with a kept message; the oldest message is dropped when there are more. The messages that one client has sent may be
   * a share of them (`limits.shares`). @default 10,000
   */
  readonly maxMessages: number;
  /**
   * Bytes of all kept messages, with headers and bookkeeping; the oldest message is dropped when there are more. One client may use a
   * share of them. @default 16 MiB
   */
  readonly maxBytes: number;
}

export const defaultRetainOptions: RetainOptions = {
  destinations: [],
  byHeader: false,
  maxMessages: 10_000,
  maxBytes: 16 * 1024 * 1024,
};

const none: readonly Publication[] = [];

export class RetainedMessages {
  /** False when the options retain no messages at all. */
  readonly enabled: boolean;
  readonly #rules: readonly DestinationPattern[];
  /** By destination. */
  readonly #kept: SharedMap<Publication>;

  /** @throws {MessagingError} `pattern-invalid` when an item of `destinations` is malformed */
  constructor(
    private readonly options: RetainOptions,
    private readonly separator: Separator,
    private readonly logger: Logger,
    shares: number,
  ) {
    this.#kept = new SharedMap({
      entries: new Quota(options.maxMessages, shares),
      bytes: new Quota(options.maxBytes, shares),
    });
    this.#rules = options.destinations.map((destination) =>
      compileDestination(destination, separator),
    );
    this.enabled = this.#rules.length > 0 || options.byHeader;
  }

  /** Keeps the message if its destination is chosen; an empty body removes the kept message. */
  consider(publication: Publication): void {
    const { message } = publication;
    const { destination, body } = message;
    if (!this.#keeps(message)) return;
    if (body.length === 0) this.#kept.delete(destination);
    else
      this.#kept.set(
        destination,
        keptPublication(publication),
        publication.account,
        sizeOf(message),
      );
  }

  /** The kept messages of a destination, or of all destinations that match a client's pattern. */
  matching(destination: string): readonly Publication[] {
    if (this.#kept.size === 0) return none;
    const kept = this.#kept.get(destination);
    if (kept !== undefined) return [kept];
    if (!isClientPattern(destination)) return none;
    const pattern = parseClientPattern(destination, this.separator);
    return [...this.#kept.values()].filter(({ message }) =>
      matchesClientPattern(pattern, splitDestination(message.destination, this.separator)),
    );
  }

  /** Delivers the kept messages to a new subscription, as its subscriber has room. */
  deliver(entry: Entry, isLive: () => boolean): void {
    const matching = this.matching(entry.subscription.destination);
    if (matching.length > 0) void this.#deliverAll(matching, entry, isLive);
  }

  clear(): void {
    this.#kept.clear();
  }

  async #deliverAll(
    matching: readonly Publication[],
    { subscriber, subscription }: Entry,
    isLive: () => boolean,
  ): Promise<void> {
    try {
      for (const each of matching) {
        if (!isLive()) return;
        // A message that was replaced while there was no room has been delivered as a new one.
        if (this.#kept.get(each.message.destination) !== each) continue;
        if (!subscriber.deliver(subscription, each, { retained: true })) await subscriber.room();
      }
    } catch (error) {
      this.logger.error(`A delivery to the subscriber ${subscriber.id} failed.`, error);
    }
  }

  #keeps({ destination, headers }: Message): boolean {
    return (
      (this.options.byHeader && headers.get('retain') === 'true') ||
      this.#rules.some((rule) => rule.match(destination) !== undefined)
    );
  }
}
