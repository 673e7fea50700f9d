// Retained messages: the last message of each chosen destination, delivered first to new subscriptions.
import {
  isClientPattern,
  matchesClientPattern,
  parseClientPattern,
  splitDestination,
  type ClientPattern,
} from '../../../pattern/client-pattern.js';
import {
  compileDestination,
  type DestinationPattern,
} from '../../../pattern/destination-pattern.js';
import type { Separator } from '../../../pattern/separator.js';
import type { Clock } from '../../../message/clock.js';
import type { Logger } from '../../../message/logger.js';
import { sizeOf } from '../../../message/kept-message.js';
import { booleanOf, type Message } from '../../../message/message.js';
import { Quota } from '../../../message/quota.js';
import { SharedMap } from '../../../message/shared-map.js';
import { keptPublication, type Publication } from '../../publication.js';
import { RetainedMatches, type Kept } from './retained-matches.js';
import { deliveriesPerSlice, TurnQueue } from '../turn-queue.js';
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

/** Up to this many kept messages are compared with a pattern immediately. */
const immediateComparisons = 100;

/** Kept messages that one turn of the event loop compares with a pattern: about a millisecond of work. */
const comparisonsPerTurn = 1000;

export class RetainedMessages {
  /** False when the options retain no messages at all. */
  readonly enabled: boolean;
  readonly #rules: readonly DestinationPattern[];
  /** By destination. */
  readonly #kept: SharedMap<Kept>;
  /** The number of the latest message that was kept. */
  #numbers = 0;
  readonly #turns: TurnQueue;
  /** For a subscription that receives no retained messages. */
  readonly none: RetainedMatches;

  /** @throws {MessagingError} `pattern-invalid` when an item of `destinations` is malformed */
  constructor(
    private readonly options: RetainOptions,
    private readonly separator: Separator,
    clock: Clock,
    private readonly logger: Logger,
    shares: number,
  ) {
    this.#kept = new SharedMap({
      entries: new Quota(options.maxMessages, shares),
      bytes: new Quota(options.maxBytes, shares),
    });
    this.#turns = new TurnQueue(clock);
    this.none = this.#matchesOf([]);
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
        { publication: keptPublication(publication), number: ++this.#numbers },
        publication.account,
        sizeOf(message),
      );
  }

  /** True when too many messages are kept to compare all of them with a pattern in one turn; `scan` needs several. */
  needsScan(destination: string): boolean {
    return this.#kept.size > immediateComparisons && isClientPattern(destination);
  }

  /** The kept messages of a destination, or of all destinations that match a client's pattern; the oldest first. */
  matching(destination: string): RetainedMatches {
    if (this.#kept.size === 0) return this.none;
    if (this.#kept.get(destination) !== undefined) return this.#matchesOf([destination]);
    if (!isClientPattern(destination)) return this.none;
    const pattern = parseClientPattern(destination, this.separator);
    const matching = [...this.#kept.keys()].filter((each) => this.#matches(pattern, each));
    return this.#matchesOf(matching);
  }

  /**
   * Like `matching`, in several turns of the event loop, which all accounts share equally. A message that is published during the
   * scan is in the result if it is kept.
   *
   * @param account the account of the subscriber
   * @param isWanted false when the subscription has ended meanwhile; the scan then ends without a call of `begin`
   * @param begin begins the subscription with the result, in the turn in which the scan ends
   * @returns a promise that settles like `begin`
   * @throws {MessagingError} `destination-invalid` for a malformed pattern
   */
  scan(
    destination: string,
    account: string | undefined,
    isWanted: () => boolean,
    begin: (matching: RetainedMatches) => void,
  ): Promise<void> {
    const pattern = parseClientPattern(destination, this.separator);
    return this.#turns.run(account, { slices: this.#slices(pattern, begin), isWanted });
  }

  /** Delivers kept messages to a new subscription, while its subscriber has room; many of them in several turns of the event loop. */
  deliver(matching: RetainedMatches, entry: Entry, isLive: () => boolean): void {
    if (matching.length > 0) void this.#deliverAll(matching, entry, isLive);
  }

  clear(): void {
    this.#kept.clear();
  }

  *#slices(
    pattern: ClientPattern,
    begin: (matching: RetainedMatches) => void,
  ): Generator<undefined, void> {
    const matching = new Set<string>();
    const sizeAtStart = this.#kept.size;
    let comparisons = 0;
    // A message that is kept during the scan is moved to the end of the map, and this loop visits it there. Nothing waits between
    // its last step and `begin`, so each message is either in the result or comes after the subscription has begun.
    for (const destination of this.#kept.keys()) {
      // Behind `sizeAtStart` are messages of these few turns. They need no further turn, which would bring further messages.
      if (comparisons > 0 && comparisons % comparisonsPerTurn === 0 && comparisons < sizeAtStart)
        yield;
      comparisons++;
      if (!this.#matches(pattern, destination)) continue;
      // Deleted first, so that the newest message stays the last one.
      matching.delete(destination);
      matching.add(destination);
    }
    begin(this.#matchesOf([...matching]));
  }

  #matchesOf(destinations: readonly string[]): RetainedMatches {
    return new RetainedMatches(this.#kept, destinations, this.#numbers);
  }

  #matches(pattern: ClientPattern, destination: string): boolean {
    return matchesClientPattern(pattern, splitDestination(destination, this.separator));
  }

  async #deliverAll(
    matching: RetainedMatches,
    { subscriber, subscription }: Entry,
    isLive: () => boolean,
  ): Promise<void> {
    try {
      for (let delivered = 1; isLive(); delivered++) {
        const next = matching.take();
        if (next === undefined) return;
        if (!subscriber.deliver(subscription, next, { retained: true })) await subscriber.room();
        if (delivered % deliveriesPerSlice === 0)
          await this.#turns.turn(subscriber.account, isLive);
      }
    } catch (error) {
      this.logger.error(`A delivery to the subscriber ${subscriber.id} failed.`, error);
    }
  }

  #keeps({ destination, headers }: Message): boolean {
    return (
      (this.options.byHeader && booleanOf(headers.get('retain')) === true) ||
      this.#rules.some((rule) => rule.match(destination) !== undefined)
    );
  }
}
