// The last message of each destination that keeps one, for those who subscribe later.
import {
  compileDestination,
  type DestinationPattern,
} from '../../../pattern/destination-pattern.js';
import type { Logger } from '../../../message/logger.js';
import type { Message } from '../../../message/message.js';
import type { Publication } from '../../publication.js';
import type { Entry } from './audience.js';
import { sizeOf } from '../queue/message-list.js';

export interface RetainOptions {
  /** Destinations or patterns whose last message is kept. Default: none. */
  readonly destinations: readonly string[];
  /** Whether the header `retain:true` of a message keeps it, whatever its destination. Default false: clients could fill the store. */
  readonly byHeader: boolean;
  /** Destinations that may keep a message; the one that was renewed longest ago makes room. Default 10,000. */
  readonly maxMessages: number;
  /** Octets that may be kept, headers and what each message needs beside them included. Default 16 MiB. */
  readonly maxBytes: number;
}

export const defaultRetainOptions: RetainOptions = {
  destinations: [],
  byHeader: false,
  maxMessages: 10_000,
  maxBytes: 16 * 1024 * 1024,
};

const nothing: readonly Publication[] = [];

export class RetainedMessages {
  readonly #rules: readonly DestinationPattern[];
  /** In the order of their renewal. */
  readonly #kept = new Map<string, Publication>();
  #octets = 0;

  /** Errors: `pattern-invalid`. */
  constructor(
    private readonly options: RetainOptions,
    private readonly separator: '/' | '.',
    private readonly logger: Logger,
  ) {
    this.#rules = options.destinations.map((destination) =>
      compileDestination(destination, { separator, expressions: true }),
    );
  }

  /** Keeps the message if its destination keeps one; an empty body keeps nothing and forgets what was. */
  consider(publication: Publication): void {
    if (this.#rules.length === 0 && !this.options.byHeader) return;
    const { message } = publication;
    const { destination, body } = message;
    if (!this.#keeps(message)) return;
    this.#forget(destination);
    const size = sizeOf(message);
    if (body.length === 0 || size > this.options.maxBytes) return;
    this.#kept.set(destination, publication);
    this.#octets += size;
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.options.maxMessages && this.#octets <= this.options.maxBytes)
        return;
      this.#forget(oldest);
    }
  }

  /** What a new subscription of a destination or pattern is to get first. */
  matching(destination: string): readonly Publication[] {
    if (this.#kept.size === 0) return nothing;
    const kept = this.#kept.get(destination);
    if (kept !== undefined) return [kept];
    const pattern = compileDestination(destination, { separator: this.separator });
    if (pattern.literal) return nothing;
    return [...this.#kept.values()].filter(
      ({ message }) => pattern.match(message.destination) !== undefined,
    );
  }

  /** Hands a new subscription what it is to get first, as its subscriber has room. */
  deliver(entry: Entry, isLive: () => boolean): void {
    const matching = this.matching(entry.subscription.destination);
    if (matching.length > 0) void this.#deliverAll(matching, entry, isLive);
  }

  clear(): void {
    this.#kept.clear();
    this.#octets = 0;
  }

  async #deliverAll(
    matching: readonly Publication[],
    { subscriber, subscription }: Entry,
    isLive: () => boolean,
  ): Promise<void> {
    try {
      for (const each of matching) {
        if (!isLive()) return;
        // What was renewed while there was no room has come by itself.
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

  #forget(destination: string): void {
    const kept = this.#kept.get(destination);
    if (kept === undefined) return;
    this.#kept.delete(destination);
    this.#octets -= sizeOf(kept.message);
  }
}
