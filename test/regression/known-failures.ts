// The cases that still fail. This list may only shrink: a case that is not listed must pass, and a listed one must fail.
import type { KnownFailures } from './run.js';

/**
 * Each entry is a case, or some of its runs: `C6/message-ids-of-two-sessions`, `C6/message-ids-of-two-sessions/stomp-1.0` or
 * `C6/message-ids-of-two-sessions/stomp-1.0/memory`. All runs that an entry covers must fail.
 */
export const knownFailures: KnownFailures = {
  ending: [],
  wrong: [
    'C3/white-space-around-server-owned-names',
    'C3/escaped-line-end-before-a-server-owned-name',
    'C3/white-space-before-reply-to',
    'C3/original-destination-of-dead-letters',
    'C4/subscribe-with-a-body',
    'C4/line-end-after-connect',
    'C4/line-end-after-other-frames',
    'C5/reply-to-a-name',
    'C5/reply-to-a-topic',
    'C5/reply-to-a-queue',
    'C5/reply-to-another-scheme',
    'C5/temporary-queue-without-subscription',
    'C6/ack-that-announces-a-body',
    'C6/message-ids-of-two-sessions/stomp-1.0',
    'C6/message-ids-of-two-sessions/stomp-1.1',
    'C6/client-individual-in-1.0',
    'C9/repeated-headers-in-a-handler',
    'C9/repeated-headers-of-a-message',
    'C9/user-name-with-a-colon/stomp-1.0',
    'C9/user-name-with-a-colon/stomp-1.1',
    'C9/user-name-with-a-colon/stomp-1.2',
    'C9/user-name-with-a-backslash/stomp-1.0',
    'C9/user-name-with-a-backslash/stomp-1.1',
    'C9/user-name-with-a-backslash/stomp-1.2',
    'C9/dropped-connect',
    'C9/user-name-with-a-percent-sign',
    'C11/selector',
    'C11/activemq-durable-name',
    'C11/rabbitmq-durable',
    'C11/activemq-wildcard',
    'C11/rabbitmq-wildcard',
    'C11/nack-without-requeue',
    'E1/flipped-bits-of-a-table',
    'E1/missing-current-file',
    'E2/reason-of-a-failed-write',
    'F3/address-in-the-log',
    'F6/package-json',
  ],
};
