// Who subscribed what: a destination finds its subscriptions in a time that does not depend on all the others.
import { compileDestination } from '../../../pattern/destination-pattern.js';
import type { Subscriber, Subscription } from '../../broker.js';
import { eachEntry, withEntry, withoutEntry, type Audience, type Entry } from './audience.js';
import { DestinationCache } from './destination-cache.js';
import { PatternTrie, type SubscribedPattern } from './pattern-trie.js';

const nothing: readonly SubscribedPattern[] = [];

export class SubscriptionIndex {
  readonly #exact = new Map<string, Audience>();
  readonly #patterns = new Map<string, SubscribedPattern>();
  readonly #trie: PatternTrie;
  /** Which patterns match a destination, never who listens to them: only a new pattern makes it wrong. */
  readonly #matching = new DestinationCache<readonly SubscribedPattern[]>();
  #count = 0;

  constructor(private readonly separator: '/' | '.') {
    this.#trie = new PatternTrie(separator);
  }

  /** The entry names the subscription for `remove`. @throws MessagingError `pattern-invalid` */
  add(subscriber: Subscriber, subscription: Subscription): Entry {
    const { destination } = subscription;
    const subscribed = this.#subscribed(destination);
    const entry: Entry = { subscriber, subscription, since: ++this.#count };
    if (subscribed === undefined)
      this.#exact.set(destination, withEntry(this.#exact.get(destination), entry));
    else subscribed.audience = withEntry(subscribed.audience, entry);
    return entry;
  }

  /** Harmless when the entry was removed before. */
  remove(entry: Entry): void {
    const { destination } = entry.subscription;
    const subscribed = this.#patterns.get(destination);
    const audience = subscribed === undefined ? this.#exact.get(destination) : subscribed.audience;
    const left = withoutEntry(audience, entry);
    if (left === audience) return;
    if (subscribed === undefined) {
      this.#exact.delete(destination);
      return;
    }
    // The cache may still hold the pattern, with nobody behind it; who subscribes it again makes a new one, and a new cache.
    subscribed.audience = undefined;
    this.#patterns.delete(destination);
    this.#trie.remove(subscribed);
  }

  /**
   * Acts on every subscription of a destination, once each: the exact ones, then pattern by pattern. Subscriptions that end
   * meanwhile are left out, and so are those that begin. The context is handed on, so that no function is made for one walk.
   */
  each<T>(destination: string, act: (entry: Entry, context: T) => void, context: T): void {
    const until = this.#count;
    eachEntry(this.#exact.get(destination), until, act, context);
    for (const { audience } of this.#match(destination)) eachEntry(audience, until, act, context);
  }

  /** Removes all, also from walks under way. */
  clear(): void {
    for (const audience of this.#exact.values()) if (audience instanceof Set) audience.clear();
    for (const subscribed of this.#patterns.values()) {
      if (subscribed.audience instanceof Set) subscribed.audience.clear();
      subscribed.audience = undefined;
    }
    this.#exact.clear();
    this.#patterns.clear();
    this.#trie.clear();
    this.#matching.clear();
  }

  /** The pattern that a subscription joins, or undefined when it names one destination. */
  #subscribed(destination: string): SubscribedPattern | undefined {
    const known = this.#patterns.get(destination);
    if (known !== undefined || this.#exact.has(destination)) return known;
    const pattern = compileDestination(destination, {
      separator: this.separator,
      expressions: false,
    });
    if (pattern.literal) return undefined;
    const subscribed: SubscribedPattern = { pattern, audience: undefined };
    this.#patterns.set(destination, subscribed);
    this.#trie.add(subscribed);
    this.#matching.clear();
    return subscribed;
  }

  #match(destination: string): readonly SubscribedPattern[] {
    if (this.#patterns.size === 0) return nothing;
    const known = this.#matching.get(destination);
    if (known !== undefined) return known;
    const found = this.#trie.find(destination);
    this.#matching.set(destination, found.length === 0 ? nothing : found);
    return found;
  }
}
