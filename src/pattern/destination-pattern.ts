// Patterns that the application writes: compiled once, then matched, ranked and combined (Spring: AntPathMatcher).
import { constantMap } from '../message/read-only.js';
import { maxSegments, parsePattern, type ParsedPattern } from './pattern-parser.js';
import { matchesSegment, readVariables, type Segment } from './segment.js';
import type { Separator } from './separator.js';

export interface DestinationPattern {
  readonly pattern: string;
  /** True without wildcards and variables: the pattern matches only itself. */
  readonly literal: boolean;
  /** Names of the variables, from left to right. */
  readonly variables: readonly string[];
  /** The numbers that `compareSpecificity` compares. */
  readonly rank: readonly number[];
  /** The values of the variables; undefined when the destination does not match. */
  match(destination: string): ReadonlyMap<string, string> | undefined;
}

const noVariables: ReadonlyMap<string, string> = constantMap();

/**
 * Compiles a pattern: `?` matches one character, `*` any text within a segment, `**` any number of segments, `{name}` a segment
 * or a part of one, `{name:expression}` a text that matches a regular expression in RE2 syntax.
 *
 * Matching is case-sensitive. A separator at the start or at the end must be in both texts or in neither. A final `**` matches with
 * and without one. Empty segments are skipped. If a text can be divided among several variables in more than one way, the first
 * variable takes the longest text, then the second; expressions are greedy in the same order, as in Spring. The time of a match is
 * proportional to the length of the destination. Unlike in Spring, a literal pattern is compared character by character, and `/a/*`
 * does not match `/a/`.
 *
 * @throws {MessagingError} `pattern-invalid` for unbalanced braces, a variable without a name, two variables with one name,
 *   `{*name}`, more than 32 segments, or a malformed expression
 */
export function compileDestination(
  pattern: string,
  separator: Separator = '/',
): DestinationPattern {
  return new CompiledPattern(pattern, separator, parsePattern(pattern, separator));
}

/**
 * Returns a negative number when `a` is more specific, 0 when neither is. Literals come first, then patterns without `**`, then
 * those with `**` inside, then those that end in `**`, and `**` alone comes last. Within one of these kinds Spring's order
 * applies: fewer variables and wildcards (`**` counts twice), then the longer pattern (a variable is one character), then
 * fewer `*`; of two that end in `**`, the longer one first.
 *
 * Spring ranks patterns for one destination and counts a `**` inside like other wildcards, so its order can be circular. This order
 * does not depend on the destination and is never circular.
 */
export function compareSpecificity(a: DestinationPattern, b: DestinationPattern): number {
  for (const [i, step] of a.rank.entries()) {
    const difference = step - (b.rank[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Combines the pattern of a controller and the pattern of a method (Spring: `AntPathMatcher.combine`). `/a` and `b` give `/a/b`;
 * `/a/*` and `/b` give `/a/b`. If the controller's pattern has wildcards and matches the method's pattern, the result is the
 * method's pattern. Spring's treatment of file extensions is not supported.
 *
 * @throws {MessagingError} `pattern-invalid` when one of the two is malformed
 */
export function combineDestinations(
  typePattern: string,
  methodPattern: string,
  separator: Separator,
): string {
  if (typePattern === '' || methodPattern === '') return typePattern + methodPattern;
  const type = compileDestination(typePattern, separator);
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

/** The position of each segment in the destination that is being matched; shared because matching is synchronous. */
const positions = Array.from({ length: maxSegments }, () => ({ from: 0, to: 0 }));

class CompiledPattern implements DestinationPattern {
  readonly literal: boolean;
  readonly variables: readonly string[];
  readonly rank: readonly number[];
  readonly #segments: readonly Segment[];
  readonly #leading: boolean;
  /** True when the pattern ends with a separator; undefined when any end matches. */
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

  /** After a `**` the rest is tried at each following segment. Only the last `**` needs further attempts. */
  #aligns(destination: string): boolean {
    const segments = this.#segments;
    let next = 0;
    let afterDeep = -1;
    let retryAt = 0;
    let from = this.#skip(destination, 0);
    while (from < destination.length) {
      const segment = segments[next];
      if (segment?.kind === 'deep') {
        afterDeep = ++next;
        retryAt = from;
        if (afterDeep === segments.length) return true;
        continue;
      }
      const to = this.#end(destination, from);
      if (segment !== undefined && matchesSegment(segment, destination, from, to)) {
        positions[next]!.from = from;
        positions[next]!.to = to;
        next++;
        from = this.#skip(destination, to);
        continue;
      }
      if (afterDeep === -1) return false;
      next = afterDeep;
      retryAt = from = this.#skip(destination, this.#end(destination, retryAt));
    }
    while (segments[next]?.kind === 'deep') next++;
    return next === segments.length;
  }

  #values(destination: string): Map<string, string> {
    const values = new Map<string, string>();
    for (const [i, segment] of this.#segments.entries()) {
      const { from, to } = positions[i]!;
      readVariables(segment, destination, from, to, values);
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

/** Compares number by number; patterns of one kind have the same number of numbers. */
function rankOf({ segments, variables, stars, length }: ParsedPattern): readonly number[] {
  const deep = segments.filter(({ kind }) => kind === 'deep').length;
  const wildcards = variables.length + stars + 2 * deep;
  if (segments.every(({ kind }) => kind === 'literal')) return [0, -length];
  if (deep === 0) return [1, wildcards, -length, stars];
  if (segments.at(-1)?.kind !== 'deep') return [2, wildcards, -length, stars];
  return deep === segments.length ? [4] : [3, -length, wildcards, stars];
}
