// Options of the embedded broker: its constructor rejects invalid ones.
import { describe, expect, it } from 'vitest';
import {
  resolveBrokerOptions,
  type EmbeddedBrokerOptions,
} from '../../../src/broker/embedded/broker-options.js';
import { defaultQueueOptions } from '../../../src/broker/embedded/queue/queue-memory.js';

describe('the options of the embedded broker', () => {
  it('have defaults, also for undefined values', () => {
    const given = { queue: { prefetch: undefined } } as unknown as EmbeddedBrokerOptions;
    expect(resolveBrokerOptions(given).queue).toEqual(defaultQueueOptions);
  });

  it.each<[string, string, EmbeddedBrokerOptions]>([
    ['queue.prefetch', 'must be a whole number of at least 1', { queue: { prefetch: 0 } }],
    ['queue.ackTimeout', 'must be a whole number of at least 0', { queue: { ackTimeout: -1 } }],
    ['queue.ackTimeout', 'must be at most 2147483647', { queue: { ackTimeout: 2 ** 31 } }],
    ['queue.redeliveryDelay', 'must be an object', { queue: { redeliveryDelay: 500 } } as object],
    ...(
      [
        ['initial', 'must be a whole number of at least 0', -1],
        ['multiplier', 'must be a number of at least 1', 0.5],
        ['multiplier', 'must be a number of at least 1', Infinity],
        ['max', 'must be at most 2147483647', 2 ** 31],
        ['maximum', "known one is 'queue.redeliveryDelay.max'", 1],
      ] as const
    ).map(([name, what, value]): [string, string, EmbeddedBrokerOptions] => [
      `queue.redeliveryDelay.${name}`,
      what,
      { queue: { redeliveryDelay: { [name]: value } as object } },
    ]),
    ['queue.maxDeliveries', 'must be a whole', { queue: { maxDeliveries: 0.5 } }],
    ['queue.prefetch', 'at most `queue.maxPrefetch`', { queue: { prefetch: 1001 } }],
    ['queue.prefetch', 'at most `queue.maxPrefetch`', { queue: { maxPrefetch: 99 } }],
    ['queue.maxPrefetch', 'must be a whole', { queue: { maxPrefetch: 0 } }],
    ['queue.maxMessages', 'must be a whole', { queue: { maxMessages: Number.NaN } }],
    ['topic.maxPatternShapes', 'must be a whole', { topic: { maxPatternShapes: -1 } }],
    ['queue.prefixes', 'must begin with a slash', { queue: { prefixes: ['/queue/'] } }],
    ['queue.prefixes', 'control characters', { queue: { prefixes: ['/a b\n'] } }],
    ['queue.deadLetters', 'must lie below one', { queue: { deadLetters: 'dead' } }],
    ['queue.deadLetters', 'must lie below one', { queue: { deadLetters: '/topic/dead' } }],
    [
      'queue.deadLetters',
      'must lie below one',
      { queue: { prefixes: ['/jobs'], deadLetters: '/jobsdead' } },
    ],
    ['retain.destinations', 'must begin with a slash', { retain: { destinations: ['x'] } }],
    ['queue.whenFull', `must be 'refuse' or`, { queue: { whenFull: 'drop-newest' as 'refuse' } }],
    [
      'queue.prefech',
      "the nearest known one is 'queue.prefetch'",
      { queue: { prefech: 1 } as object },
    ],
    ['queues', "known one is 'queue'", { queues: {} } as object],
    ['sotre', "known one is 'store'", { sotre: {} } as object],
    ['store', 'must be an object', { store: './messages' } as object],
    ['store', 'must be a MessageStore, .* no method open, write, close', { store: {} } as object],
    [
      'retain.destinations',
      'must be a list of texts; null is not',
      { retain: { destinations: [null] } } as object,
    ],
    ['retain.maxBytes', 'must be a whole', { retain: { maxBytes: -1 } }],
    [
      'retain.destination',
      "known one is 'retain.destinations'",
      { retain: { destination: 1 } as object },
    ],
    [
      'durable.retention',
      'must be at most 2147483647',
      { durable: { retention: 30 * 86_400_000 } },
    ],
  ])('name %s, which %s', (name, what, given) => {
    expect(() => resolveBrokerOptions(given)).toThrow(
      expect.objectContaining({
        code: 'option-invalid',
        message: expect.stringMatching(new RegExp(`'${name}'.*${what}`)) as string,
      }) as Error,
    );
  });

  it('that are not valid are reported together', () => {
    const unknown = { maxQueues: 1, queue: { prefech: 1 }, retain: { maxBytes: '1' } } as object;
    expect(() => resolveBrokerOptions(unknown)).toThrow(
      [
        'Some options are not valid:',
        "The option 'maxQueues' is unknown; the nearest known one is 'queue.maxQueues'.",
        "The option 'queue.prefech' is unknown; the nearest known one is 'queue.prefetch'.",
        "The option 'retain.maxBytes' must be a number.",
      ].join('\n- '),
    );
    const wrong = { queue: { prefetch: 0, maxQueues: 0 } };
    expect(() => resolveBrokerOptions(wrong)).toThrow(
      [
        'Some options are not valid:',
        "The option 'queue.prefetch' must be a whole number of at least 1.",
        "The option 'queue.maxQueues' must be a whole number of at least 1.",
      ].join('\n- '),
    );
  });

  it.each([null, [], 'topic'])('must be an object: %j', (given) => {
    expect(() => resolveBrokerOptions(given as EmbeddedBrokerOptions)).toThrow(
      'The options must be an object, such as { store: ... }.',
    );
  });

  it('have defaults for a redelivery delay that is given in part', () => {
    const { redeliveryDelay } = resolveBrokerOptions({
      queue: { redeliveryDelay: { initial: 10 } },
    }).queue;
    expect(redeliveryDelay).toEqual({ initial: 10, multiplier: 2, max: 60_000 });
  });

  it('keep durable subscriptions for seven days by default', () => {
    expect(resolveBrokerOptions({}).durable.retention).toBe(604_800_000);
  });

  it('accept the longest delay of a timer', () => {
    const ackTimeout = 2 ** 31 - 1;
    expect(resolveBrokerOptions({ queue: { ackTimeout } }).queue.ackTimeout).toBe(ackTimeout);
  });

  it('put the dead letters below the first prefix of queues', () => {
    expect(resolveBrokerOptions({ queue: { prefixes: ['/jobs'] } }).queue.deadLetters).toBe(
      '/jobs/dead-letters',
    );
    expect(resolveBrokerOptions({ queue: { prefixes: [] } }).queue.prefixes).toEqual([]);
    const both = { prefixes: ['/jobs', '/dead'], deadLetters: '/dead/jobs' };
    expect(resolveBrokerOptions({ queue: both }).queue.deadLetters).toBe('/dead/jobs');
  });
});
