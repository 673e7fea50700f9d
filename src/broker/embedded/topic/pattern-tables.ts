// The patterns that clients have subscribed, in one hash table for each shape.
import { MessagingError } from '../../../message/error.js';
import { tooMany, type Quota } from '../../../message/quota.js';
import {
  fits,
  splitDestination,
  textOf,
  type ClientPattern,
  type Shape,
} from '../../../pattern/client-pattern.js';
import type { Separator } from '../../../pattern/separator.js';
import type { Audience } from './subscription-index.js';

/** A pattern with its subscriptions; the same object while it has any. */
export interface SubscribedPattern {
  audience: Audience | undefined;
}

const none: readonly Table[] = [];

interface Table {
  readonly shape: Shape;
  /** The account that subscribed the first pattern of the shape; the shape counts for it while it has patterns. */
  readonly account: string | undefined;
  /** By the key of their literal texts. */
  readonly patterns: Map<string, SubscribedPattern>;
}

/**
 * Finds the patterns that match a destination in the tables whose shapes fit the destination. A table has at most one of them,
 * and finds it by hashes of the destination's texts. The number of tables is limited, so the cost does not depend on the
 * number of patterns. Simple shapes are not limited, because at most 2n + 1 of them fit a destination of n segments.
 */
export class PatternTables {
  readonly #tables = new Map<string, Table>();
  /** Tables without `**`, by their number of segments. */
  readonly #fixed = new Map<number, Table[]>();
  /** Tables with `**`. */
  readonly #deep: Table[] = [];

  /** @param shapes limits the number of tables whose shape is not simple */
  constructor(
    private readonly separator: Separator,
    private readonly shapes: Quota,
  ) {}

  get isEmpty(): boolean {
    return this.#tables.size === 0;
  }

  get({ shape, texts }: ClientPattern): SubscribedPattern | undefined {
    return this.#tables.get(shape.name)?.patterns.get(keyOf(texts));
  }

  /** @throws {MessagingError} `pattern-limit` when the pattern needs one table too many */
  add({ shape, texts }: ClientPattern, account?: string): SubscribedPattern {
    const table = this.#tables.get(shape.name) ?? this.#open(shape, account);
    const subscribed: SubscribedPattern = { audience: undefined };
    table.patterns.set(keyOf(texts), subscribed);
    return subscribed;
  }

  /** The pattern must have been added. */
  remove({ shape, texts }: ClientPattern): void {
    const table = this.#tables.get(shape.name)!;
    table.patterns.delete(keyOf(texts));
    if (table.patterns.size === 0) this.#close(table);
  }

  /** @param onRead is called before each table is read with 0, and with the number of characters of each text that is looked up */
  find(destination: string, onRead?: (characters: number) => void): SubscribedPattern[] {
    const split = splitDestination(destination, this.separator);
    const found: SubscribedPattern[] = [];
    for (const tables of [this.#fixed.get(split.segments.length) ?? none, this.#deep]) {
      for (const { shape, patterns } of tables) {
        if (!fits(shape, split)) continue;
        onRead?.(0);
        const texts: string[] = [];
        for (const place of shape.places) {
          const text = textOf(place, split.segments);
          if (text === undefined) break;
          onRead?.(text.length);
          texts.push(text);
        }
        if (texts.length < shape.places.length) continue;
        const pattern = patterns.get(keyOf(texts));
        if (pattern !== undefined) found.push(pattern);
      }
    }
    return found;
  }

  /** Removes all patterns and returns them. */
  clear(): SubscribedPattern[] {
    const all = [...this.#tables.values()].flatMap(({ patterns }) => [...patterns.values()]);
    for (const table of this.#tables.values()) this.#release(table);
    this.#tables.clear();
    this.#fixed.clear();
    this.#deep.length = 0;
    return all;
  }

  #open(shape: Shape, account: string | undefined): Table {
    if (!shape.simple) this.#reserve(account);
    const table: Table = { shape, account, patterns: new Map() };
    this.#tables.set(shape.name, table);
    this.#group(shape).push(table);
    return table;
  }

  /** @throws {MessagingError} `pattern-limit` */
  #reserve(account: string | undefined): void {
    const excess = this.shapes.excess(account, 1);
    if (excess === 'limit')
      throw new MessagingError(
        'pattern-limit',
        `The patterns of all clients have together at most ${this.shapes.limit} different combinations of wildcards.`,
      );
    if (excess === 'share') throw tooMany('pattern-limit', excess, 'combinations of wildcards');
    this.shapes.add(account, 1);
  }

  #release({ shape, account }: Table): void {
    if (!shape.simple) this.shapes.add(account, -1);
  }

  #close(table: Table): void {
    this.#release(table);
    this.#tables.delete(table.shape.name);
    const group = this.#group(table.shape);
    group.splice(group.indexOf(table), 1);
    if (group.length === 0 && group !== this.#deep) this.#fixed.delete(table.shape.length);
  }

  /** The tables among which the table of this shape is. */
  #group({ deep, length }: Shape): Table[] {
    if (deep) return this.#deep;
    const group = this.#fixed.get(length) ?? [];
    this.#fixed.set(length, group);
    return group;
  }
}

/** One string, because a map for each text needs a hundred times the memory. Destinations do not contain NUL. */
function keyOf(texts: readonly string[]): string {
  return texts.join('\0');
}
