// Destination patterns: compiled once, then matched, ranked and joined (Spring: AntPathMatcher).
import { parsePattern, type ParsedPattern, type Separator } from './pattern-parser.js';
import { matchesSegment, segmentLimit, type Segment } from './segment.js';

export interface DestinationOptions {
  /** What segments end at; `/` by default. */
  readonly separator?: Separator;
  /** Whether `{name:expression}` may be used; false by default, as a pattern may be a client's text. */
  readonly expressions?: boolean;
}

export interface DestinationPattern {
  readonly pattern: string;
  /** Has neither wildcards nor variables, and matches itself alone. */
  readonly literal: boolean;
  /** The names of the variables, from left to right. */
  readonly variables: readonly string[];
  /** What `compareSpecificity` compares. */
  readonly rank: readonly number[];
  /** What the variables stand for, or undefined when the destination does not match. */
  match(destination: string): ReadonlyMap<string, string> | undefined;
}

const noVariables: ReadonlyMap<string, string> = new Map();

/**
 * Compiles a pattern: `?` is one character, `*` any text in one segment, `**` any number of segments, `{name}` one segment
 * or a part of it, `{name:expression}` what a small regular expression allows (`parseExpression`).
 *
 * Case counts; a separator at the start or the end must stand in both or in none, save that a last `**` takes any end.
 * Empty segments in between are skipped. Where a text can be divided among several variables, the first takes the longest
 * part that leaves the rest a match, then the second. The time of a match grows with the destination's length alone.
 * Unlike Spring's, a literal pattern is compared character by character, and `/a/*` does not match `/a/`.
 *
 * @throws MessagingError `pattern-invalid` for unbalanced braces, a variable without name or twice, `{*name}`, more than 32
 *   segments, and expressions outside of the subset
 */
export function compileDestination(
  pattern: string,
  options: DestinationOptions = {},
): DestinationPattern {
  const { separator = '/', expressions = false } = options;
  return new CompiledPattern(pattern, separator, parsePattern(pattern, separator, expressions));
}

/**
 * Negative when `a` is the more specific one, 0 when the two cannot be ranked. Literals come before patterns, patterns
 * without `**` before those with it inside, these before those that end in it, and `**` alone comes last. Within one kind,
 * Spring's order: fewer variables and wildcards (`**` counts twice), then the longer one (a variable is one character), then
 * fewer `*`; of two that end in `**`, the longer one first.
 *
 * Spring ranks for one destination, and ranks a `**` inside by its count among all others, which can go round in a circle;
 * this order does not depend on the destination and has no circles.
 */
export function compareSpecificity(a: DestinationPattern, b: DestinationPattern): number {
  for (const [i, step] of a.rank.entries()) {
    const difference = step - (b.rank[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * A controller's prefix and a method's pattern as one (Spring: `AntPathMatcher.combine`). `/a` and `b` give `/a/b`; `/a/*` and
 * `/b` give `/a/b`; a prefix with wildcards that matches the other gives way to it. Spring's treatment of file extensions is left out.
 *
 * @throws MessagingError `pattern-invalid` when one of the two is malformed
 */
export function combineDestinations(
  typePattern: string,
  methodPattern: string,
  separator: Separator,
): string {
  if (typePattern === '' || methodPattern === '') return typePattern + methodPattern;
  const type = compileDestination(typePattern, { separator, expressions: true });
  const wild = !type.literal && type.variables.length === 0;
  if (wild && typePattern !== methodPattern && type.match(methodPattern) !== undefined)
    return methodPattern;
  const start = typePattern.endsWith(`${separator}*`) ? typePattern.slice(0, -2) : typePattern;
  return withoutEnd(start, separator) + separator + withoutStart(methodPattern, separator);
}

function withoutEnd(text: string, separator: Separator): string {
  return text.endsWith(separator) ? text.slice(0, -1) : text;
}

function withoutStart(text: string, separator: Separator): string {
  return text.startsWith(separator) ? text.slice(1) : text;
}

/** Where each segment of the pattern was found; shared, as matching is synchronous. */
const found = Array.from({ length: segmentLimit }, () => ({ from: 0, to: 0 }));

class CompiledPattern implements DestinationPattern {
  readonly literal: boolean;
  readonly variables: readonly string[];
  readonly rank: readonly number[];
  readonly #segments: readonly Segment[];
  readonly #leading: boolean;
  /** Whether a separator ends it; undefined when that does not matter. */
  readonly #trailing: boolean | undefined;

  constructor(
    readonly pattern: string,
    private readonly separator: Separator,
    parsed: ParsedPattern,
  ) {
    this.literal = parsed.segments.every(({ kind }) => kind === 'literal');
    this.variables = parsed.variables;
    this.rank = rankOf(parsed);
    this.#segments = parsed.segments;
    this.#leading = pattern.startsWith(separator);
    this.#trailing =
      parsed.segments.at(-1)?.kind === 'deep' ? undefined : pattern.endsWith(separator);
  }

  match(destination: string): ReadonlyMap<string, string> | undefined {
    if (this.literal) return destination === this.pattern ? noVariables : undefined;
    if (destination.startsWith(this.separator) !== this.#leading) return undefined;
    if (this.#trailing !== undefined && destination.endsWith(this.separator) !== this.#trailing)
      return undefined;
    if (!this.#aligns(destination)) return undefined;
    return this.variables.length === 0 ? noVariables : this.#values(destination);
  }

  /** Segment by segment. After a `**` the rest is tried at each segment in turn; only the last `**` ever needs another try. */
  #aligns(destination: string): boolean {
    const segments = this.#segments;
    let next = 0;
    let behindDeep = -1;
    let retryAt = 0;
    let from = this.#skip(destination, 0);
    while (from < destination.length) {
      const segment = segments[next];
      if (segment?.kind === 'deep') {
        behindDeep = ++next;
        retryAt = from;
        if (behindDeep === segments.length) return true;
        continue;
      }
      const to = this.#end(destination, from);
      if (segment !== undefined && matchesSegment(segment, destination, from, to)) {
        found[next]!.from = from;
        found[next]!.to = to;
        next++;
        from = this.#skip(destination, to);
        continue;
      }
      if (behindDeep === -1) return false;
      next = behindDeep;
      retryAt = from = this.#skip(destination, this.#end(destination, retryAt));
    }
    while (segments[next]?.kind === 'deep') next++;
    return next === segments.length;
  }

  #values(destination: string): Map<string, string> {
    const values = new Map<string, string>();
    for (const [i, segment] of this.#segments.entries()) {
      const { from, to } = found[i]!;
      if (segment.kind !== 'deep') matchesSegment(segment, destination, from, to, values);
    }
    return values;
  }

  #skip(destination: string, at: number): number {
    while (destination[at] === this.separator) at++;
    return at;
  }

  #end(destination: string, from: number): number {
    const end = destination.indexOf(this.separator, from);
    return end === -1 ? destination.length : end;
  }
}

/** Compared number by number; equal first numbers mean equal kinds, and so the same numbers behind. */
function rankOf({ segments, variables, stars, length }: ParsedPattern): readonly number[] {
  const deep = segments.filter(({ kind }) => kind === 'deep').length;
  const wildcards = variables.length + stars + 2 * deep;
  if (segments.every(({ kind }) => kind === 'literal')) return [0, -length];
  if (deep === 0) return [1, wildcards, -length, stars];
  if (segments.at(-1)?.kind !== 'deep') return [2, wildcards, -length, stars];
  return deep === segments.length ? [4] : [3, -length, wildcards, stars];
}
