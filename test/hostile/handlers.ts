// Handlers that fail in every way: what a client may hear of it is only that they failed.
import type { ErrorCode } from '../../src/index.js';
import { brokenStreams, notIterable, oddErrors, unwritable } from './behaviour.js';
import { asked, sent, subscribed, type Answer, type HostileRow } from './row.js';

const receipt = asked;
const failed: Answer = { code: 'handler-failed', receipt };
const tooLong: Answer = { code: 'handler-timeout', receipt };
const unwritten: Answer = { code: 'payload-unwritable', receipt };
const noConverter: Answer = {
  code: 'payload-unwritable',
  text: 'No converter can write the value with this content type.',
  receipt,
};
const handlerTimeout = 30_000;

const names = (things: object) => Object.keys(things);
/** Its SEND is done when it begins; what becomes of it belongs to no receipt. */
const streaming = (beside?: ErrorCode): Answer => ({ receipt, beside });

export const handlers: readonly HostileRow[] = [
  ...names(oddErrors).flatMap((what) => [
    {
      name: `a handler that throws ${what}`,
      ...sent(`/app/hostile/throws/${what}`),
      answer: failed,
    },
    {
      name: `a handler that rejects with ${what}`,
      ...sent(`/app/hostile/rejects/${what}`),
      answer: failed,
    },
    {
      name: `an exception handler that throws ${what}`,
      ...sent(`/app/recovering/throws/${what}`),
      answer: failed,
    },
    {
      name: `a stream that throws ${what} in the middle`,
      ...sent(`/app/hostile/streams/${what}`),
      answer: streaming('handler-failed'),
    },
  ]),
  ...names(unwritable).map((what) => ({
    name: `a handler that returns ${what}`,
    ...sent(`/app/hostile/returns/${what}`),
    answer: what === 'a function' || what === 'a symbol' ? noConverter : unwritten,
  })),
  ...names(notIterable).map((what) => ({
    name: `a stream ${what}`,
    ...sent(`/app/hostile/iterates/${what}`),
    answer: failed,
  })),
  ...Object.entries(brokenStreams).map(([what, { code }]) => ({
    name: `a stream ${what}`,
    ...sent(`/app/hostile/iterates/${what}`),
    answer: streaming(code),
  })),
  {
    name: 'a handler that never ends',
    ...sent('/app/hostile/endless'),
    lasts: handlerTimeout,
    answer: tooLong,
  },
  {
    name: 'a handler that rejects too late',
    ...sent('/app/hostile/late'),
    lasts: handlerTimeout,
    answer: tooLong,
  },
  {
    name: 'a handler whose promise is none',
    ...sent('/app/hostile/promises'),
    answer: failed,
  },
  {
    name: 'a subscription whose handler throws',
    ...subscribed('/app/hostile/throwing'),
    answer: failed,
  },
  {
    name: 'a subscription whose handler never ends',
    ...subscribed('/app/hostile/waiting'),
    lasts: handlerTimeout,
    answer: tooLong,
  },
];
