// The limits of destinations and patterns that clients send.
import { describe, expect, it } from 'vitest';
import { MessagingError } from '../../src/message/error.js';
import {
  checkPatternBudget,
  defaultDestinationLimits,
} from '../../src/pattern/destination-limits.js';

describe('the patterns of one session', () => {
  const limits = { ...defaultDestinationLimits, maxPatternCharacters: 20, maxPatternWildcards: 3 };
  const check = (destination: string, ...live: string[]) =>
    checkPatternBudget(destination, live, limits);
  const refused = new MessagingError(
    'pattern-limit',
    'All patterns of a session may have together at most 20 characters (limits.maxPatternCharacters) and 3 wildcards (limits.maxPatternWildcards).',
  );

  it('have together a limited number of characters', () => {
    check('/topic/a/*', '/topic/b/*');
    expect(() => check('/topic/a/*', '/topic/bb/*')).toThrow(refused);
  });

  it('have together a limited number of wildcards', () => {
    check('/a/**/*', '/b/?');
    expect(() => check('/a/**/*', '/b/??')).toThrow(refused);
  });

  it('are counted without the subscriptions of one destination', () => {
    check('/topic/a/*', '/topic/a-long-destination');
    check('/topic/a-long-destination', '/a/???');
  });
});
