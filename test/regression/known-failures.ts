// The cases that still fail. This list may only shrink: a case that is not listed must pass, and a listed one must fail.
import type { KnownFailures } from './run.js';

/**
 * Each entry is a case, or some of its runs: `C6/message-ids-of-two-sessions`, `C6/message-ids-of-two-sessions/stomp-1.0` or
 * `C6/message-ids-of-two-sessions/stomp-1.0/memory`. All runs that an entry covers must fail.
 */
export const knownFailures: KnownFailures = {
  ending: [],
  wrong: [],
};
