// Handlers that fail in every way: clients learn only that they failed.
import type { ErrorCode } from '../../src/index.js';
import { brokenStreams, notIterable, oddErrors, unwritable } from './failing-values.js';
import { receipt, send, subscribe, testInvalidInput, type Answer } from './case.js';

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
/** The receipt is sent when the stream begins. A later failure is reported without a receipt. */
const streaming = (later?: ErrorCode): Answer => ({ receipt, later });

testInvalidInput([
  ...names(oddErrors).flatMap((what) => [
    {
      name: `a handler that throws ${what}`,
      ...send(`/app/failing/throws/${what}`),
      answer: failed,
    },
    {
      name: `a handler that rejects with ${what}`,
      ...send(`/app/failing/rejects/${what}`),
      answer: failed,
    },
    {
      name: `an exception handler that throws ${what}`,
      ...send(`/app/recovering/throws/${what}`),
      answer: failed,
    },
    {
      name: `a stream that throws ${what} in the middle`,
      ...send(`/app/failing/streams/${what}`),
      answer: streaming('handler-failed'),
    },
  ]),
  ...names(unwritable).map((what) => ({
    name: `a handler that returns ${what}`,
    ...send(`/app/failing/returns/${what}`),
    answer: what === 'a function' || what === 'a symbol' ? noConverter : unwritten,
  })),
  ...names(notIterable).map((what) => ({
    name: `a stream ${what}`,
    ...send(`/app/failing/iterates/${what}`),
    answer: failed,
  })),
  ...Object.entries(brokenStreams).map(([what, { code }]) => ({
    name: `a stream ${what}`,
    ...send(`/app/failing/iterates/${what}`),
    answer: streaming(code),
  })),
  {
    name: 'a handler that never returns',
    ...send('/app/failing/endless'),
    delay: handlerTimeout,
    answer: tooLong,
  },
  {
    name: 'a handler that rejects too late',
    ...send('/app/failing/late'),
    delay: handlerTimeout,
    answer: tooLong,
  },
  {
    name: 'a handler that returns an object with the prototype of promises',
    ...send('/app/failing/promises'),
    answer: failed,
  },
  {
    name: 'a subscription whose handler throws',
    ...subscribe('/app/failing/throwing'),
    answer: failed,
  },
  {
    name: 'a subscription whose handler never returns',
    ...subscribe('/app/failing/waiting'),
    delay: handlerTimeout,
    answer: tooLong,
  },
]);
