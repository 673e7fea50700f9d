// The topic subscriptions of a broker, by destination and by pattern.
import {
  isClientPattern,
  parseClientPattern,
  type ClientPattern,
} from '../../../pattern/client-pattern.js';
import type { Separator } from '../../../pattern/separator.js';
import { Quota } from '../../../message/quota.js';
import type { Subscriber, Subscription } from '../../broker.js';
import { DestinationCache } from './destination-cache.js';
import { PatternTables, type SubscribedPattern } from './pattern-tables.js';

export interface Entry {
  readonly subscriber: Subscriber;
  readonly subscription: Subscription;
  /** Number of the subscription in the order of arrival; a walk leaves out later ones. */
  readonly since: number;
}

/**
 * One entry, or several in the order of arrival. A Set needs five times the memory of an entry, and iteration tolerates changes.
 * A Set stays a Set until it is empty: a walk may be iterating over it and must see removals.
 */
export type Audience = Entry | Set<Entry>;

/** Limits of topics. */
export interface TopicOptions {
  /**
   * Different combinations of wildcards (such as `/topic/a*` and `/topic/?/b`) in the patterns of all clients together. The broker
   * makes one table lookup for each. Patterns whose only wildcard is a whole `*` segment or a final `**` are not counted. One
   * client may introduce a share of them (`limits.shares`).
   *
   * @default 64
   */
  readonly maxPatternShapes: number;
  /**
   * Bytes of all messages that topic subscriptions have not acknowledged, and that wait for durable ones. A message that several
   * subscriptions hold counts once. One client may hold a share of them (`limits.shares`). @default 256 MiB
   */
  readonly maxUnacknowledgedBytes: number;
}

export const defaultTopicOptions: TopicOptions = {
  maxPatternShapes: 64,
  maxUnacknowledgedBytes: 256 * 1024 * 1024,
};

const none: readonly SubscribedPattern[] = [];

export class SubscriptionIndex {
  readonly #exact = new Map<string, Audience>();
  readonly #patterns: PatternTables;
  /** The patterns that match a destination, not their subscriptions: only a new pattern makes an entry wrong. */
  readonly #matching = new DestinationCache<readonly SubscribedPattern[]>();
  #count = 0;

  constructor(
    private readonly separator: Separator,
    { maxPatternShapes }: Pick<TopicOptions, 'maxPatternShapes'> = defaultTopicOptions,
    shares = 1,
  ) {
    this.#patterns = new PatternTables(separator, new Quota(maxPatternShapes, shares));
  }

  /**
   * Adds a subscription. `remove` takes the returned entry.
   *
   * @throws {MessagingError} `destination-invalid` for a malformed pattern, `pattern-limit` for one shape too many
   */
  add(subscriber: Subscriber, subscription: Subscription): Entry {
    const { destination } = subscription;
    const pattern = this.#parse(destination);
    const subscribed = pattern && this.#subscribed(pattern, subscriber.account);
    const entry: Entry = { subscriber, subscription, since: ++this.#count };
    if (subscribed === undefined)
      this.#exact.set(destination, withEntry(this.#exact.get(destination), entry));
    else subscribed.audience = withEntry(subscribed.audience, entry);
    return entry;
  }

  /** Does nothing when the entry was removed before. */
  remove(entry: Entry): void {
    const { destination } = entry.subscription;
    const pattern = this.#parse(destination);
    if (pattern === undefined) {
      const audience = this.#exact.get(destination);
      if (audience !== undefined && withoutEntry(audience, entry) === undefined)
        this.#exact.delete(destination);
      return;
    }
    const subscribed = this.#patterns.get(pattern);
    if (subscribed?.audience === undefined) return;
    subscribed.audience = withoutEntry(subscribed.audience, entry);
    // The cache may still hold the pattern without subscriptions; the next `add` of it makes a new one and clears the cache.
    if (subscribed.audience === undefined) this.#patterns.remove(pattern);
  }

  /**
   * Calls `act` once for each subscription that matches the destination: first the exact ones, then pattern by pattern.
   * Subscriptions that are added or removed meanwhile are left out.
   *
   * @param context is passed to `act`, so that callers need no closure for each walk
   */
  each<T>(destination: string, act: (entry: Entry, context: T) => void, context: T): void {
    const until = this.#count;
    eachEntry(this.#exact.get(destination), until, act, context);
    for (const { audience } of this.#match(destination)) eachEntry(audience, until, act, context);
  }

  /** Removes all subscriptions, also from walks that have begun. */
  clear(): void {
    for (const audience of this.#exact.values()) if (audience instanceof Set) audience.clear();
    this.#exact.clear();
    for (const subscribed of this.#patterns.clear()) {
      if (subscribed.audience instanceof Set) subscribed.audience.clear();
      subscribed.audience = undefined;
    }
    this.#matching.clear();
  }

  /** Undefined when the subscription is for one destination. */
  #parse(destination: string): ClientPattern | undefined {
    return isClientPattern(destination)
      ? parseClientPattern(destination, this.separator)
      : undefined;
  }

  #subscribed(pattern: ClientPattern, account: string | undefined): SubscribedPattern {
    const known = this.#patterns.get(pattern);
    if (known !== undefined) return known;
    const added = this.#patterns.add(pattern, account);
    this.#matching.clear();
    return added;
  }

  #match(destination: string): readonly SubscribedPattern[] {
    if (this.#patterns.isEmpty) return none;
    const known = this.#matching.get(destination);
    if (known !== undefined) return known;
    const found = this.#patterns.find(destination);
    this.#matching.set(destination, found.length === 0 ? none : found);
    return found;
  }
}

function withEntry(audience: Audience | undefined, entry: Entry): Audience {
  if (audience === undefined) return entry;
  return audience instanceof Set ? audience.add(entry) : new Set([audience, entry]);
}

/** Returns undefined when no entry is left. */
function withoutEntry(audience: Audience | undefined, entry: Entry): Audience | undefined {
  if (audience === entry) return undefined;
  if (!(audience instanceof Set)) return audience;
  audience.delete(entry);
  return audience.size === 0 ? undefined : audience;
}

/** Calls `act` for each entry up to number `until` that has not been removed when its turn comes. */
function eachEntry<T>(
  audience: Audience | undefined,
  until: number,
  act: (entry: Entry, context: T) => void,
  context: T,
): void {
  if (audience === undefined) return;
  if (!(audience instanceof Set)) {
    if (audience.since <= until) act(audience, context);
    return;
  }
  for (const entry of audience) {
    if (entry.since > until) return;
    act(entry, context);
  }
}
