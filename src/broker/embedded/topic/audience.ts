// The subscriptions of one destination or pattern: most have one, some have a hundred thousand.
import type { Subscriber, Subscription } from '../../broker.js';

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

export function withEntry(audience: Audience | undefined, entry: Entry): Audience {
  if (audience === undefined) return entry;
  return audience instanceof Set ? audience.add(entry) : new Set([audience, entry]);
}

/** Returns undefined when no entry is left. */
export function withoutEntry(audience: Audience | undefined, entry: Entry): Audience | undefined {
  if (audience === entry) return undefined;
  if (!(audience instanceof Set)) return audience;
  audience.delete(entry);
  return audience.size === 0 ? undefined : audience;
}

/** Calls `act` for each entry up to number `until` that has not been removed when its turn comes. */
export function eachEntry<T>(
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
