// Who listens to one destination or pattern: most have one listener, and some a hundred thousand.
import type { Subscriber, Subscription } from '../../broker.js';

export interface Entry {
  readonly subscriber: Subscriber;
  readonly subscription: Subscription;
  /** Counts subscriptions as they come, so that a walk can leave out what began after it. */
  readonly since: number;
}

/**
 * One entry, or several in the order they came: a Set costs five times an entry, and a walk through it survives changes.
 * A Set stays one until it is empty, as a walk may still hold it and must see what is removed.
 */
export type Audience = Entry | Set<Entry>;

export function withEntry(audience: Audience | undefined, entry: Entry): Audience {
  if (audience === undefined) return entry;
  return audience instanceof Set ? audience.add(entry) : new Set([audience, entry]);
}

/** Undefined when nobody is left. */
export function withoutEntry(audience: Audience | undefined, entry: Entry): Audience | undefined {
  if (audience === entry) return undefined;
  if (!(audience instanceof Set)) return audience;
  audience.delete(entry);
  return audience.size === 0 ? undefined : audience;
}

/** Acts on each entry that came up to `until` and is still there when its turn comes. */
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
