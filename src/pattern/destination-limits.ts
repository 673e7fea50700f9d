// The limits of destinations and patterns that clients send.
import { MessagingError } from '../message/error.js';
import { countWildcards, isClientPattern } from './client-pattern.js';
import type { Separator } from './separator.js';

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

/** @throws {MessagingError} `destination-invalid` when the destination has more characters or segments than clients may send */
export function checkDestination(
  destination: string,
  separator: Separator,
  { maxDestinationCharacters, maxDestinationSegments }: DestinationLimits,
): void {
  if (destination.length > maxDestinationCharacters)
    throw new MessagingError(
      'destination-invalid',
      `A destination has at most ${maxDestinationCharacters} characters.`,
    );
  // Most destinations are too short to have so many segments.
  if (
    destination.length >= 2 * maxDestinationSegments &&
    destination.split(separator).filter((segment) => segment !== '').length > maxDestinationSegments
  )
    throw new MessagingError(
      'destination-invalid',
      `A destination has at most ${maxDestinationSegments} segments.`,
    );
}

/**
 * Checks that the session may subscribe one more pattern.
 *
 * @param live the destinations that the session has subscribed
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
      `All patterns of a session have together at most ${maxPatternCharacters} characters and ${maxPatternWildcards} wildcards.`,
    );
}
