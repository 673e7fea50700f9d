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

/** The patterns of one shape, by their first text, then by their second, and so on. */
type Level = Map<string, Level | SubscribedPattern>;

interface Table {
  readonly shape: Shape;
  /** The account that subscribed the first pattern of the shape; the shape counts for it while it has patterns. */
  readonly account: string | undefined;
  /** The level of the first text; the pattern itself when its shape has no texts. */
  root: Level | SubscribedPattern | undefined;
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
    let level = this.#tables.get(shape.name)?.root;
    for (const text of texts) level = (level as Level | undefined)?.get(text);
    return level as SubscribedPattern | undefined;
  }

  /** @throws {MessagingError} `pattern-limit` when the pattern needs one table too many */
  add({ shape, texts }: ClientPattern, account?: string): SubscribedPattern {
    const table = this.#tables.get(shape.name) ?? this.#open(shape, account);
    const subscribed: SubscribedPattern = { audience: undefined };
    const last = texts.at(-1);
    if (last === undefined) return (table.root = subscribed);
    let level = (table.root ??= new Map()) as Level;
    for (const text of texts.slice(0, -1)) {
      const next = level.get(text) ?? new Map<string, Level | SubscribedPattern>();
      level.set(text, next);
      level = next as Level;
    }
    level.set(last, subscribed);
    return subscribed;
  }

  /** The pattern must have been added. */
  remove({ shape, texts }: ClientPattern): void {
    const table = this.#tables.get(shape.name)!;
    if (texts.length === 0 || removeFrom(table.root as Level, texts)) this.#close(table);
  }

  /** @param onRead is called before each table is read with 0, and with the number of characters of each text that is looked up */
  find(destination: string, onRead?: (characters: number) => void): SubscribedPattern[] {
    const split = splitDestination(destination, this.separator);
    const found: SubscribedPattern[] = [];
    for (const tables of [this.#fixed.get(split.segments.length) ?? none, this.#deep]) {
      for (const { shape, root } of tables) {
        if (!fits(shape, split)) continue;
        onRead?.(0);
        let level = root;
        for (const place of shape.places) {
          const text = textOf(place, split.segments);
          if (text !== undefined) onRead?.(text.length);
          level = text === undefined ? undefined : (level as Level).get(text);
          if (level === undefined) break;
        }
        if (level !== undefined) found.push(level as SubscribedPattern);
      }
    }
    return found;
  }

  /** Removes all patterns and returns them. */
  clear(): SubscribedPattern[] {
    const all = [...this.#tables.values()].flatMap(({ root }) => (root ? patternsOf(root) : []));
    for (const table of this.#tables.values()) this.#release(table);
    this.#tables.clear();
    this.#fixed.clear();
    this.#deep.length = 0;
    return all;
  }

  #open(shape: Shape, account: string | undefined): Table {
    if (!shape.simple) this.#reserve(account);
    const table: Table = { shape, account, root: undefined };
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

/** Removes the pattern and the levels that it leaves empty; returns true when this level is empty. */
function removeFrom(level: Level, [text, ...rest]: readonly string[]): boolean {
  if (rest.length === 0 || removeFrom(level.get(text!) as Level, rest)) level.delete(text!);
  return level.size === 0;
}

function patternsOf(level: Level | SubscribedPattern): SubscribedPattern[] {
  return level instanceof Map ? [...level.values()].flatMap(patternsOf) : [level];
}
