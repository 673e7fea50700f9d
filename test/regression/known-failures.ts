// The cases that still fail. This list may only shrink: a case that is not listed must pass, and a listed one must fail.
import type { KnownFailures } from './run.js';

/**
 * Each entry is a case, or some of its runs: `C6/message-ids-of-two-sessions`, `C6/message-ids-of-two-sessions/stomp-1.0` or
 * `C6/message-ids-of-two-sessions/stomp-1.0/memory`. All runs that an entry covers must fail.
 */
export const knownFailures: KnownFailures = {
  ending: [],
  wrong: [
    'B3/inbound-interceptor-adds-a-header',
    'B3/outbound-interceptor-adds-a-header',
    'B7/error-of-another-copy',
    'C1/handler-failed',
    'C1/payload-unwritable',
    'C1/handler-timeout',
    'C1/queue-full',
    'C1/no-route',
    'C2/unserved-send',
    'C2/unserved-subscribe',
    'C2/duplicate-subscription-id',
    'C2/unknown-unsubscribe',
    'C2/rejected-frames-are-reported',
    'C2/rejected-frames-close',
    'C2/rejected-frames-are-ignored',
    'E1/flipped-bits-of-a-table',
    'E1/missing-current-file',
    'E2/reason-of-a-failed-write',
    'F1/destination-of-no-route/stomp-1.0',
    'F1/destination-of-no-route/stomp-1.1',
    'F1/destination-of-no-route/stomp-1.2',
    'F1/text-of-a-refused-subscribe',
    'F3/address-in-the-log',
    'F6/package-json',
  ],
};
