// Patterns that clients subscribe: literals, `?`, `*` and `**` only, split into a shape and literal texts for lookups in hash tables.
import { MessagingError } from '../message/error.js';
import { deepAfterSlash, type Separator } from './separator.js';

/** Wildcards of one pattern; `**` counts once. */
const maxWildcards = 8;

/**
 * The wildcards of a pattern and their places, without the literal texts. A destination matches at most one pattern of a shape: the
 * pattern with the texts that `textOf` extracts from the destination.
 */
export interface Shape {
  /** Identifies the shape: equal shapes have equal keys. */
  readonly name: string;
  /** One wildcard, a whole `*` segment or a final `**`. A destination of n segments fits at most 2n + 1 simple shapes. */
  readonly simple: boolean;
  /** Number of segments without `**`. */
  readonly length: number;
  /** True with `**`. */
  readonly deep: boolean;
  /** The places of literal texts, from left to right. */
  readonly places: readonly Place[];
  /** True when the pattern starts with a separator. */
  readonly leading: boolean;
  /** True when the pattern ends with a separator; undefined when any end matches. */
  readonly trailing: boolean | undefined;
}

/** A segment with literal text. */
interface Place {
  /** Number of the segment; negative after `**`, counted from the end. */
  readonly segment: number;
  /** The parts of a segment with wildcards, such as `price.*` or `t?st`; undefined when the whole segment is literal. */
  readonly parts: Parts | undefined;
}

interface Parts {
  /**
   * The lengths of the literal texts before `*`, from left to right, with 0 for each `?`. Without `*`: those of the whole segment.
   */
  readonly start: readonly number[];
  /** The lengths after `*`, from right to left; undefined without `*`. */
  readonly end: readonly number[] | undefined;
}

export interface ClientPattern {
  readonly shape: Shape;
  /** The literal text of each place. */
  readonly texts: readonly string[];
}

/** The segments of a destination, split once for all shapes. */
export interface SplitDestination {
  readonly segments: readonly string[];
  readonly leading: boolean;
  readonly trailing: boolean;
}

/**
 * Splits a destination at its separators; empty segments do not count. If dots are the separator, a prefix such as `/topic/` is a
 * segment, and so is the `*` of `/topic/*`.
 */
export function splitDestination(destination: string, separator: Separator): SplitDestination {
  const start = separator === '/' ? 0 : destination.indexOf('/', 1) + 1;
  const segments = destination.slice(start).split(separator);
  return {
    segments: [destination.slice(0, start), ...segments].filter((segment) => segment !== ''),
    leading: destination.startsWith(separator, start),
    trailing: destination.endsWith(separator),
  };
}

/** True when the destination of a subscription is a pattern. */
export function isClientPattern(destination: string): boolean {
  return /[*?{}]/.test(destination);
}

/** Number of wildcards; `**` counts once. */
export function countWildcards(pattern: string): number {
  return pattern.match(/\*\*|[*?]/g)?.length ?? 0;
}

/** @throws {MessagingError} `destination-invalid` when the pattern has other wildcards than clients may use */
export function parseClientPattern(pattern: string, separator: Separator): ClientPattern {
  if (/[{}]/.test(pattern))
    throw invalid("variables in braces are allowed in the server's mappings only");
  if (countWildcards(pattern) > maxWildcards)
    throw invalid(`a pattern has at most ${maxWildcards} wildcards`);
  const { segments, leading, trailing } = splitDestination(pattern, separator);
  if (segments.some((segment) => segment.endsWith('/**'))) throw invalid(deepAfterSlash);
  const deep = segments.indexOf('**');
  if (deep !== segments.lastIndexOf('**')) throw invalid('`**` is allowed once in a pattern');
  const texts: string[] = [];
  const places: Place[] = [];
  const names = segments.map((segment, i) => {
    if (segment === '**' || segment === '*') return segment;
    const parts = /[*?]/.test(segment) ? partsOf(segment) : undefined;
    // A wildcard has as many characters as a text that it matches, so `textOf` works for the pattern as for a destination.
    texts.push(parts === undefined ? segment : cut(parts, segment)!);
    places.push({ segment: deep === -1 || i < deep ? i : i - segments.length, parts });
    return parts === undefined
      ? 'literal'
      : `${parts.start.join()}${parts.end ? `*${parts.end.join()}` : ''}`;
  });
  const last = segments.at(-1);
  const wildcards = names.filter((name) => name !== 'literal');
  const ending = last === '**' ? undefined : trailing;
  return {
    texts,
    shape: {
      name: `${leading} ${names.join('/')} ${ending}`,
      simple: wildcards.length === 1 && (wildcards[0] === '*' || last === '**'),
      length: deep === -1 ? segments.length : segments.length - 1,
      deep: deep !== -1,
      places,
      leading,
      trailing: ending,
    },
  };
}

/** True when the destination has as many segments as the shape needs, and the same separators at its ends. */
export function fits(shape: Shape, { segments, leading, trailing }: SplitDestination): boolean {
  return (
    (shape.deep ? segments.length >= shape.length : segments.length === shape.length) &&
    shape.leading === leading &&
    (shape.trailing ?? trailing) === trailing
  );
}

/** The text of a matching pattern at this place; undefined when no pattern matches. Reads each character at most once. */
export function textOf({ segment, parts }: Place, segments: readonly string[]): string | undefined {
  const text = segments[segment < 0 ? segments.length + segment : segment]!;
  return parts === undefined ? text : cut(parts, text);
}

export function matchesClientPattern(
  { shape, texts }: ClientPattern,
  destination: SplitDestination,
): boolean {
  return (
    fits(shape, destination) &&
    shape.places.every((place, i) => textOf(place, destination.segments) === texts[i])
  );
}

/** Returns the literal texts of a segment as one, or undefined when the segment is too short or too long. */
function cut({ start, end }: Parts, segment: string): string | undefined {
  let literal = '';
  let from = 0;
  for (const length of start) {
    literal += segment.slice(from, from + length);
    from += length === 0 ? unitsAt(segment, from) : length;
    if (from > segment.length) return undefined;
  }
  if (end === undefined) return from === segment.length ? literal : undefined;
  let to = segment.length;
  for (const length of end) {
    const before = to - (length === 0 ? unitsBefore(segment, to) : length);
    if (before < from) return undefined;
    literal += segment.slice(to - length, to);
    to = before;
  }
  return literal;
}

/** Number of code units (1 or 2) of the character that starts at this index. */
function unitsAt(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

/** Number of code units (1 or 2) of the character that ends at this index. */
function unitsBefore(text: string, end: number): number {
  return end > 1 && text.codePointAt(end - 2)! > 0xffff ? 2 : 1;
}

function partsOf(segment: string): Parts {
  const [before, after, ...others] = segment.split('*');
  if (others.length > 0) throw invalid('`*` is allowed once in a segment');
  return {
    start: lengthsOf(before!),
    end: after === undefined ? undefined : lengthsOf(after).reverse(),
  };
}

/** The lengths of the literal texts, with 0 for each `?`. */
function lengthsOf(text: string): number[] {
  return Array.from(text.matchAll(/\?|[^?]+/g), ([run]) => (run === '?' ? 0 : run.length));
}

function invalid(problem: string): MessagingError {
  return new MessagingError('destination-invalid', `The pattern is not valid: ${problem}.`);
}
