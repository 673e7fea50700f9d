// The limits of destinations and patterns that clients send.
import { MessagingError } from '../message/error.js';
import { countWildcards, isClientPattern } from './client-pattern.js';

/** Limits of destinations and patterns that clients send. */
export interface DestinationLimits {
  /** Characters (UTF-16 code units) of a destination in SEND or SUBSCRIBE. @default 1,024 */
  readonly maxDestinationCharacters: number;
  /** Segments of a destination in SEND or SUBSCRIBE. @default 32 */
  readonly maxDestinationSegments: number;
  /** Characters of all patterns that one session has subscribed. @default 8,192 */
  readonly maxPatternCharacters: number;
  /** Wildcards (`?`, `*`, `**`) of all patterns that one session has subscribed. @default 256 */
  readonly maxPatternWildcards: number;
}

export const defaultDestinationLimits: DestinationLimits = {
  maxDestinationCharacters: 1024,
  maxDestinationSegments: 32,
  maxPatternCharacters: 8192,
  maxPatternWildcards: 256,
};

/**
 * Checks that the session may subscribe one more pattern.
 *
 * @param live the destinations that the session has subscribed, patterns and others
 * @throws {MessagingError} `pattern-limit` when all patterns together have more characters or wildcards than one session may have
 */
export function checkPatternBudget(
  destination: string,
  live: Iterable<string>,
  { maxPatternCharacters, maxPatternWildcards }: DestinationLimits,
): void {
  if (!isClientPattern(destination)) return;
  let characters = 0;
  let wildcards = 0;
  for (const each of [destination, ...live]) {
    if (!isClientPattern(each)) continue;
    characters += each.length;
    wildcards += countWildcards(each);
  }
  if (characters > maxPatternCharacters || wildcards > maxPatternWildcards)
    throw new MessagingError(
      'pattern-limit',
      `All patterns of a session may have together at most ${maxPatternCharacters} characters (limits.maxPatternCharacters) and ${maxPatternWildcards} wildcards (limits.maxPatternWildcards).`,
    );
}
