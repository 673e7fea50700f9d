// The retained messages that a new subscription receives, by their destinations.
import type { SharedMap } from '../../../message/shared-map.js';
import type { Publication } from '../../publication.js';

/** A retained message. */
export interface Kept {
  readonly publication: Publication;
  /** Grows with each message that is kept. */
  readonly number: number;
}

/**
 * The retained messages that matched when a subscription began, the oldest first. They are looked up when they are delivered, so a
 * subscription that waits keeps no replaced message in memory. A message that was replaced since then is skipped, because the
 * subscription has received the new one.
 */
export class RetainedMatches {
  #next = 0;

  /** @param newest the number of the latest message that was kept before the subscription began */
  constructor(
    private readonly kept: SharedMap<Kept>,
    private readonly destinations: readonly string[],
    private readonly newest: number,
  ) {}

  /** The number of destinations that were not looked up yet. */
  get length(): number {
    return this.destinations.length - this.#next;
  }

  /** The next message; it stays the next one until `take`. Undefined when none is left. */
  get first(): Publication | undefined {
    for (; this.#next < this.destinations.length; this.#next++) {
      const kept = this.kept.get(this.destinations[this.#next]!);
      if (kept !== undefined && kept.number <= this.newest) return kept.publication;
    }
    return undefined;
  }

  /** Removes and returns the next message. */
  take(): Publication | undefined {
    const { first } = this;
    this.#next++;
    return first;
  }
}
